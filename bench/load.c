/* The load generator of the benchmarks: one thread, epoll, closed loops; one JSON object as its
 * result. It checks what comes back, and ends with status 1 and a line if that is wrong.
 *
 *     load MODE HOST PORT [--connections C] [--size S] [--seconds T] [--warmup W] [--parallel P]
 *     [--pid PID]
 *
 * With --pid it tells the CPU seconds of that server in the measured time, too.
 */

#include "load.h"

/* echo: each connection sends S bytes, gets them back, sends other ones. */

#define SHIFTS 4096 /* a message is one of so many slices of the same random bytes */

struct echo {
    int fd;
    uint32_t slice;
    size_t sent, received;
    uint64_t since;
};

static void run_echo(const struct options *o) {
    size_t size = (size_t)o->size;
    char *random_bytes = malloc(size + SHIFTS), *buffer = malloc(size);
    struct echo *all = calloc((size_t)o->connections, sizeof *all);
    struct epoll_event events[BATCH];
    int epoll = epoll_create1(0), waiting = o->connections;
    for (size_t i = 0; i < size + SHIFTS; i++) random_bytes[i] = (char)(random() >> 8);
    for (int i = 0; i < o->connections; i++) {
        all[i].fd = connect_number(o, i);
        all[i].slice = (uint32_t)i * 31;
        send_byte(all[i].fd, i);
    }
    /* Only then has the server accepted all of them, which is not what is measured here. */
    for (int i = 0; i < o->connections; i++) receive_byte(all[i].fd, i);
    window_open(o);
    /* With edges there is one epoll_ctl a connection; what is full is told when it is not. */
    for (int i = 0; i < o->connections; i++) {
        watch(epoll, all[i].fd, EPOLLIN | EPOLLOUT | EPOLLET, i);
        all[i].since = now_ns();
    }
    while (waiting > 0) {
        int count = wait_events(epoll, events);
        for (int e = 0; e < count; e++) {
            struct echo *c = &all[events[e].data.u32];
            const char *message = random_bytes + c->slice % SHIFTS;
            for (;;) {
                if (c->sent < size) c->sent += send_some(c->fd, message + c->sent, size - c->sent);
                if (!(events[e].events & EPOLLIN)) break;
                size_t got = receive_some(c->fd, buffer, size - c->received);
                if (memcmp(buffer, message + c->received, got)) die("other bytes came back");
                c->received += got;
                if (c->received < size) {
                    if (got == 0) break;
                    continue; /* until there is no more: another edge may not come */
                }
                if (c->sent < size) die("an answer came before its question");
                uint64_t now = now_ns();
                window_count(now, c->since, 1);
                if (window.over) {
                    c->sent = size, c->received = 0;
                    waiting--;
                    break;
                }
                c->slice += 131;
                c->since = now;
                c->received = 0;
                c->sent = send_some(c->fd, random_bytes + c->slice % SHIFTS, size);
                break;
            }
        }
    }
    report("echo");
}

/* frames and pipelined: Int32 frames, with netlab-messages at the other end. */

#define TEXT 60
#define TEXTS 26
#define ROOM (256 << 10)
#define REPLY "Your message: "
#define PROMPT "Message "

static char questions[TEXTS][4 + TEXT], answers[TEXTS][4 + sizeof REPLY - 1 + TEXT];

struct talk {
    int fd;
    uint64_t heard, number, since; /* frames that came, questions that were asked */
    size_t offset, kept;
    char *data; /* what has come of a frame that is not complete */
};

static void put_length(char *frame, uint32_t length) {
    length = htonl(length);
    memcpy(frame, &length, 4);
}

static void write_texts(void) {
    for (int t = 0; t < TEXTS; t++) {
        put_length(questions[t], TEXT);
        put_length(answers[t], sizeof REPLY - 1 + TEXT);
        memcpy(answers[t] + 4, REPLY, sizeof REPLY - 1);
        for (int i = 0; i < TEXT; i++) {
            char letter = (char)((t + i) % 26);
            questions[t][4 + i] = (char)('a' + letter);
            answers[t][4 + sizeof REPLY - 1 + i] = (char)('A' + letter);
        }
    }
}

/* Checks the frame that is complete at `frame`: "Message n:" and answers take turns. */
static void check_frame(const struct talk *c, const char *frame, size_t length) {
    if (c->heard % 2) {
        const char *wanted = answers[c->heard / 2 % TEXTS];
        if (length != sizeof answers[0] - 4 || memcmp(frame, wanted, sizeof answers[0]))
            die("frame %llu is not the answer", (unsigned long long)c->heard);
        return;
    }
    uint64_t number = 0;
    for (size_t i = sizeof PROMPT - 1; i + 1 < length; i++)
        number = number * 10 + (uint64_t)(frame[4 + i] - '0');
    if (length < sizeof PROMPT || memcmp(frame + 4, PROMPT, sizeof PROMPT - 1) ||
        number != c->heard / 2 + 1)
        die("frame %llu is not \"Message %llu:\"", (unsigned long long)c->heard,
            (unsigned long long)(c->heard / 2 + 1));
}

/* Receives once and takes the frames; returns how many answers were among them. */
static uint64_t hear(struct talk *c) {
    size_t got = receive_some(c->fd, c->data + c->kept, ROOM - c->kept);
    size_t end = c->kept + got, start = 0;
    uint64_t answered = 0;
    while (end - start >= 4) {
        uint32_t length;
        memcpy(&length, c->data + start, 4);
        length = ntohl(length);
        if (length > 1000) die("a frame claims %u bytes", length);
        if (end - start < 4 + (size_t)length) break;
        check_frame(c, c->data + start, length);
        answered += c->heard++ % 2;
        start += 4 + length;
    }
    c->kept = end - start;
    memmove(c->data, c->data + start, c->kept);
    return answered;
}

static void ask(struct talk *c) {
    const char *question = questions[c->number++ % TEXTS];
    if (send_some(c->fd, question, sizeof questions[0]) < sizeof questions[0])
        die("the kernel does not take %zu bytes", sizeof questions[0]);
    c->since = now_ns();
}

static void run_messages(const struct options *o, bool pipelined) {
    struct talk *all = calloc((size_t)o->connections, sizeof *all);
    struct epoll_event events[BATCH];
    int epoll = epoll_create1(0), waiting = o->connections;
    size_t block = TEXTS * 36 * sizeof questions[0]; /* about 60,000 bytes */
    char *many = malloc(block);
    write_texts();
    for (size_t i = 0; i < block; i += sizeof questions) memcpy(many + i, questions, sizeof questions);
    for (int i = 0; i < o->connections; i++) {
        all[i].fd = connect_number(o, i);
        all[i].data = malloc(ROOM);
    }
    window_open(o);
    for (int i = 0; i < o->connections; i++)
        watch(epoll, all[i].fd, pipelined ? EPOLLIN | EPOLLOUT : EPOLLIN, i);
    while (pipelined ? !window.over : waiting > 0) {
        int count = wait_events(epoll, events);
        for (int e = 0; e < count; e++) {
            struct talk *c = &all[events[e].data.u32];
            if (pipelined && events[e].events & EPOLLOUT) {
                c->offset += send_some(c->fd, many + c->offset, block - c->offset);
                c->offset %= block;
            }
            if (!(events[e].events & EPOLLIN)) continue;
            uint64_t answered = hear(c);
            if (pipelined) {
                window_count(now_ns(), c->since, answered);
            } else if (c->heard == 2 * c->number + 1) {
                if (c->number) window_count(now_ns(), c->since, 1);
                if (window.over) waiting--;
                else ask(c);
            } else if (c->heard > 2 * c->number + 1) {
                die("more frames than were asked for");
            }
        }
    }
    if (pipelined) memset(histogram, 0, sizeof histogram); /* nothing was waited for */
    report(pipelined ? "pipelined" : "frames");
}

/* accept: connect, one byte there and back, reset (so that no port stays in TIME_WAIT). */

struct knock {
    int fd;
    bool asked;
    uint64_t since;
};

static void knock(const struct options *o, int epoll, struct knock *c, int number) {
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    c->since = now_ns();
    c->asked = false;
    c->fd = open_socket();
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    if (connect(c->fd, (const struct sockaddr *)&o->server, sizeof o->server) &&
        errno != EINPROGRESS)
        die("connect: %s", strerror(errno));
    watch(epoll, c->fd, EPOLLIN | EPOLLOUT | EPOLLET, number);
}

static void run_accept(const struct options *o) {
    struct knock *all = calloc((size_t)o->parallel, sizeof *all);
    struct epoll_event events[BATCH];
    int epoll = epoll_create1(0), waiting = o->parallel;
    window_open(o);
    for (int i = 0; i < o->parallel; i++) knock(o, epoll, &all[i], i);
    while (waiting > 0) {
        int count = wait_events(epoll, events);
        for (int e = 0; e < count; e++) {
            int number = (int)events[e].data.u32;
            struct knock *c = &all[number];
            char wanted = (char)c->since, byte;
            if (!c->asked) c->asked = send_some(c->fd, &wanted, 1) == 1;
            if (!(events[e].events & EPOLLIN) || receive_some(c->fd, &byte, 1) == 0) continue;
            if (byte != wanted) die("another byte came back");
            uint64_t now = now_ns();
            window_count(now, c->since, 1);
            close(c->fd);
            if (window.over) waiting--;
            else knock(o, epoll, c, number);
        }
    }
    report("accept");
}

/* broadcast: one member says a line; once all have got it, the next member says the next. */

static void run_broadcast(const struct options *o) {
    struct member { int fd, port; size_t got; } *all = calloc((size_t)o->connections, sizeof *all);
    struct epoll_event events[BATCH];
    char buffer[256], line[64], wanted[256];
    int epoll = epoll_create1(0);
    for (int i = 0; i < o->connections; i++) {
        struct sockaddr_in own;
        socklen_t size = sizeof own;
        all[i].fd = connect_number(o, i);
        receive_exactly(all[i].fd, buffer, 8);
        if (memcmp(buffer, "CONNECT\n", 8)) die("no CONNECT came");
        getsockname(all[i].fd, (struct sockaddr *)&own, &size);
        all[i].port = ntohs(own.sin_port);
        watch(epoll, all[i].fd, EPOLLIN, i);
    }
    window_open(o);
    for (uint64_t number = 0; !window.over; number++) {
        struct member *speaker = &all[number % (uint64_t)o->connections];
        int said = snprintf(line, sizeof line, "LINE %llu\n", (unsigned long long)number);
        size_t size = (size_t)snprintf(wanted, sizeof wanted,
                                       "Message from client ('127.0.0.1', %d): %s", speaker->port, line);
        uint64_t since = now_ns();
        if (send_some(speaker->fd, line, (size_t)said) < (size_t)said) die("a line was not taken");
        for (int missing = o->connections; missing > 0;) {
            int count = wait_events(epoll, events);
            for (int e = 0; e < count; e++) {
                struct member *m = &all[events[e].data.u32];
                size_t got = receive_some(m->fd, buffer, sizeof buffer);
                if (m->got + got > size || memcmp(buffer, wanted + m->got, got))
                    die("a member heard another line");
                m->got += got;
                if (m->got < size) continue;
                m->got = 0;
                missing--;
            }
        }
        window_count(now_ns(), since, (uint64_t)o->connections);
    }
    report("broadcast");
}

/* idle: opens all, one echo on each, says that they stand, and holds them until stdin ends. */

static void run_idle(const struct options *o) {
    uint64_t started = now_ns();
    char byte;
    for (int i = 0; i < o->connections; i++) {
        int fd = connect_number(o, i);
        send_byte(fd, i);
        receive_byte(fd, i);
    }
    printf("{\"mode\": \"idle\", \"count\": %d, \"seconds\": %.6f}\n", o->connections,
           (double)(now_ns() - started) / 1e9);
    fflush(stdout);
    while (read(0, &byte, 1) > 0) {}
}

int main(int count, char **arguments) {
    struct options o = {.connections = 1, .size = 1024, .parallel = 16, .seconds = 2, .warmup = 0.5};
    static const struct option names[] = {
        {"connections", required_argument, 0, 'c'}, {"size", required_argument, 0, 's'},
        {"seconds", required_argument, 0, 't'},     {"warmup", required_argument, 0, 'w'},
        {"parallel", required_argument, 0, 'p'},    {"pid", required_argument, 0, 'i'},
        {0, 0, 0, 0},
    };
    for (int name; (name = getopt_long(count, arguments, "", names, 0)) != -1;) switch (name) {
            case 'c': o.connections = atoi(optarg); break;
            case 's': o.size = atoi(optarg); break;
            case 't': o.seconds = atof(optarg); break;
            case 'w': o.warmup = atof(optarg); break;
            case 'p': o.parallel = atoi(optarg); break;
            case 'i': o.pid = atoi(optarg); break;
            default: return 2;
        }
    if (count - optind != 3 || o.connections < 1 || o.size < 1 || o.parallel < 1)
        die("usage: load MODE HOST PORT [options]");
    const char *mode = arguments[optind];
    o.server.sin_family = AF_INET;
    o.server.sin_port = htons((uint16_t)atoi(arguments[optind + 2]));
    if (inet_pton(AF_INET, arguments[optind + 1], &o.server.sin_addr) != 1) die("not an IPv4 address");
    raise_file_limit();
    if (!strcmp(mode, "echo")) run_echo(&o);
    else if (!strcmp(mode, "frames")) run_messages(&o, false);
    else if (!strcmp(mode, "pipelined")) run_messages(&o, true);
    else if (!strcmp(mode, "accept")) run_accept(&o);
    else if (!strcmp(mode, "broadcast")) run_broadcast(&o);
    else if (!strcmp(mode, "idle")) run_idle(&o);
    else die("no mode is called %s", mode);
    return 0;
}
