"""str() of bytes is sent, and one message alone is answered."""

import common

sock = common.open_port(9090)
while True:
    conn, addr = sock.accept()
    conn.sendall(str(conn.recv(1024)).encode())
