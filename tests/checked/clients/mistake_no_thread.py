"""An echo client with a mistake: the function of its thread runs at once, because of the brackets."""

import socket
import threading

sock = socket.create_connection(("127.0.0.1", 9090))


def receive():
    while data := sock.recv(65536):
        print("Received:", data.decode())


threading.Thread(target=receive()).start()
while (line := input("> ")) != "exit":
    sock.sendall(line.encode())
