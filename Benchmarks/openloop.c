// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors
//
// An open-loop load: requests become due at random moments (exponential gaps, fixed mean rate) whether or not earlier ones were answered.
// One that finds no idle connection waits its turn, and its time counts from when it was due: a server that stops for a moment is charged
// for everything that should have happened meanwhile. One thread that never sleeps.
//
//   openloop PORT CONNECTIONS RATE SECONDS PREFIX COUNT    prints: answered errors p50 p99 p99.9 max late99 (microseconds)
//
// late99 is the 99th percentile of how late the loop itself noticed that a request was due: what the other figures cannot resolve.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 256 * 1024 };

typedef struct {
    int fd, busy;
    double due;
    size_t held;   // bytes of the answer's head so far
    long missing;  // bytes of the body to come, -1 before the head is complete
    char head[16384];
} Connection;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static uint64_t state = 0x9E3779B97F4A7C15ull;
static uint64_t random64(void) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}
static double gap(double mean) { return -log(((random64() >> 11) + 1) * 0x1p-53) * mean; }

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static int connect_to(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return fd;
}

// Takes what came. 1: the answer is complete, 0: more to come, -1: not an answer that this understands, or not 200.
static int take(Connection *c, const char *bytes, long count) {
    if (c->missing < 0) {
        long room = (long)sizeof c->head - 1 - (long)c->held, part = count < room ? count : room;
        memcpy(c->head + c->held, bytes, part);
        size_t before = c->held;
        c->held += part;
        c->head[c->held] = 0;
        char *end = strstr(c->head, "\r\n\r\n"), *length = strcasestr(c->head, "\r\ncontent-length:");
        if (!end) return c->held == sizeof c->head - 1 ? -1 : 0;
        if (strncmp(c->head, "HTTP/1.1 200", 12) != 0 || !length || length > end) return -1;
        c->missing = atol(length + 17);
        count -= (end + 4 - c->head) - (long)before;
    }
    c->missing -= count;
    return c->missing < 0 ? -1 : c->missing == 0;
}

int main(int argc, char **argv) {
    if (argc != 7) return fprintf(stderr, "usage: openloop PORT CONNECTIONS RATE SECONDS PREFIX COUNT\n"), 2;
    int port = atoi(argv[1]), connections = atoi(argv[2]), count = atoi(argv[6]);
    double mean = 1e6 / atof(argv[3]), length = atof(argv[4]) * 1e6;
    size_t most = (size_t)(length / mean * 1.2) + 1000, answered = 0, noticed = 0;
    float *latencies = malloc(most * sizeof *latencies), *lateness = malloc(most * sizeof *lateness);
    double *waiting = malloc(most * sizeof *waiting);
    size_t first = 0, last = 0, errors = 0;
    Connection *all = calloc(connections, sizeof *all);
    int *idle = malloc(connections * sizeof *idle), idles = 0, busy = 0, poll = epoll_create1(0);
    static char buffer[BUFFER];
    for (int i = 0; i < connections; i++) {
        if ((all[i].fd = connect_to(port)) < 0) return perror("connect"), 1;
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
        epoll_ctl(poll, EPOLL_CTL_ADD, all[i].fd, &event);
        idle[idles++] = i;
    }
    double begin = now(), end = begin + length, next = begin + gap(mean), time = begin;
    while (time < end || ((busy || first < last) && time < end + 5e6)) {
        for (; next <= time && next < end && last < most; next += gap(mean)) {
            lateness[noticed++] = time - next;
            waiting[last++] = next;
        }
        while (first < last && idles) {
            Connection *c = &all[idle[--idles]];
            char request[256];
            int size = snprintf(request, sizeof request, "GET %s%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", argv[5], (int)(random64() % count), port);
            c->due = waiting[first++], c->busy = 1, c->held = 0, c->missing = -1, busy++;
            // Ends in the error path below, as a connection that the server closed does.
            if (write(c->fd, request, size) != size) shutdown(c->fd, SHUT_RDWR);
        }
        struct epoll_event events[64];
        int ready = epoll_wait(poll, events, 64, 0);
        for (int i = 0; i < ready; i++) {
            Connection *c = &all[events[i].data.u32];
            long got = recv(c->fd, buffer, sizeof buffer, MSG_DONTWAIT);
            if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
            int whole = got > 0 && c->busy ? take(c, buffer, got) : -1;
            if (whole == 0) continue;
            busy -= c->busy;
            c->busy = 0;
            if (whole == 1) {
                latencies[answered++] = now() - c->due;
            } else {
                errors++;
                close(c->fd);
                if ((c->fd = connect_to(port)) < 0) return perror("connect"), 1;
                struct epoll_event event = {.events = EPOLLIN, .data.u32 = events[i].data.u32};
                epoll_ctl(poll, EPOLL_CTL_ADD, c->fd, &event);
            }
            idle[idles++] = events[i].data.u32;
        }
        time = now();
    }
    errors += busy + (last - first);
    if (!answered || !noticed) return fprintf(stderr, "no answer\n"), 1;
    qsort(latencies, answered, sizeof *latencies, by_value);
    qsort(lateness, noticed, sizeof *lateness, by_value);
    printf("%zu %zu %.0f %.0f %.0f %.0f %.0f\n", answered, errors, latencies[answered / 2], latencies[(size_t)(answered * 0.99)],
           latencies[(size_t)(answered * 0.999)], latencies[answered - 1], lateness[(size_t)(noticed * 0.99)]);
}
