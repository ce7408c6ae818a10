"""The pair that accept() returns is taken for the socket."""

import common

sock = common.open_port(9090)
while True:
    conn = sock.accept()
    conn.sendall(conn.recv(1024))
