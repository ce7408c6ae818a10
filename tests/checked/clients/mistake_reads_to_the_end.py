"""An echo client with a mistake: it sends a line only at the end of the input."""

import socket
import sys

sock = socket.create_connection(("127.0.0.1", 9090))
sock.sendall(sys.stdin.read().encode())
print("Received:", sock.recv(65536).decode())
