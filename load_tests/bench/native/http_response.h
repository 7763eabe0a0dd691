/* One HTTP response, collected from a connection that is kept open. */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { RESPONSE_MAX = 1 << 20, RESPONSE_START = 1 << 14 };

struct response {
    char *text;
    int length, room;
};

/* What recv returned; the buffer grows up to RESPONSE_MAX. */
static inline ssize_t receive(struct response *r, int fd) {
    if (r->length + RESPONSE_START / 2 > r->room && r->room < RESPONSE_MAX) {
        r->room = r->room ? r->room * 2 : RESPONSE_START;
        r->text = realloc(r->text, (size_t)r->room + 1);
    }
    ssize_t length = recv(fd, r->text + r->length, (size_t)(r->room - r->length), 0);
    if (length > 0) r->length += (int)length;
    return length;
}

static inline int status_of(const struct response *r) { return r->length > 12 ? atoi(r->text + 9) : 0; }

/* The length of a complete response, 0 when more is to come, -1 when it is not one. */
static inline int complete(const struct response *r) {
    char *end = memmem(r->text, (size_t)r->length, "\r\n\r\n", 4);
    if (!end) return 0;
    int head = (int)(end + 4 - r->text), status = status_of(r);
    if (status == 304 || status == 204) return head;
    char was = *end;
    *end = 0;
    char *length = strcasestr(r->text, "\r\ncontent-length:"), *chunked = strcasestr(r->text, "\r\ntransfer-encoding:");
    int whole = length ? head + atoi(length + 17) : -1;
    *end = was;
    if (chunked) {
        char *last = memmem(end, (size_t)(r->text + r->length - end), "\r\n0\r\n\r\n", 7);
        return last ? (int)(last + 7 - r->text) : 0;
    }
    if (whole < 0) return -1;
    return r->length >= whole ? whole : 0;
}

#endif
