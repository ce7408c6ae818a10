"""A client with arguments, and with colours of its own."""

import socket
import sys

from good import main, show


def talk(sock):
    while (line := input("\x1b[32m>>>\x1b[0m ")) != "exit":
        data = (line + "\n").encode()
        sock.sendall(data)
        print("\x1b[33msent\x1b[0m")
        reply = sock.recv(len(data), socket.MSG_WAITALL)
        if not reply:
            print("\x1b[31mthe server has closed the connection\x1b[0m")
            break
        print("\x1b[36m", end="")
        show(reply)
        print("\x1b[0m", end="")


main(lambda: socket.create_connection((sys.argv[1], int(sys.argv[2]))), talk)
