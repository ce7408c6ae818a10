/* A header of 16 characters, which ends with zero bytes; a process for each client. */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SIZE = 16, LONGEST = 100000 };

static int receive(int client, char *data, long size) {
    while (size > 0) {
        ssize_t count = recv(client, data, size, 0);
        if (count <= 0) return 0;
        data += count;
        size -= count;
    }
    return 1;
}

static void serve(int client) {
    static char header[SIZE + 1], data[LONGEST];
    while (receive(client, header, SIZE)) {
        char *end;
        long length = strtol(header, &end, 10);
        if (end == header || length < 0 || length > LONGEST) return;
        if (!receive(client, data, length)) return;
        memset(header, 0, SIZE);
        snprintf(header, SIZE, "%ld", length);
        for (long sent = -SIZE; sent < length;) {
            ssize_t count = sent < 0 ? send(client, header + SIZE + sent, -sent, MSG_NOSIGNAL)
                                     : send(client, data + sent, length - sent, MSG_NOSIGNAL);
            if (count <= 0) return;
            sent += count;
        }
    }
}

int main(void) {
    int server = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9090)};
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(server, (struct sockaddr *)&address, sizeof address) || listen(server, 10)) return 1;
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int client = accept(server, NULL, NULL);
        if (client < 0) continue;
        if (!fork()) {
            close(server);
            serve(client);
            exit(0);
        }
        close(client);
    }
}
