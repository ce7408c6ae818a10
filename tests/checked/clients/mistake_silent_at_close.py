"""An echo client with a mistake: it ends without a word, whatever goes wrong."""

import socket

try:
    sock = socket.create_connection(("127.0.0.1", 9090))
    while (line := input("> ")) != "exit":
        sock.sendall(line.encode())
        print("Received:", sock.recv(65536).decode())
except Exception:  # noqa: S110 (the mistake)
    pass
