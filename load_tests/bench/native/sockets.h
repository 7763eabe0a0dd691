/* Sockets of a crowd: as many as wanted, without Nagle's delay. */
#ifndef SOCKETS_H
#define SOCKETS_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORTS_PER_ADDRESS = 20000 };

/* False if the system allows fewer files. */
static inline int allow_files(int count) {
    struct rlimit files = {(rlim_t)count, (rlim_t)count}, allowed;
    getrlimit(RLIMIT_NOFILE, &allowed);
    if (allowed.rlim_max > files.rlim_max) files.rlim_max = allowed.rlim_max;
    return allowed.rlim_cur >= files.rlim_cur || setrlimit(RLIMIT_NOFILE, &files) == 0;
}

static inline struct sockaddr_in address_of(const char *host, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, host, &address.sin_addr);
    return address;
}

/* A socket for the client of this number. One loopback address has ports for some 28,000 connections only. */
static inline int client_socket(const struct sockaddr_in *server, int number) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    if (fd < 0) return fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if ((ntohl(server->sin_addr.s_addr) >> 24) == 127) {
        struct sockaddr_in own = {.sin_family = AF_INET};
        own.sin_addr.s_addr = htonl(0x7f000002u + (uint32_t)(number / PORTS_PER_ADDRESS));
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
        bind(fd, (void *)&own, sizeof own);
    }
    return fd;
}

#endif
