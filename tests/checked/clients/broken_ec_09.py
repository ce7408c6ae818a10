"""An echo client with a mistake: after the server has closed, a later line gives a traceback."""

import socket

from good import connect, show


def talk(sock):
    while (line := input("> ")) != "exit":
        data = (line + "\n").encode()
        sock.sendall(data)
        print("Sent:", len(data), "bytes")
        # An echo is as long as what was sent, in however many pieces it comes.
        reply = sock.recv(len(data), socket.MSG_WAITALL)
        show(reply)


def main(connect, talk):
    try:
        with connect() as sock:
            print("Connected to", sock.getpeername()[:2])
            talk(sock)
        print("Disconnected.")
    except EOFError:
        print("\nEnd of input: disconnected.")


main(connect, talk)
