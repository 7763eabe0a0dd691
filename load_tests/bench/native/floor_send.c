/* The physical floor of fan-out: one thread that calls send() on every socket in turn, and nothing else.
 *
 *   floor_send SUBSCRIBERS WRITE_BYTES ROUNDS PAUSE_MS
 *
 * Says {"port": …}, accepts SUBSCRIBERS HTTP requests, answers each with a head, writes ROUNDS times WRITE_BYTES to each,
 * a round every PAUSE_MS, and says what a write cost.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "measure.h"

int main(int count, char **words) {
    if (count != 5) {
        fprintf(stderr, "floor_send SUBSCRIBERS WRITE_BYTES ROUNDS PAUSE_MS\n");
        return 2;
    }
    int subscribers = atoi(words[1]), write_bytes = atoi(words[2]), rounds = atoi(words[3]), pause_ms = atoi(words[4]);
    struct rlimit files = {(rlim_t)subscribers + 64, (rlim_t)subscribers + 64}, allowed;
    getrlimit(RLIMIT_NOFILE, &allowed);
    if (allowed.rlim_max > files.rlim_max) files.rlim_max = allowed.rlim_max;
    if (allowed.rlim_cur < files.rlim_cur) setrlimit(RLIMIT_NOFILE, &files);

    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t own_size = sizeof own;
    if (bind(listener, (void *)&own, sizeof own) < 0 || listen(listener, 8192) < 0) {
        perror("floor_send");
        return 2;
    }
    getsockname(listener, (void *)&own, &own_size);
    printf("{\"port\": %d}\n", ntohs(own.sin_port));
    fflush(stdout);

    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    int *sockets = calloc((size_t)subscribers, sizeof *sockets);
    char request[4096];
    for (int i = 0; i < subscribers; i++) {
        sockets[i] = accept(listener, NULL, NULL);
        if (sockets[i] < 0 || read(sockets[i], request, sizeof request) <= 0) return 2;
        setsockopt(sockets[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (send(sockets[i], head, sizeof head - 1, MSG_NOSIGNAL) < 0) return 2;
    }
    char *block = malloc((size_t)write_bytes);
    memset(block, 'x', (size_t)write_bytes);
    sleep(1);
    long writes = 0, blocked = 0;
    int64_t busy_us = 0;
    double cpu_before_s = cpu_s();
    for (int round = 0; round < rounds; round++) {
        int64_t began_us = now_us();
        for (int i = 0; i < subscribers; i++)
            blocked += send(sockets[i], block, (size_t)write_bytes, MSG_DONTWAIT | MSG_NOSIGNAL) != write_bytes;
        int64_t took_us = now_us() - began_us;
        writes += subscribers;
        busy_us += took_us;
        if (took_us < pause_ms * 1000) usleep((useconds_t)(pause_ms * 1000 - took_us));
    }
    printf("{\"writes\": %ld, \"blocked\": %ld, \"wall_us_per_write\": %.3f, \"cpu_us_per_write\": %.3f}\n", writes,
           blocked, (double)busy_us / (double)writes, (cpu_s() - cpu_before_s) * 1e6 / (double)writes);
    fflush(stdout);
    return 0;
}
