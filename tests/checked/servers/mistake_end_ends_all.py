"""The end of a client that says nothing ends the server."""

import common

sock = common.open_port(9090)
while True:
    conn, addr = sock.accept()
    data = conn.recv(1024)
    if not data:
        break
    conn.sendall(data)
