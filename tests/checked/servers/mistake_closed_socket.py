"""After its first client it closes the listening socket, not the client's."""

import common

sock = common.open_port(9090)
while True:
    conn, addr = sock.accept()
    while data := conn.recv(1024):
        conn.sendall(data)
    sock.close()
