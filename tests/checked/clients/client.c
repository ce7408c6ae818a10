/* An echo client in C: ./client HOST PORT */
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int dial(const char *host, const char *port) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    int error = getaddrinfo(host, port, &hints, &found);
    if (error) {
        fprintf(stderr, "%s: %s\n", host, gai_strerror(error));
        return -1;
    }
    for (struct addrinfo *each = found; each; each = each->ai_next) {
        int sock = socket(each->ai_family, each->ai_socktype, 0);
        if (connect(sock, each->ai_addr, each->ai_addrlen) == 0)
            return sock;
        perror("connect");
        close(sock);
    }
    return -1;
}

/* Control characters could clear the screen: \x1b and the others become dots. */
static void show(const unsigned char *data, size_t count) {
    printf("received: ");
    for (size_t i = 0; i < count; i++) {
        int is_control = data[i] < 32 || data[i] == 127;
        if (data[i] == 0xc2 && i + 1 < count && data[i + 1] < 0xa0)
            is_control = 1, i++;
        if (data[i] != '\n')
            putchar(is_control ? '.' : data[i]);
    }
    putchar('\n');
}

int main(int argc, char **argv) {
    static char line[65536];
    if (argc != 3) {
        fprintf(stderr, "usage: %s HOST PORT\n", argv[0]);
        return 2;
    }
    int sock = dial(argv[1], argv[2]);
    if (sock < 0)
        return 1;
    signal(SIGPIPE, SIG_IGN);
    setbuf(stdout, NULL);
    printf("connected to %s, port %s\n", argv[1], argv[2]);
    while (fgets(line, sizeof line, stdin) && strcmp(line, "exit\n") != 0) {
        size_t count = strlen(line);
        if (send(sock, line, count, 0) < 0) {
            perror("send");
            break;
        }
        printf("sent %zu bytes\n", count);
        ssize_t received = recv(sock, line, count, MSG_WAITALL);
        if (received <= 0) {
            puts("the server closed the connection");
            break;
        }
        show((unsigned char *)line, received);
    }
    close(sock);
    puts("disconnected");
    return 0;
}
