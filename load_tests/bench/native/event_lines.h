/* The lines of an event stream, from pieces of a response that may be chunked. The program that includes this defines take_line. */
#ifndef EVENT_LINES_H
#define EVENT_LINES_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_SIZE, CHUNK_DATA, CHUNK_END };
enum { CARRY_MAX = 4096, HEAD_MAX = 4096 };

struct event_lines {
    uint8_t chunk, chunked;
    int64_t chunk_left;
    char *carry; /* the beginning of a line, or of the head, whose end has not come yet */
    int carry_length;
};

static void take_line(struct event_lines *lines, const char *line, int64_t length);

static inline void carry(struct event_lines *lines, const char *from, int64_t length, int most) {
    if (!lines->carry) lines->carry = malloc(CARRY_MAX);
    if (length > most - lines->carry_length) length = most - lines->carry_length;
    memcpy(lines->carry + lines->carry_length, from, (size_t)length);
    lines->carry_length += (int)length;
}

static inline int64_t number_after(const char *text, int64_t length, const char *name) {
    const char *at = memmem(text, (size_t)length, name, strlen(name));
    return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}

/* Takes a piece of the head. Returns how many bytes of the piece belong to it, -1 while its end has not come; sets `good` for 200. */
static inline int64_t take_head(struct event_lines *lines, const char *from, int64_t length, int *good) {
    int before = lines->carry_length;
    carry(lines, from, length, HEAD_MAX);
    char *end = memmem(lines->carry, (size_t)lines->carry_length, "\r\n\r\n", 4);
    if (!end) return -1;
    int64_t head_length = end + 4 - lines->carry;
    *end = 0;
    lines->chunked = strcasestr(lines->carry, "transfer-encoding: chunked") != NULL;
    *good = !strncmp(lines->carry, "HTTP/1.1 200", 12);
    lines->carry_length = 0;
    return head_length - before;
}

static inline void take_body(struct event_lines *lines, const char *from, const char *end) {
    while (from < end) {
        const char *newline = memchr(from, '\n', (size_t)(end - from));
        if (!newline) {
            carry(lines, from, end - from, CARRY_MAX);
            return;
        }
        if (lines->carry_length) {
            carry(lines, from, newline - from, CARRY_MAX);
            take_line(lines, lines->carry, lines->carry_length);
            lines->carry_length = 0;
        } else {
            take_line(lines, from, newline - from);
        }
        from = newline + 1;
    }
}

static inline void take_chunks(struct event_lines *lines, const char *from, const char *end) {
    while (from < end) {
        if (lines->chunk == CHUNK_DATA) {
            int64_t part = end - from < lines->chunk_left ? end - from : lines->chunk_left;
            take_body(lines, from, from + part);
            from += part;
            lines->chunk_left -= part;
            if (!lines->chunk_left) lines->chunk = CHUNK_END;
            continue;
        }
        char c = *from++;
        if (lines->chunk == CHUNK_END) {
            if (c == '\n') lines->chunk = CHUNK_SIZE;
        } else if (c == '\n') {
            lines->chunk = lines->chunk_left ? CHUNK_DATA : CHUNK_END;
        } else if (c >= '0' && c <= '9') {
            lines->chunk_left = lines->chunk_left * 16 + c - '0';
        } else if (c >= 'a' && c <= 'f') {
            lines->chunk_left = lines->chunk_left * 16 + c - 'a' + 10;
        } else if (c >= 'A' && c <= 'F') {
            lines->chunk_left = lines->chunk_left * 16 + c - 'A' + 10;
        }
    }
}

static inline void take_piece(struct event_lines *lines, const char *from, int64_t length) {
    if (lines->chunked) take_chunks(lines, from, from + length);
    else take_body(lines, from, from + length);
}

#endif
