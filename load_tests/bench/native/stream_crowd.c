/* A crowd of open event streams in one thread: counts what is delivered, checks that ids never go back, samples latency.
 *
 *   stream_crowd HOST PORT PATH SUBSCRIBERS [rooms=R] [ids=opaque|seq] [sample=K] [read=none|raw] [rcvbuf=BYTES] [header=LINE] [exact]
 *
 * PATH may hold one %d: subscriber i asks for i mod R. Latency is taken on every K-th subscriber from text that begins
 * with "@" and 16 digits, the sender's monotonic clock in microseconds. read=raw counts bytes only; read=none stalls.
 *
 * ids=opaque does not read ids as numbers. ids=seq reads the first "seq" in the data instead of ids.
 * start=N: only the first N streams are opened at once; "open N" on the standard input lets as many be open.
 *
 * mark=EVENT notes when each stream gets its first event of that type, for "marked".
 * exact: rows and stream.skipped must follow each other without a hole; "different" streams got other rows than the first.
 *
 * Says {"opened": …} once every stream has answered its head. Then, on its standard input: "reset" begins a window,
 * "report" prints it as one JSON line, "marked US" how long after that monotonic time the marks came, and
 * "rows" what streams that were neither closed nor cut by stream.gap have received since they were opened, and for each seq
 * how many streams missed or skipped it; the end of input ends the program.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "event_lines.h"
#include "measure.h"
#include "sockets.h"

enum { CONNECTING, IN_HEAD, IN_BODY, CLOSED };
enum { RECV_MAX = 1 << 18, MAX_CONNECTING = 512, SEQS_MAX = 1 << 20 };

struct stream {
    struct event_lines lines; /* first, so that its address is that of the stream */
    int fd;
    uint8_t state, sampled, has_id, is_skipped;
    int64_t last_id, previous_id;
    uint64_t rows_hash; /* of the ids of all rows since the stream was opened */
    uint64_t delivered; /* in the window */
    uint64_t rows;      /* events but reaction.changed, of which conflation leaves some out, since the stream was opened */
    int64_t start_id, marked_at_us; /* start_id is that of stream.opened */
    uint8_t is_opened, has_gap;
};

static struct stream *streams;
static struct histogram latency;
static struct sockaddr_in server;
static const char *path_pattern, *host, *extra_header, *mark;
static int subscribers, may_open = -1, rooms = 1, sample_every = 1, ids_are_numbers = 1, seq_is_in_data, read_raw, read_none, receive_buffer, exact;
static int opened, refused, closed, connecting, next_to_connect, said_opened, poll_fd;
static uint32_t missed_by[SEQS_MAX], skipped_by[SEQS_MAX]; /* seq → streams. Overflow rule: later seqs are only counted */
static uint64_t uncounted;
static uint64_t deliveries, went_back, repeated, gaps, skipped, holes, bytes_in;
static int64_t received_at_us, window_began_us, connect_began_us;
static double window_began_cpu_s;

static void sample_latency(const char *line, int64_t length) {
    const char *mark = memmem(line, (size_t)length, "\"@", 2);
    if (!mark || mark + 18 > line + length) return;
    int64_t sent_us = 0;
    for (int i = 2; i < 18; i++) {
        if (mark[i] < '0' || mark[i] > '9') return;
        sent_us = sent_us * 10 + (mark[i] - '0');
    }
    record(&latency, received_at_us - sent_us);
}

/* Until a gap, a stream must get or skip every seq after that of stream.opened. */
static void note_seqs(const struct stream *s, uint32_t *streams_of, int64_t first, int64_t last) {
    if (!s->is_opened || s->has_gap) return;
    for (int64_t seq = first; seq <= last && seq < SEQS_MAX; seq++) streams_of[seq]++;
    if (last >= SEQS_MAX) uncounted += (uint64_t)(last + 1 - (first > SEQS_MAX ? first : SEQS_MAX));
}

/* The event of the id that came before: a row, or a frame of the server's own. */
static void take_event(struct stream *s, const char *line, int64_t length) {
    int is_stream = length > 14 && !memcmp(line, "event: stream.", 14);
    if (s->has_id && is_stream && line[14] == 'o') {
        s->start_id = s->last_id;
        s->is_opened = 1;
    }
    if (is_stream && line[14] == 'g') s->has_gap = 1;
    if (s->has_id && !is_stream && (length < 22 || memcmp(line, "event: reaction.changed", 22))) s->rows++;
    if (s->has_id && !is_stream) note_seqs(s, missed_by, s->previous_id + 1, s->last_id - 1);
    s->is_skipped = is_stream && line[14] == 's';
    skipped += s->is_skipped;
    if (!exact || !s->has_id || is_stream) return;
    holes += s->last_id != s->previous_id + 1;
    s->rows_hash = s->rows_hash * 1000003 + (uint64_t)s->last_id;
}

/* A message of another server: it counts if its data has a seq. */
static void take_data_with_seq(struct stream *s, const char *line, int64_t length) {
    int64_t seq = number_after(line, length, "\"seq\":");
    if (seq < 0) return;
    deliveries++;
    s->delivered++;
    went_back += seq < s->last_id;
    repeated += seq == s->last_id;
    s->last_id = seq;
    if (s->sampled) sample_latency(line, length);
}

static void take_line(struct event_lines *lines, const char *line, int64_t length) {
    struct stream *s = (struct stream *)lines;
    if (seq_is_in_data) {
        if (length > 6 && !memcmp(line, "data: ", 6)) take_data_with_seq(s, line, length);
        return;
    }
    if (length > 4 && !memcmp(line, "id: ", 4)) {
        deliveries++;
        s->delivered++;
        if (!ids_are_numbers) return;
        int64_t id = 0;
        for (int64_t i = 4; i < length && line[i] >= '0' && line[i] <= '9'; i++) id = id * 10 + (line[i] - '0');
        went_back += id < s->last_id;
        repeated += id == s->last_id && id > 0; /* the cursor of an empty room is 0, as that of a new stream */
        s->previous_id = s->last_id;
        s->last_id = id;
        s->has_id = 1;
    } else if (length > 7 && !memcmp(line, "event: ", 7)) {
        int is_mark = mark && (size_t)length == strlen(mark) + 7 && !memcmp(line + 7, mark, strlen(mark));
        if (is_mark && !s->marked_at_us) s->marked_at_us = received_at_us;
        take_event(s, line, length);
        if (s->has_id && length > 14 && !memcmp(line + 7, "stream.", 7)) { /* it has an id but delivers nothing */
            deliveries--;
            s->delivered--;
            gaps += line[14] == 'g';
        }
        s->has_id = 0;
    } else if (s->is_skipped && length > 6 && !memcmp(line, "data: ", 6)) {
        int64_t from_seq = number_after(line, length, "\"from_seq\":");
        s->is_skipped = 0;
        holes += exact && from_seq != s->previous_id;
        note_seqs(s, missed_by, s->previous_id + 1, from_seq);
        note_seqs(s, skipped_by, from_seq + 1, s->last_id);
    } else if (s->sampled && length > 6 && !memcmp(line, "data: ", 6)) {
        sample_latency(line, length);
    }
}

static void close_stream(struct stream *s) {
    if (s->state == CONNECTING || s->state == IN_HEAD) connecting--;
    close(s->fd);
    s->state = CLOSED;
    closed++;
}

static void take(struct stream *s, const char *from, int64_t length) {
    bytes_in += (uint64_t)length;
    if (s->state == IN_HEAD) {
        int good;
        int64_t head_length = take_head(&s->lines, from, length, &good);
        if (head_length < 0) return;
        from += head_length;
        length -= head_length;
        connecting--;
        s->state = IN_BODY;
        if (!good) {
            refused++;
            connecting++;
            s->state = IN_HEAD;
            close_stream(s);
            return;
        }
        opened++;
    }
    if (read_raw || length <= 0) return;
    take_piece(&s->lines, from, length);
}

static void start_connecting(struct stream *s, int index) {
    s->fd = client_socket(&server, index);
    if (s->fd < 0) {
        perror("socket");
        exit(2);
    }
    if (receive_buffer) setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    s->sampled = index % sample_every == 0;
    connecting++;
    struct epoll_event wanted = {.events = EPOLLOUT, .data.u32 = (uint32_t)index};
    if (connect(s->fd, (void *)&server, sizeof server) < 0 && errno != EINPROGRESS) {
        close_stream(s);
        return;
    }
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, s->fd, &wanted);
}

static void send_request(struct stream *s, int index) {
    char path[512], request[1024];
    snprintf(path, sizeof path, path_pattern, index % rooms);
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n%s%s\r\n", path, host,
                          extra_header ? extra_header : "", extra_header ? "\r\n" : "");
    if (send(s->fd, request, (size_t)length, MSG_NOSIGNAL) != length) {
        close_stream(s);
        return;
    }
    s->state = IN_HEAD;
    struct epoll_event wanted = {.events = EPOLLIN | EPOLLRDHUP, .data.u32 = (uint32_t)index};
    epoll_ctl(poll_fd, EPOLL_CTL_MOD, s->fd, &wanted);
}

static void begin_window(void) {
    memset(&latency, 0, sizeof latency);
    deliveries = went_back = repeated = gaps = skipped = holes = bytes_in = 0;
    for (int i = 0; i < subscribers; i++) streams[i].delivered = 0;
    window_began_us = now_us();
    window_began_cpu_s = cpu_s();
}

static void report(void) {
    double took_s = (double)(now_us() - window_began_us) / 1e6;
    uint64_t fewest = UINT64_MAX, most = 0;
    int64_t lowest_last_id = INT64_MAX, highest_last_id = 0;
    int different = 0;
    for (int i = 0; i < subscribers; i++) {
        if (streams[i].delivered < fewest) fewest = streams[i].delivered;
        if (streams[i].delivered > most) most = streams[i].delivered;
        if (streams[i].last_id < lowest_last_id) lowest_last_id = streams[i].last_id;
        if (streams[i].last_id > highest_last_id) highest_last_id = streams[i].last_id;
        different += streams[i].rows_hash != streams[0].rows_hash;
    }
    printf("{\"took_s\": %.3f, \"open\": %d, \"closed\": %d, \"refused\": %d, \"deliveries\": %llu, \"bytes\": %llu, "
           "\"went_back\": %llu, \"repeated\": %llu, \"gaps\": %llu, \"skipped\": %llu, \"holes\": %llu, \"different\": %d, \"rows_hash\": %llu, "
           "\"fewest\": %llu, \"most\": %llu, "
           "\"lowest_last_id\": %lld, \"highest_last_id\": %lld, \"samples\": %llu, \"p50_ms\": %.3f, \"p90_ms\": %.3f, "
           "\"p99_ms\": %.3f, \"max_ms\": %.3f, \"cpu_share\": %.3f}\n",
           took_s, opened - (closed - refused), closed, refused, (unsigned long long)deliveries,
           (unsigned long long)bytes_in, (unsigned long long)went_back, (unsigned long long)repeated,
           (unsigned long long)gaps, (unsigned long long)skipped, (unsigned long long)holes, different, (unsigned long long)streams[0].rows_hash, (unsigned long long)fewest, (unsigned long long)most, (long long)lowest_last_id,
           (long long)highest_last_id, (unsigned long long)latency.total, quantile_ms(&latency, 0.5),
           quantile_ms(&latency, 0.9), quantile_ms(&latency, 0.99), (double)latency.max_us / 1000,
           (cpu_s() - window_began_cpu_s) / took_s);
    fflush(stdout);
}

static void report_marked(int64_t since_us) {
    static struct histogram delays;
    memset(&delays, 0, sizeof delays);
    for (int i = 0; i < subscribers; i++)
        if (streams[i].marked_at_us) record(&delays, streams[i].marked_at_us - since_us);
    printf("{\"streams\": %llu, \"p99_ms\": %.3f}\n", (unsigned long long)delays.total, quantile_ms(&delays, 0.99));
    fflush(stdout);
}

static int by_number(const void *one, const void *other) {
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

/* [[number, how often], …], ascending */
static void print_counted(const char *name, int64_t *numbers, int count) {
    qsort(numbers, (size_t)count, sizeof *numbers, by_number);
    printf("\"%s\": [", name);
    for (int i = 0, first = 0; i < count; i++) {
        if (i + 1 < count && numbers[i + 1] == numbers[i]) continue;
        printf("%s[%lld, %d]", first ? ", " : "", (long long)numbers[i], i + 1 - first);
        first = i + 1;
    }
    printf("], ");
}

static void print_seqs(const char *name, const uint32_t *streams_of) {
    const char *separator = "";
    printf("\"%s\": [", name);
    for (int seq = 0; seq < SEQS_MAX; seq++) {
        if (!streams_of[seq]) continue;
        printf("%s[%d, %u]", separator, seq, streams_of[seq]);
        separator = ", ";
    }
    printf("], ");
}

/* {"starts": [[id of stream.opened, streams], …], "ends": [[last id, streams], …], "missed": [[seq, streams], …],
 *  "skipped": [[seq, streams], …], "uncounted": …, "rows": sum} */
static void report_rows(void) {
    int64_t *starts = malloc((size_t)(subscribers + 1) * sizeof *starts), *ends = malloc((size_t)(subscribers + 1) * sizeof *ends);
    uint64_t sum = 0;
    int judged = 0;
    for (int i = 0; i < subscribers; i++) {
        struct stream *s = &streams[i];
        if (s->state != IN_BODY || s->has_gap || !s->is_opened) continue;
        sum += s->rows;
        ends[judged] = s->last_id;
        starts[judged++] = s->start_id;
    }
    printf("{");
    print_counted("starts", starts, judged);
    print_counted("ends", ends, judged);
    print_seqs("missed", missed_by);
    print_seqs("skipped", skipped_by);
    printf("\"uncounted\": %llu, \"rows\": %llu}\n", (unsigned long long)uncounted, (unsigned long long)sum);
    fflush(stdout);
    free(starts);
    free(ends);
}

/* False at the end of input. */
static int obey(void) {
    char words[256];
    ssize_t length = read(0, words, sizeof words - 1);
    if (length <= 0) return 0;
    words[length] = 0;
    for (char *word = strtok(words, "\n"); word; word = strtok(NULL, "\n")) {
        if (!strcmp(word, "reset")) {
            begin_window();
            printf("{\"reset\": true}\n");
            fflush(stdout);
        } else if (!strcmp(word, "report")) {
            report();
        } else if (!strncmp(word, "marked ", 7)) {
            report_marked(atoll(word + 7));
        } else if (!strcmp(word, "rows")) {
            report_rows();
        } else if (!strncmp(word, "open ", 5)) {
            may_open = atoi(word + 5) < subscribers ? atoi(word + 5) : subscribers;
        }
    }
    return 1;
}

static void take_option(const char *option) {
    if (!strncmp(option, "rooms=", 6)) rooms = atoi(option + 6);
    else if (!strcmp(option, "ids=opaque")) ids_are_numbers = 0;
    else if (!strcmp(option, "ids=seq")) seq_is_in_data = 1;
    else if (!strncmp(option, "sample=", 7)) sample_every = atoi(option + 7);
    else if (!strcmp(option, "read=raw")) read_raw = 1;
    else if (!strcmp(option, "read=none")) read_none = 1;
    else if (!strncmp(option, "rcvbuf=", 7)) receive_buffer = atoi(option + 7);
    else if (!strncmp(option, "mark=", 5)) mark = option + 5;
    else if (!strncmp(option, "start=", 6)) may_open = atoi(option + 6);
    else if (!strcmp(option, "exact")) exact = 1;
    else if (!strncmp(option, "header=", 7)) extra_header = option + 7;
    else {
        fprintf(stderr, "stream_crowd: unknown option %s\n", option);
        exit(2);
    }
}

int main(int count, char **words) {
    if (count < 5) {
        fprintf(stderr, "stream_crowd HOST PORT PATH SUBSCRIBERS [option …]\n");
        return 2;
    }
    host = words[1];
    path_pattern = words[3];
    subscribers = atoi(words[4]);
    for (int i = 5; i < count; i++) take_option(words[i]);
    if (may_open < 0 || may_open > subscribers) may_open = subscribers;
    server = address_of(host, atoi(words[2]));
    if (!allow_files(subscribers + 64)) {
        perror("stream_crowd: not enough open files allowed");
        return 2;
    }
    streams = calloc((size_t)subscribers, sizeof *streams);
    poll_fd = epoll_create1(0);
    struct epoll_event input = {.events = EPOLLIN, .data.u32 = UINT32_MAX};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, 0, &input);
    static char buffer[RECV_MAX];
    static struct epoll_event ready[1024];
    connect_began_us = now_us();
    begin_window();
    for (;;) {
        while (next_to_connect < may_open && connecting < MAX_CONNECTING) {
            start_connecting(&streams[next_to_connect], next_to_connect);
            next_to_connect++;
        }
        if (!said_opened && opened + closed >= may_open) {
            said_opened = 1;
            printf("{\"opened\": %d, \"refused\": %d, \"failed\": %d, \"took_s\": %.3f}\n", opened, refused,
                   closed - refused, (double)(now_us() - connect_began_us) / 1e6);
            fflush(stdout);
        }
        int found = epoll_wait(poll_fd, ready, 1024, -1);
        if (found < 0 && errno != EINTR) return 2;
        for (int i = 0; i < found; i++) {
            if (ready[i].data.u32 == UINT32_MAX) {
                if (!obey()) return 0;
                continue;
            }
            int index = (int)ready[i].data.u32;
            struct stream *s = &streams[index];
            if (s->state == CLOSED) continue;
            if (s->state == CONNECTING) {
                send_request(s, index);
                continue;
            }
            if (s->state == IN_BODY && read_none) { /* stall: the kernel's buffers fill and stay so */
                epoll_ctl(poll_fd, EPOLL_CTL_DEL, s->fd, NULL);
                continue;
            }
            ssize_t length = recv(s->fd, buffer, sizeof buffer, 0);
            if (length > 0) {
                received_at_us = now_us();
                take(s, buffer, length);
            } else if (length == 0 || (errno != EAGAIN && errno != EINTR)) {
                close_stream(s);
            }
        }
    }
}
