"""listen() is never called."""

import socket

sock = socket.socket()
sock.bind(("", 9090))
while True:
    conn, addr = sock.accept()
    conn.sendall(conn.recv(1024))
