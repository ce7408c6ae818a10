/* What all modes of the load generator share: time, a histogram, sockets, epoll. */

#ifndef LOAD_H
#define LOAD_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 1024                      /* events taken by one epoll_wait */
#define STUCK_MS 20000                  /* a server that says nothing for so long has failed */
#define PER_SOURCE 20000                /* connections from one source address */

struct options {
    struct sockaddr_in server;
    int connections, size, parallel, pid;
    double seconds, warmup;
};

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(1);
}

static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static double cpu_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A histogram of nanoseconds: each power of two is divided into 64, so a figure is right to 1.6 %. */
#define FINE 64
static uint64_t histogram[64 * FINE];

static inline int bucket_of(uint64_t ns) {
    if (ns < FINE) return (int)ns;
    int shift = 63 - __builtin_clzll(ns) - 6;
    return (shift + 1) * FINE + (int)((ns >> shift) - FINE);
}

static double percentile_us(uint64_t total, double share) {
    uint64_t wanted = (uint64_t)((double)total * share), seen = 0;
    for (int b = 0; b < 64 * FINE; b++)
        if ((seen += histogram[b]) > wanted) {
            int shift = b / FINE - 1;
            uint64_t low = shift < 0 ? (uint64_t)b : (uint64_t)(b % FINE + FINE) << shift;
            uint64_t width = shift < 0 ? 1 : (uint64_t)1 << shift;
            return ((double)low + (double)width / 2) / 1000;
        }
    return 0;
}

/* What is counted: only what happens between the end of the warm-up and the end. */
static struct {
    uint64_t start, length, end, count;
    double cpu, server_cpu;
    int pid;
    bool started, over;
} window;

/* The CPU seconds (user and system, all threads) of the server so far, to the nanosecond: /proc tells
 * them in steps of 10 ms. 0 if we do not know which process it is. */
static double server_cpu_seconds(void) {
    clockid_t clock;
    struct timespec t;
    if (!window.pid) return 0;
    if (clock_getcpuclockid(window.pid, &clock) || clock_gettime(clock, &t)) die("the server is gone");
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void window_open(const struct options *o) {
    window.start = now_ns() + (uint64_t)(o->warmup * 1e9);
    window.length = (uint64_t)(o->seconds * 1e9);
    window.pid = o->pid;
}

/* Sees whether the measured time has begun, or is over. */
static inline void window_at(uint64_t now) {
    if (!window.started && now >= window.start) {
        window.started = true;
        window.start = now; /* which may be late, if the server was busy with something else */
        window.end = now + window.length;
        window.cpu = cpu_seconds();
        window.server_cpu = server_cpu_seconds();
    }
    if (window.started && !window.over && now >= window.end) {
        window.over = true;
        window.end = now;
        window.cpu = cpu_seconds() - window.cpu;
        window.server_cpu = server_cpu_seconds() - window.server_cpu;
    }
}

/* Counts `count` of what has come at `now`, and how long the last of it took. */
static inline void window_count(uint64_t now, uint64_t since, uint64_t count) {
    window_at(now);
    if (!window.started || window.over) return;
    window.count += count;
    histogram[bucket_of(now - since)]++;
}

static void report(const char *mode) {
    uint64_t timed = 0;
    for (int b = 0; b < 64 * FINE; b++) timed += histogram[b];
    double seconds = (double)(window.end - window.start) / 1e9;
    if (window.count == 0) die("nothing was answered in the measured %.1f s", seconds);
    printf("{\"mode\": \"%s\", \"count\": %llu, \"seconds\": %.6f, \"per_second\": %.2f, "
           "\"p50_us\": %.2f, \"p99_us\": %.2f, \"p999_us\": %.2f, \"generator_busy\": %.3f, "
           "\"server_cpu\": %.6f}\n",
           mode, (unsigned long long)window.count, seconds, (double)window.count / seconds,
           percentile_us(timed, .5), percentile_us(timed, .99), percentile_us(timed, .999),
           window.cpu / seconds, window.server_cpu);
}

static void raise_file_limit(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_socket(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (fd < 0) die("socket: %s", strerror(errno));
    struct timeval patience = {.tv_sec = STUCK_MS / 1000};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

/* Connects, from a source address of its own for each 20,000 connections. */
static int connect_number(const struct options *o, int number) {
    int fd = open_socket(), on = 1;
    struct sockaddr_in source = {.sin_family = AF_INET};
    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(number / PER_SOURCE));
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (number >= PER_SOURCE && bind(fd, (struct sockaddr *)&source, sizeof source))
        die("bind: %s", strerror(errno));
    if (connect(fd, (const struct sockaddr *)&o->server, sizeof o->server))
        die("connection %d: %s", number, strerror(errno));
    return fd;
}

static void receive_exactly(int fd, char *data, size_t size) {
    ssize_t got = recv(fd, data, size, MSG_WAITALL);
    if (got != (ssize_t)size) die("wanted %zu bytes, and they did not come", size);
}

static void send_byte(int fd, int number) {
    char byte = (char)number;
    if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1) die("send: %s", strerror(errno));
}

static void receive_byte(int fd, int number) {
    char byte;
    receive_exactly(fd, &byte, 1);
    if (byte != (char)number) die("another byte came back");
}

static void watch(int epoll, int fd, uint32_t events, int number) {
    struct epoll_event event = {.events = events, .data.u32 = (uint32_t)number};
    fcntl(fd, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) die("epoll_ctl: %s", strerror(errno));
}

static int wait_events(int epoll, struct epoll_event *events) {
    int count = epoll_wait(epoll, events, BATCH, STUCK_MS);
    if (count == 0) die("the server has said nothing for %d s", STUCK_MS / 1000);
    if (count < 0 && errno != EINTR) die("epoll_wait: %s", strerror(errno));
    return count;
}

/* Receives or sends what can be done at once: 0 if that is nothing. */
static inline size_t receive_some(int fd, char *data, size_t room) {
    ssize_t got = recv(fd, data, room, 0);
    if (got == 0) die("the server has closed a connection");
    if (got < 0 && errno != EAGAIN) die("recv: %s", strerror(errno));
    return got < 0 ? 0 : (size_t)got;
}

static inline size_t send_some(int fd, const char *data, size_t size) {
    ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) die("send: %s", strerror(errno));
    return sent < 0 ? 0 : (size_t)sent;
}

#endif
