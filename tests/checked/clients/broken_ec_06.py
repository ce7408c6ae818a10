"""An echo client with a mistake: it sends the first line again instead of the others."""

import socket

from good import connect, main, show


def talk(sock):
    line = input("> ")
    data = (line + "\n").encode()
    while line != "exit":
        sock.sendall(data)
        print("Sent:", len(data), "bytes")
        # An echo is as long as what was sent, in however many pieces it comes.
        reply = sock.recv(len(data), socket.MSG_WAITALL)
        if not reply:
            print("The server closed the connection.")
            break
        show(reply)
        line = input("> ")


main(connect, talk)
