/* A process for each client. */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static pid_t parent;

static void stop(int number)
{
    (void)number;
    if (getpid() == parent)
        (void)!write(1, "Server stopped\n", 15);
    _exit(0);
}

static int open_port(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = INADDR_ANY};
    int yes = 1, server = socket(AF_INET, SOCK_STREAM, 0);

    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    address.sin_port = htons(port);
    if (bind(server, (struct sockaddr *)&address, sizeof address) || listen(server, 5)) {
        printf("Port %d: %s\n", port, strerror(errno));
        close(server);
        return open_port(port + 1);
    }
    printf("Server started, it listens on port %d\n", port);
    return server;
}

static int send_all(int client, const char *data, ssize_t count)
{
    while (count > 0) {
        ssize_t sent = send(client, data, count, MSG_NOSIGNAL);
        if (sent < 0)
            return 0;
        data += sent;
        count -= sent;
    }
    return 1;
}

static void serve(int client)
{
    char data[1024];
    ssize_t count;

    puts("Client connected");
    while ((count = recv(client, data, sizeof data, 0)) > 0) {
        printf("Received %zd bytes\n", count);
        if (!send_all(client, data, count))
            break;
        printf("Sent %zd bytes\n", count);
    }
    puts("Client disconnected");
}

int main(void)
{
    char answer[100] = "";
    int port, server;

    setvbuf(stdout, NULL, _IOLBF, 0);
    fputs("Port [9090]: ", stdout);
    fflush(stdout);
    if (fgets(answer, sizeof answer, stdin) == NULL)
        return 1;
    port = atoi(answer);
    server = open_port(port > 0 && port < 65536 ? port : 9090);
    parent = getpid();
    signal(SIGINT, stop);
    signal(SIGCHLD, SIG_IGN); /* the kernel buries the children */
    for (;;) {
        int client = accept(server, NULL, NULL);
        if (client < 0)
            continue;
        if (fork() == 0) {
            close(server);
            serve(client);
            _exit(0);
        }
        close(client);
    }
}
