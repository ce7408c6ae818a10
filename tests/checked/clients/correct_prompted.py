"""The lecture's client for several messages: the server asks for each of them."""

import socket

from good import main, show


def talk(sock):
    while prompt := sock.recv(1024):
        show(prompt)
        line = input()
        sock.sendall(line.encode())
        if line == "exit":
            return
        print("Sent.")
        reply = sock.recv(len(line.encode()), socket.MSG_WAITALL)
        if not reply:
            break
        show(reply)
    print("The server closed the connection.")


main(lambda: socket.create_connection(("localhost", 3333)), talk)
