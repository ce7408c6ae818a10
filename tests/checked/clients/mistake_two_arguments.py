"""An echo client with a mistake: it passes two values to connect()."""

import socket

sock = socket.socket()
sock.connect("127.0.0.1", 9090)
while (line := input("> ")) != "exit":
    sock.sendall(line.encode())
    print("Received:", sock.recv(65536).decode())
