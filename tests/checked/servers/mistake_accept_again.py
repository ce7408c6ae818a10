"""accept() is inside the loop of the messages, so each client has one message."""

import common

sock = common.open_port(9090)
while True:
    conn, addr = sock.accept()
    conn.sendall(conn.recv(1024))
