"""An echo client with a mistake: it sends and shows cp1251 instead of UTF-8."""

import socket

from good import connect, main


def show(data):
    text = data.decode("cp1251", errors="replace").rstrip("\n")
    # Control characters could clear the screen, so they are shown as \x1b and the like.
    print("Received:", "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text))


def talk(sock):
    while (line := input("> ")) != "exit":
        data = (line + "\n").encode("cp1251", errors="replace")
        sock.sendall(data)
        print("Sent:", len(data), "bytes")
        # An echo is as long as what was sent, in however many pieces it comes.
        reply = sock.recv(len(data), socket.MSG_WAITALL)
        if not reply:
            print("The server closed the connection.")
            break
        show(reply)


main(connect, talk)
