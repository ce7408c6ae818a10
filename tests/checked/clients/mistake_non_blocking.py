"""An echo client with a mistake: its socket does not block."""

import socket

sock = socket.create_connection(("127.0.0.1", 9090))
sock.setblocking(False)
while (line := input("> ")) != "exit":
    sock.sendall(line.encode())
    print("Received:", sock.recv(65536).decode())
