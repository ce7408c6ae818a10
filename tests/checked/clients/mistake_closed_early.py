"""An echo client with a mistake: it closes its socket before it receives."""

import socket

sock = socket.create_connection(("127.0.0.1", 9090))
while (line := input("> ")) != "exit":
    sock.sendall(line.encode())
    sock.close()
    print("Received:", sock.recv(65536).decode())
