"""An echo client with a mistake: it does not send UTF-8."""

import socket

sock = socket.create_connection(("127.0.0.1", 9090))
while (line := input("> ")) != "exit":
    sock.sendall(line.encode("cp1251"))
    print("Received:", sock.recv(65536).decode("cp1251"))
