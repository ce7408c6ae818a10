"""An echo client with a mistake: it shows the replies alone, and no events."""

import socket

from good import connect


def show(data):
    text = data.decode(errors="replace").rstrip("\n")
    # Control characters could clear the screen, so they are shown as \x1b and the like.
    print("".join(c if c.isprintable() else ascii(c)[1:-1] for c in text))


def talk(sock):
    while (line := input("> ")) != "exit":
        data = (line + "\n").encode()
        sock.sendall(data)
        # An echo is as long as what was sent, in however many pieces it comes.
        reply = sock.recv(len(data), socket.MSG_WAITALL)
        if not reply:
            print("The server closed the connection.")
            break
        show(reply)


def main(connect, talk):
    try:
        with connect() as sock:
            talk(sock)
    except EOFError:
        pass
    except OSError as error:
        print("The connection failed:", error)


main(connect, talk)
