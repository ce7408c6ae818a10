"""A client that also ends at quit and q, and sends exit to the server before it ends."""

import socket

from good import connect, main, show


def talk(sock):
    while True:
        line = input("You: ")
        data = line.encode() + b"\r\n"
        sock.sendall(data)
        print("Message sent")
        if line.lower() in ("exit", "quit", "q"):
            break
        reply = sock.recv(len(data), socket.MSG_WAITALL)
        if not reply:
            print("Server has closed the connection")
            break
        show(reply)


main(connect, talk)
