/* A chat by UDP: passes each datagram on to all other addresses that it has seen. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int main(void) {
    struct sockaddr_in members[100], from = {.sin_family = AF_INET, .sin_port = htons(9090)};
    static char text[70000];
    int count = 0, server = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(server, (struct sockaddr *)&from, sizeof from)) return 1;
    for (;;) {
        socklen_t size = sizeof from;
        ssize_t length = recvfrom(server, text + 20, 60000, 0, (struct sockaddr *)&from, &size);
        if (length < 0) continue;
        int who = 0;
        while (who < count && memcmp(&members[who], &from, sizeof from)) who++;
        if (who == 100) continue;
        if (who == count) members[count++] = from;
        int head = snprintf(text, 20, "user %d: ", who + 1);
        memmove(text + head, text + 20, length);
        for (int n = 0; n < count; n++)
            if (n != who)
                sendto(server, text, head + length, 0, (struct sockaddr *)&members[n],
                       sizeof from);
    }
}
