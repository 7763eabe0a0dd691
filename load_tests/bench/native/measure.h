/* What both crowds measure with: a clock, a histogram of latencies, the process's own CPU time. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* CLOCK_MONOTONIC in microseconds: Python's time.monotonic_ns() on the same machine is the same clock. */
static inline int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static inline double cpu_s(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* Log-linear: 64 steps for each power of two, so a quantile is right within 1.6 %. */
enum { STEPS = 64, STEP_BITS = 6, BUCKETS = 40 * STEPS };

struct histogram {
    uint64_t counts[BUCKETS];
    uint64_t total;
    int64_t max_us;
};

static inline int bucket_of(int64_t us) {
    if (us < STEPS) return us < 0 ? 0 : (int)us;
    int power = 63 - __builtin_clzll((uint64_t)us);
    int bucket = (power - STEP_BITS + 1) * STEPS + (int)((us >> (power - STEP_BITS)) & (STEPS - 1));
    return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

static inline double bucket_us(int bucket) {
    if (bucket < STEPS) return bucket;
    int power = bucket / STEPS + STEP_BITS - 1;
    return (double)((int64_t)(STEPS + bucket % STEPS) << (power - STEP_BITS));
}

static inline void record(struct histogram *h, int64_t us) {
    h->counts[bucket_of(us)]++;
    h->total++;
    if (us > h->max_us) h->max_us = us;
}

static inline double quantile_ms(const struct histogram *h, double q) {
    uint64_t rank = (uint64_t)(q * (double)h->total), seen = 0;
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
        seen += h->counts[bucket];
        if (seen > rank) return bucket_us(bucket) / 1000;
    }
    return h->max_us / 1000.0;
}

#endif
