"""An echo client with a mistake: it ends after one line."""

import socket

from good import connect, main, show


def talk(sock):
    if (line := input("> ")) != "exit":
        data = (line + "\n").encode()
        sock.sendall(data)
        print("Sent:", len(data), "bytes")
        # An echo is as long as what was sent, in however many pieces it comes.
        reply = sock.recv(len(data), socket.MSG_WAITALL)
        if not reply:
            print("The server closed the connection.")
        else:
            show(reply)


main(connect, talk)
