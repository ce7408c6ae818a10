"""A reset while the server waits is caught, and one while it sends is not."""

import common

sock = common.open_port(9090)
while True:
    conn, addr = sock.accept()
    while True:
        try:
            data = conn.recv(1024)
        except ConnectionResetError:
            break
        if not data:
            break
        conn.sendall(data)
    conn.close()
