"""An echo client with a mistake: it receives until as many bytes have come as the line has letters."""

import socket

sock = socket.create_connection(("127.0.0.1", 9090))
while (line := input("> ")) != "exit":
    sock.sendall(line.encode())
    data = b""
    while len(data) < len(line):
        data += sock.recv(65536)
    print("Received:", data.decode())
