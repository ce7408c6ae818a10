"""An echo client with a mistake: its socket is one for UDP."""

import socket

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.connect(("127.0.0.1", 9090))
while (line := input("> ")) != "exit":
    sock.send(line.encode())
    print("Received:", sock.recv(65536).decode())
