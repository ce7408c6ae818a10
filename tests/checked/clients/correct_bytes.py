"""A client that prints the bytes themselves, as the lecture's clients do."""

import socket

from good import connect, main


def talk(sock):
    while (line := input("> ")) != "exit":
        data = (line + "\n").encode()
        sock.sendall(data)
        print("Sent:", data)
        reply = sock.recv(len(data), socket.MSG_WAITALL)
        if not reply:
            print("The server closed the connection.")
            break
        print("Received:", reply)


main(connect, talk)
