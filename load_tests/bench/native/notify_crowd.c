/* A crowd of readers in one thread that fetch what is new in a room, each with a session and an open stream in notify mode.
 *
 *   notify_crowd HOST CHAT_PORT PUBLISH_PORT ROOM READERS HEAD [refresh=MS] [drop=SHARE] [debounce=MS] [seed=NUMBER]
 *
 * HEAD is the seq that readers have at first. A reader fetches the events after its cursor once `room.updated` names a
 * later seq. After a 429 it waits for retry_after_ms.
 *
 * refresh: readers take no notice of `room.updated`, and fetch the newest page again MS after each answer.
 * drop: this share of the signs is dropped before a reader acts. debounce: a reader waits MS before each fetch.
 *
 * Says {"opened": …} once every reader has a session and its stream. Then, on its standard input: "reset" forgets what has
 * happened; "report SEQ" prints what happened as one JSON line, where `current` readers have SEQ; "stop" ends fetches, counts
 * readers that are still stale or refused with the time until now, and is answered; the end of input ends the program.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "event_lines.h"
#include "http_response.h"
#include "measure.h"
#include "sockets.h"

enum { NOT_STARTED, SIGNING_IN, OPENING, FOLLOWING, FAILED };
enum { IDLE, WAITING, ASKING };
enum { MAX_STARTING = 8, MAX_SIGNS = 64, TOKEN_MAX = 512, TAIL = 4096, RECV_MAX = 1 << 16, QUANTILES = 101 };
static const int64_t NEVER = INT64_MAX, FETCH_WITHIN_US = 10000000, RETRY_US = 500000;
static const uint64_t INPUT = UINT64_MAX;

struct sign {
    int64_t seq, at_us;
};

struct reader {
    struct event_lines lines; /* first, so that its address is that of the reader */
    int stream_fd, call_fd;
    uint8_t state, call, is_update, has_head;
    int64_t cursor, head; /* head: the latest seq of the signs that were not dropped */
    int64_t sent_us, refused_since_us;
    struct sign signs[MAX_SIGNS]; /* not covered by the cursor. Overflow rule: later ones are left out; the oldest counts */
    int first_sign, sign_count;
    struct response response;
    char token[TOKEN_MAX];
};

static struct reader *readers;
static int64_t *due_us; /* of each reader: the next fetch, or the time at which the present one has failed */
static struct sockaddr_in chat, publish;
static const char *host, *room;
static int reader_count, poll_fd, next_to_start, starting, following, failed_starts, closed_streams, stopped, said_opened;
static int64_t refresh_us, debounce_us, began_us, stopped_us, last_scan_us;
static double drop_share, began_cpu_s;
static uint64_t fetches, refused, failed, dropped_signs, bytes_in, random_state = 88172645463325252ull;
static struct histogram staleness, until_current, answers, lateness;

static double next_random(void) { /* xorshift64, from 0 to 1 */
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (double)(random_state >> 11) / (double)(1ull << 53);
}

static int index_of(const struct reader *r) { return (int)(r - readers); }

static void watch(int fd, uint64_t mark) {
    struct epoll_event wanted = {.events = EPOLLIN | EPOLLRDHUP, .data.u64 = mark};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &wanted);
}

/* A connection, or -1. On this machine it is made at once. */
static int connection(const struct sockaddr_in *server, int index, uint64_t mark) {
    int fd = client_socket(server, index);
    if (fd < 0) return -1;
    fcntl(fd, F_SETFL, 0);
    if (connect(fd, (const void *)server, sizeof *server) < 0) {
        close(fd);
        return -1;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    watch(fd, mark);
    return fd;
}

static int send_all(int fd, const char *text, int length) {
    return send(fd, text, (size_t)length, MSG_NOSIGNAL) == length;
}

static void fail_start(struct reader *r, const char *why) {
    if (failed_starts < 3) fprintf(stderr, "notify_crowd: a reader failed: %s\n", why);
    r->state = FAILED;
    starting--;
    failed_starts++;
}

static void sign_in(struct reader *r) {
    char text[512], body[64];
    int index = index_of(r);
    r->state = SIGNING_IN;
    starting++;
    int body_length = snprintf(body, sizeof body, "{\"nickname\": \"reader %d-%d\"}", (int)getpid(), index);
    int length = snprintf(text, sizeof text,
                          "POST /api/v1/sessions HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
                          "Content-Length: %d\r\n\r\n%s",
                          host, body_length, body);
    r->call_fd = connection(&chat, index, (uint64_t)index * 2);
    if (r->call_fd < 0 || !send_all(r->call_fd, text, length)) fail_start(r, "no connection to chat_server");
}

static void open_stream(struct reader *r) {
    char text[512];
    int index = index_of(r);
    int length = snprintf(text, sizeof text,
                          "GET /stream/v1/rooms/%s?mode=notify HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n"
                          "Last-Event-ID: %lld\r\n\r\n",
                          room, host, (long long)r->cursor);
    r->state = OPENING;
    r->stream_fd = connection(&publish, index, (uint64_t)index * 2 + 1);
    if (r->stream_fd < 0 || !send_all(r->stream_fd, text, length)) fail_start(r, "no connection to publish_server");
}

static void wait_for_fetch(struct reader *r, int64_t wait_us) {
    r->call = IDLE;
    if (stopped) return;
    r->call = WAITING;
    due_us[index_of(r)] = now_us() + wait_us + debounce_us;
}

static void fetch(struct reader *r) {
    char text[1024];
    int index = index_of(r), length;
    if (r->call_fd < 0) r->call_fd = connection(&chat, index, (uint64_t)index * 2);
    const char *format = refresh_us ? "GET /api/v1/rooms/%s/messages HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n"
                                    : "GET /api/v1/rooms/%s/events?after_seq=%lld HTTP/1.1\r\nHost: %s\r\n"
                                      "Authorization: Bearer %s\r\n\r\n";
    if (refresh_us) length = snprintf(text, sizeof text, format, room, host, r->token);
    else length = snprintf(text, sizeof text, format, room, (long long)r->cursor, host, r->token);
    r->response.length = 0;
    r->call = ASKING;
    r->sent_us = now_us();
    due_us[index] = r->sent_us + FETCH_WITHIN_US;
    if (r->call_fd < 0 || !send_all(r->call_fd, text, length)) due_us[index] = 0; /* has failed already */
}

static void fail_fetch(struct reader *r) {
    failed++;
    if (r->call_fd >= 0) close(r->call_fd);
    r->call_fd = -1;
    wait_for_fetch(r, RETRY_US);
}

static void signed_up_to(struct reader *r, int64_t seq) {
    int is_dropped = drop_share > 0 && next_random() < drop_share;
    if (is_dropped) dropped_signs++;
    else if (seq > r->head) r->head = seq;
    if (seq > r->cursor && r->sign_count < MAX_SIGNS)
        r->signs[(r->first_sign + r->sign_count++) % MAX_SIGNS] = (struct sign){seq, now_us()};
    if (!refresh_us && r->call == IDLE && r->head > r->cursor) wait_for_fetch(r, 0);
}

static void take_line(struct event_lines *lines, const char *line, int64_t length) {
    struct reader *r = (struct reader *)lines;
    if (length > 7 && !memcmp(line, "event: ", 7)) {
        r->is_update = length >= 19 && !memcmp(line + 7, "room.updated", 12);
    } else if (r->is_update && length > 6 && !memcmp(line, "data: ", 6)) {
        int64_t seq = number_after(line, length, "\"seq\":");
        if (seq >= 0) signed_up_to(r, seq);
    }
}

static void has_page(struct reader *r, int64_t cursor, int has_more, int64_t at_us) {
    if (cursor > r->cursor) r->cursor = cursor;
    if (r->sign_count && r->signs[r->first_sign].seq <= r->cursor)
        record(&staleness, at_us - r->signs[r->first_sign].at_us);
    while (r->sign_count && r->signs[r->first_sign].seq <= r->cursor) {
        r->first_sign = (r->first_sign + 1) % MAX_SIGNS;
        r->sign_count--;
    }
    if (r->refused_since_us && !has_more) {
        record(&until_current, at_us - r->refused_since_us);
        r->refused_since_us = 0;
    }
}

/* The page's own numbers follow its messages or events, so only the end of the page is read. */
static void take_answer(struct reader *r) {
    int64_t at_us = now_us();
    int status = status_of(&r->response), tail_length = r->response.length < TAIL ? r->response.length : TAIL;
    const char *tail = r->response.text + r->response.length - tail_length;
    r->response.text[r->response.length] = 0;
    record(&answers, at_us - r->sent_us);
    r->call = IDLE;
    due_us[index_of(r)] = NEVER;
    if (stopped) return;
    if (status == 429) {
        int64_t wait_ms = number_after(tail, tail_length, "\"retry_after_ms\":");
        fetches++;
        refused++;
        if (!r->refused_since_us) r->refused_since_us = at_us;
        wait_for_fetch(r, wait_ms < 0 ? RETRY_US : wait_ms * 1000);
        return;
    }
    int64_t cursor = -1;
    for (const char *from = tail; status == 200 && (from = strstr(from, "\"cursor\":")); from += 9)
        cursor = strtoll(from + 9, NULL, 10);
    if (cursor < 0) {
        failed++;
        wait_for_fetch(r, RETRY_US);
        return;
    }
    fetches++;
    int has_more = !refresh_us && (strstr(tail, "\"has_more\":true") || strstr(tail, "\"has_more\": true"));
    has_page(r, cursor, has_more, at_us);
    if (refresh_us) wait_for_fetch(r, refresh_us);
    else if (r->head > r->cursor) wait_for_fetch(r, 0);
}

static void take_session(struct reader *r) {
    r->response.text[r->response.length] = 0;
    const char *from = strstr(r->response.text, "\"token\":"), *begin = from ? strchr(from + 8, '"') : NULL;
    const char *end = begin ? strchr(begin + 1, '"') : NULL;
    if (status_of(&r->response) != 201 || !end || end - begin > TOKEN_MAX) {
        fail_start(r, r->response.text);
        return;
    }
    memcpy(r->token, begin + 1, (size_t)(end - begin - 1));
    open_stream(r);
}

static void take_call(struct reader *r) {
    ssize_t length = receive(&r->response, r->call_fd);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (length > 0) bytes_in += (uint64_t)length;
    int whole = length > 0 ? complete(&r->response) : -1;
    if (!whole) return;
    if (whole > 0 && r->state == SIGNING_IN) take_session(r);
    else if (whole > 0 && r->call == ASKING) take_answer(r);
    else if (r->state == SIGNING_IN) fail_start(r, "chat_server closed the connection");
    else if (r->call == ASKING) fail_fetch(r);
    else { /* the server may close an idle connection */
        close(r->call_fd);
        r->call_fd = -1;
    }
}

static void take_stream(struct reader *r) {
    static char buffer[RECV_MAX];
    ssize_t length = recv(r->stream_fd, buffer, sizeof buffer, 0);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (length <= 0) {
        close(r->stream_fd);
        r->stream_fd = -1;
        if (r->state == OPENING) fail_start(r, "publish_server closed the connection");
        else closed_streams++;
        return;
    }
    bytes_in += (uint64_t)length;
    const char *from = buffer;
    if (!r->has_head) {
        int good;
        int64_t head_length = take_head(&r->lines, from, length, &good);
        if (head_length < 0) return;
        r->has_head = 1;
        if (!good) {
            close(r->stream_fd);
            fail_start(r, r->lines.carry);
            return;
        }
        r->state = FOLLOWING;
        starting--;
        following++;
        if (refresh_us) wait_for_fetch(r, (int64_t)(next_random() * (double)refresh_us));
        from += head_length;
        length -= head_length;
    }
    if (length > 0) take_piece(&r->lines, from, length);
}

static void do_what_is_due(int64_t now) {
    last_scan_us = now;
    for (int i = 0; i < reader_count; i++) {
        if (due_us[i] > now) continue;
        struct reader *r = &readers[i];
        if (r->call == ASKING) {
            fail_fetch(r);
        } else if (r->call == WAITING) {
            record(&lateness, now - due_us[i]);
            fetch(r);
        }
    }
}

static void print_times(const char *name, const struct histogram *h) {
    printf("\"%s\": {\"count\": %llu, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}, ", name,
           (unsigned long long)h->total, h->total ? quantile_ms(h, 0.5) : 0.0, h->total ? quantile_ms(h, 0.99) : 0.0,
           (double)h->max_us / 1000);
}

static void reset(void) {
    fetches = refused = failed = dropped_signs = bytes_in = 0;
    staleness = until_current = answers = lateness = (struct histogram){0};
    began_us = now_us();
    began_cpu_s = cpu_s();
}

static void report(int64_t seq) {
    int current = 0;
    for (int i = 0; i < reader_count; i++) current += readers[i].cursor >= seq;
    double took_s = (double)((stopped ? stopped_us : now_us()) - began_us) / 1e6;
    printf("{\"readers\": %d, \"following\": %d, \"current\": %d, \"fetches\": %llu, \"refused\": %llu, \"failed\": %llu, "
           "\"dropped_signs\": %llu, \"bytes\": %llu, ",
           reader_count, following - closed_streams, current, (unsigned long long)fetches, (unsigned long long)refused,
           (unsigned long long)failed, (unsigned long long)dropped_signs, (unsigned long long)bytes_in);
    print_times("staleness", &staleness);
    print_times("until_current", &until_current);
    print_times("answers", &answers);
    print_times("lateness", &lateness);
    printf("\"staleness_quantiles_ms\": [");
    for (int i = 0; staleness.total && i < QUANTILES; i++)
        printf("%s%.3f", i ? ", " : "", i < QUANTILES - 1 ? quantile_ms(&staleness, i / (double)(QUANTILES - 1)) : (double)staleness.max_us / 1000);
    printf("], \"took_s\": %.3f, \"cpu_share\": %.3f}\n", took_s, (cpu_s() - began_cpu_s) / took_s);
    fflush(stdout);
}

static void stop(void) {
    int64_t now = stopped_us = now_us();
    stopped = 1;
    for (int i = 0; i < reader_count; i++) {
        struct reader *r = &readers[i];
        if (r->sign_count) record(&staleness, now - r->signs[r->first_sign].at_us);
        if (r->refused_since_us) record(&until_current, now - r->refused_since_us);
        if (r->call == WAITING) r->call = IDLE;
        due_us[i] = NEVER;
    }
    printf("{\"stopped\": true}\n");
    fflush(stdout);
}

/* False at the end of input. */
static int obey(void) {
    char words[256];
    ssize_t length = read(0, words, sizeof words - 1);
    if (length <= 0) return 0;
    words[length] = 0;
    for (char *word = strtok(words, "\n"); word; word = strtok(NULL, "\n")) {
        if (!strncmp(word, "report ", 7)) report(strtoll(word + 7, NULL, 10));
        else if (!strcmp(word, "stop")) stop();
        else if (!strcmp(word, "reset")) reset();
    }
    return 1;
}

static void take_option(const char *option) {
    if (!strncmp(option, "refresh=", 8)) refresh_us = (int64_t)(atof(option + 8) * 1000);
    else if (!strncmp(option, "drop=", 5)) drop_share = atof(option + 5);
    else if (!strncmp(option, "debounce=", 9)) debounce_us = (int64_t)(atof(option + 9) * 1000);
    else if (!strncmp(option, "seed=", 5)) random_state ^= strtoull(option + 5, NULL, 10) << 20;
    else {
        fprintf(stderr, "notify_crowd: unknown option %s\n", option);
        exit(2);
    }
}

int main(int count, char **words) {
    if (count < 7) {
        fprintf(stderr, "notify_crowd HOST CHAT_PORT PUBLISH_PORT ROOM READERS HEAD [option …]\n");
        return 2;
    }
    host = words[1];
    chat = address_of(host, atoi(words[2]));
    publish = address_of(host, atoi(words[3]));
    room = words[4];
    reader_count = atoi(words[5]);
    int64_t head = strtoll(words[6], NULL, 10);
    for (int i = 7; i < count; i++) take_option(words[i]);
    if (!allow_files(2 * reader_count + 64)) {
        perror("notify_crowd: not enough open files allowed");
        return 2;
    }
    readers = calloc((size_t)reader_count + 1, sizeof *readers);
    due_us = calloc((size_t)reader_count + 1, sizeof *due_us);
    for (int i = 0; i < reader_count; i++) {
        readers[i].cursor = readers[i].head = head;
        due_us[i] = NEVER;
    }
    poll_fd = epoll_create1(0);
    watch(0, INPUT);
    static struct epoll_event ready[1024];
    began_us = now_us();
    began_cpu_s = cpu_s();
    for (;;) {
        while (next_to_start < reader_count && starting < MAX_STARTING) sign_in(&readers[next_to_start++]);
        if (!said_opened && following + failed_starts == reader_count) {
            said_opened = 1;
            printf("{\"opened\": %d, \"refused\": 0, \"failed\": %d, \"took_s\": %.3f}\n", following, failed_starts,
                   (double)(now_us() - began_us) / 1e6);
            fflush(stdout);
            reset();
        }
        int found = epoll_wait(poll_fd, ready, 1024, 1);
        if (found < 0 && errno != EINTR) return 2;
        for (int i = 0; i < found; i++) {
            if (ready[i].data.u64 == INPUT) {
                if (!obey()) return 0;
                continue;
            }
            struct reader *r = &readers[ready[i].data.u64 / 2];
            if (r->state == FAILED) continue;
            if (ready[i].data.u64 % 2 == 0) {
                if (r->call_fd >= 0) take_call(r);
            } else if (r->stream_fd >= 0) {
                take_stream(r);
            }
        }
        int64_t now = now_us();
        if (now - last_scan_us >= 1000) do_what_is_due(now);
    }
}
