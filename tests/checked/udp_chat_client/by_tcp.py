"""A client by TCP: no datagram leaves it."""

import socket

client = socket.create_connection(("127.0.0.1", 9090))
while (line := input("> ")) != "exit":
    client.sendall(line.encode())
    print(client.recv(1024).decode())
