"""A client that sends the length before each text, in ten characters."""

import socket

from good import connect, main, show


def receive(sock, count):
    data = sock.recv(count, socket.MSG_WAITALL)
    if len(data) < count:
        raise ConnectionError("the server closed the connection")
    return data


def talk(sock):
    while (line := input("Message: ")) != "exit":
        data = line.encode()
        sock.sendall(f"{len(data):<10}".encode() + data)
        print("Sent", len(data), "bytes")
        show(receive(sock, int(receive(sock, 10))))


main(connect, talk)
