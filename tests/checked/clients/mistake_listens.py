"""An echo client with a mistake: it waits for a connection instead of making one."""

import socket

with socket.create_server(("127.0.0.1", 9090)) as server:
    sock, _address = server.accept()
while (line := input("> ")) != "exit":
    sock.sendall(line.encode())
    print("Received:", sock.recv(65536).decode())
