"""An echo client with a mistake: it receives before it sends."""

import socket

sock = socket.create_connection(("127.0.0.1", 9090))
while (line := input("> ")) != "exit":
    print("Received:", sock.recv(65536).decode())
    sock.sendall(line.encode())
