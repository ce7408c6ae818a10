/* The C peer of the benchmarks: an echo server with epoll in one thread, level-triggered.
 *
 * It reads up to 64 KiB, sends it at once, and while a peer does not take its answer reads nothing
 * more from it. No TLS, no limits, no log: it is the ruler, not a rival. It prints its port.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH 256
#define CHUNK (64 << 10)

struct owed {
    size_t size;
    char data[];
};

static struct owed **owed; /* by descriptor: what a peer has not taken yet, or NULL */

static void watch(int epoll, int operation, int fd, unsigned events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    epoll_ctl(epoll, operation, fd, &event);
}

static void hang_up(int fd) {
    free(owed[fd]);
    owed[fd] = NULL;
    close(fd);
}

/* Sends what the kernel takes; keeps the rest, and waits for room instead of data. */
static void answer(int epoll, int fd, const char *data, size_t size) {
    ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        hang_up(fd);
        return;
    }
    size_t left = size - (sent < 0 ? 0 : (size_t)sent);
    struct owed *before = owed[fd];
    if (left == 0) {
        if (before) watch(epoll, EPOLL_CTL_MOD, fd, EPOLLIN);
        owed[fd] = NULL;
    } else {
        owed[fd] = malloc(sizeof **owed + left);
        owed[fd]->size = left;
        memcpy(owed[fd]->data, data + size - left, left);
        if (!before) watch(epoll, EPOLL_CTL_MOD, fd, EPOLLOUT);
    }
    free(before);
}

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    struct epoll_event events[BATCH];
    struct rlimit limit;
    static char data[CHUNK];
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    owed = calloc(limit.rlim_cur, sizeof *owed);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), epoll = epoll_create1(0);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1024)) {
        perror("echo");
        return 1;
    }
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN);
    for (;;) {
        int count = epoll_wait(epoll, events, BATCH, -1);
        for (int e = 0; e < count; e++) {
            int fd = events[e].data.fd;
            if (fd == listener) {
                for (int peer, on = 1; (peer = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
                    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                    watch(epoll, EPOLL_CTL_ADD, peer, EPOLLIN);
                }
            } else if (owed[fd]) {
                answer(epoll, fd, owed[fd]->data, owed[fd]->size);
            } else {
                ssize_t got = recv(fd, data, CHUNK, 0);
                if (got > 0) answer(epoll, fd, data, (size_t)got);
                else if (got == 0 || errno != EAGAIN) hang_up(fd);
            }
        }
    }
}
