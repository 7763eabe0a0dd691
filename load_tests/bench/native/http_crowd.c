/* A crowd of HTTP clients in one thread, for fetches and posts.
 *
 *   http_crowd HOST PORT REQUEST_FILE CONNECTIONS SECONDS [warmup=SECONDS] [rate=PER_S] [most=REQUESTS]
 *
 * REQUEST_FILE holds one or more complete HTTP/1.1 requests, separated by the byte 0x1e, sent in turn. In each,
 * 00000000-0000-4000-8000-000000000000 becomes a new UUID, and @0000000000000000 the sender's monotonic clock in
 * microseconds. Without a rate, every connection sends the next request after each response. With a rate, requests fall
 * due evenly, and latency counts from the due time, so that waiting clients do not hide a slow server. Prints one JSON line.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "http_response.h"
#include "measure.h"
#include "sockets.h"

enum { REQUESTS_MAX = 20000 };
static const char UUID_HOLE[] = "00000000-0000-4000-8000-000000000000", TIME_HOLE[] = "@0000000000000000";

struct request {
    char *text;
    int length;
    char *uuid, *time; /* holes to fill, NULL where there is none */
};

struct connection {
    int fd, asking, connected;
    int64_t due_us;
    struct response response;
};

static struct request *requests;
static int request_count, next_request, poll_fd;
static struct connection *connections;
static struct sockaddr_in server;
static struct histogram latency;
static uint64_t statuses[600], bare_429, broken, answered, sent;
static int measuring;
static uint64_t random_state = 88172645463325252ull;

static uint64_t next_random(void) { /* xorshift64: UUIDs need to differ, not to be secret */
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    return random_state ^= random_state << 17;
}

static void read_requests(const char *file) {
    FILE *in = fopen(file, "rb");
    if (!in) {
        perror(file);
        exit(2);
    }
    fseek(in, 0, SEEK_END);
    long size = ftell(in);
    rewind(in);
    char *all = malloc((size_t)size + 1);
    if (fread(all, 1, (size_t)size, in) != (size_t)size) exit(2);
    fclose(in);
    requests = calloc(REQUESTS_MAX, sizeof *requests);
    for (char *from = all, *end = all + size; from < end && request_count < REQUESTS_MAX;) {
        char *to = memchr(from, 0x1e, (size_t)(end - from));
        if (!to) to = end;
        struct request *r = &requests[request_count++];
        r->text = from;
        r->length = (int)(to - from);
        r->uuid = memmem(from, (size_t)r->length, UUID_HOLE, sizeof UUID_HOLE - 1);
        r->time = memmem(from, (size_t)r->length, TIME_HOLE, sizeof TIME_HOLE - 1);
        from = to + 1;
    }
}

static void fill_holes(struct request *r) {
    char text[40];
    if (r->uuid) {
        uint64_t a = next_random(), b = next_random();
        snprintf(text, sizeof text, "%08x-%04x-4%03x-8%03x-%012llx", (unsigned)(a >> 32), (unsigned)(a >> 16) & 0xffff,
                 (unsigned)a & 0xfff, (unsigned)(b >> 48) & 0xfff, (unsigned long long)(b & 0xffffffffffffull));
        memcpy(r->uuid, text, sizeof UUID_HOLE - 1);
    }
    if (r->time) {
        snprintf(text, sizeof text, "@%016lld", (long long)now_us());
        memcpy(r->time, text, sizeof TIME_HOLE - 1);
    }
}

static void open_connection(struct connection *c) {
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (void *)&server, sizeof server) < 0) {
        perror("http_crowd: connect");
        exit(2);
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, c->fd, &wanted);
    c->asking = 0;
    c->response.length = 0;
}

static void ask(struct connection *c, int64_t due_us) {
    struct request *r = &requests[next_request];
    next_request = (next_request + 1) % request_count;
    fill_holes(r);
    c->due_us = due_us;
    c->asking = 1;
    c->response.length = 0;
    sent++;
    if (send(c->fd, r->text, (size_t)r->length, MSG_NOSIGNAL) != r->length) {
        broken++;
        close(c->fd);
        open_connection(c);
    }
}

static void count(struct connection *c) {
    answered++;
    if (!measuring) return;
    int status = status_of(&c->response);
    statuses[status >= 0 && status < 600 ? status : 0]++;
    if (status == 429) {
        c->response.text[c->response.length] = 0;
        bare_429 += strcasestr(c->response.text, "\r\nretry-after:") == NULL;
    }
    record(&latency, now_us() - c->due_us);
}

/* 1 when the connection is free again. */
static int take(struct connection *c) {
    ssize_t length = receive(&c->response, c->fd);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (length > 0) {
        int whole = complete(&c->response);
        if (!whole) return 0;
        if (whole > 0) {
            count(c);
            c->asking = 0;
            return 1;
        }
    }
    broken += (uint64_t)c->asking; /* an idle connection may be closed by the server */
    close(c->fd);
    open_connection(c);
    return 1;
}

int main(int words_count, char **words) {
    if (words_count < 6) {
        fprintf(stderr, "http_crowd HOST PORT REQUEST_FILE CONNECTIONS SECONDS [option …]\n");
        return 2;
    }
    int connection_count = atoi(words[4]);
    double seconds = atof(words[5]), warmup = 0, rate = 0;
    uint64_t most = UINT64_MAX;
    for (int i = 6; i < words_count; i++) {
        if (!strncmp(words[i], "warmup=", 7)) warmup = atof(words[i] + 7);
        else if (!strncmp(words[i], "rate=", 5)) rate = atof(words[i] + 5);
        else if (!strncmp(words[i], "most=", 5)) most = strtoull(words[i] + 5, NULL, 10);
        else {
            fprintf(stderr, "http_crowd: unknown option %s\n", words[i]);
            return 2;
        }
    }
    read_requests(words[3]);
    if (!request_count || connection_count < 1) return 2;
    random_state ^= (uint64_t)now_us() << 20 ^ (uint64_t)getpid();
    server = address_of(words[1], atoi(words[2]));
    poll_fd = epoll_create1(0);
    connections = calloc((size_t)connection_count, sizeof *connections);
    struct connection **idle = calloc((size_t)connection_count, sizeof *idle);
    int idle_count = 0;
    for (int i = 0; i < connection_count; i++) {
        open_connection(&connections[i]);
        idle[idle_count++] = &connections[i];
    }
    int64_t began_us = now_us(), measure_from_us = began_us + (int64_t)(warmup * 1e6);
    int64_t end_us = measure_from_us + (int64_t)(seconds * 1e6), scheduled = 0, measured_from_us = began_us;
    double cpu_before_s = cpu_s();
    static struct epoll_event ready[256];
    for (;;) {
        int64_t now = now_us();
        if (!measuring && now >= measure_from_us) {
            measuring = 1;
            measured_from_us = now;
            cpu_before_s = cpu_s();
        }
        if (now >= end_us || sent >= most) break;
        int wait_ms = (int)((end_us - now) / 1000) + 1;
        while (idle_count && sent < most) {
            int64_t due_us = now;
            if (rate > 0) {
                due_us = began_us + (int64_t)((double)scheduled * 1e6 / rate);
                if (due_us > now) {
                    wait_ms = (int)((due_us - now) / 1000);
                    break;
                }
                scheduled++;
            }
            ask(idle[--idle_count], due_us);
        }
        if (sent >= most) break;
        int found = epoll_wait(poll_fd, ready, 256, wait_ms);
        for (int i = 0; i < found; i++) {
            struct connection *c = ready[i].data.ptr;
            int was_asking = c->asking;
            if (take(c) && was_asking) idle[idle_count++] = c;
        }
    }
    double took_s = (double)(now_us() - measured_from_us) / 1e6, share = (cpu_s() - cpu_before_s) / took_s;
    uint64_t measured = latency.total;
    /* What is still on its way is waited for, so that the server's books and ours agree. */
    for (int64_t give_up_us = now_us() + 5000000; now_us() < give_up_us;) {
        int asking = 0;
        for (int i = 0; i < connection_count; i++) asking += connections[i].asking;
        if (!asking) break;
        int found = epoll_wait(poll_fd, ready, 256, 100);
        for (int i = 0; i < found; i++) take(ready[i].data.ptr);
    }
    printf("{\"took_s\": %.3f, \"requests\": %llu, \"per_s\": %.1f, \"sent\": %llu, \"answered\": %llu, \"broken\": %llu, "
           "\"bare_429\": %llu, \"p50_ms\": %.3f, \"p90_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, "
           "\"cpu_share\": %.3f, \"statuses\": {",
           took_s, (unsigned long long)measured, (double)measured / took_s, (unsigned long long)sent,
           (unsigned long long)answered, (unsigned long long)broken, (unsigned long long)bare_429,
           quantile_ms(&latency, 0.5), quantile_ms(&latency, 0.9), quantile_ms(&latency, 0.99),
           (double)latency.max_us / 1000, share);
    const char *separator = "";
    for (int status = 0; status < 600; status++)
        if (statuses[status]) {
            printf("%s\"%d\": %llu", separator, status, (unsigned long long)statuses[status]);
            separator = ", ";
        }
    printf("}}\n");
    return 0;
}
