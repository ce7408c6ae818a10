"""An echo client with a mistake: it prints what it receives as it is, escape sequences included."""

import socket

from good import connect, main


def show(data):
    text = data.decode(errors="replace").rstrip("\n")
    print("Received:", text)


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
        show(reply)


main(connect, talk)
