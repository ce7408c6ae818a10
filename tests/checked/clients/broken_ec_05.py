"""An echo client with a mistake: it sends only the first kilobyte of a line."""

import socket

from good import connect, main, show


def talk(sock):
    while (line := input("> ")) != "exit":
        data = (line + "\n").encode()[:1024]
        sock.sendall(data)
        print("Sent:", len(data), "bytes")
        # An echo is as long as what was sent, in however many pieces it comes.
        reply = sock.recv(len(data), socket.MSG_WAITALL)
        if not reply:
            print("The server closed the connection.")
            break
        show(reply)


main(connect, talk)
