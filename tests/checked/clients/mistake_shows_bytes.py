"""EC-15: print() of bytes."""

import socket

with socket.create_connection(("localhost", 9090)) as connection:
    while (line := input("> ")) != "exit":
        connection.sendall(line.encode())
        print(connection.recv(1024))
