"""Ответ выводится как bytes."""

import socket
import threading

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def receive():
    while True:
        print(sock.recvfrom(65535)[0])


sock.sendto("Анна вошла".encode(), ("127.0.0.1", 9090))
threading.Thread(target=receive, daemon=True).start()
while True:
    sock.sendto(input().encode(), ("127.0.0.1", 9090))
