"""An echo client with a mistake: it receives the reply, but does not show it."""

import socket

from good import connect, main


def talk(sock):
    while (line := input("> ")) != "exit":
        data = (line + "\n").encode()
        sock.sendall(data)
        print("Sent:", len(data), "bytes")
        # An echo is as long as what was sent, in however many pieces it comes.
        reply = sock.recv(len(data), socket.MSG_WAITALL)
        if not reply:
            print("The server closed the connection.")
            break
        print("Received:", len(reply), "bytes")


main(connect, talk)
