"""An echo client with a mistake: it receives as many bytes as the line has letters."""

import socket

sock = socket.create_connection(("127.0.0.1", 9090))
while (line := input("> ")) != "exit":
    sock.sendall(line.encode())
    print("Received:", sock.recv(len(line), socket.MSG_WAITALL).decode())
