"""An echo client with a mistake: it sends how Python writes the bytes of a line."""

import socket

sock = socket.create_connection(("127.0.0.1", 9090))
while (line := input("> ")) != "exit":
    sock.sendall(str(line.encode()).encode())
    print("Received:", sock.recv(65536).decode())
