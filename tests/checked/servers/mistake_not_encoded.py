"""It sends text, not bytes."""

import common

sock = common.open_port(9090)
while True:
    conn, addr = sock.accept()
    while data := conn.recv(1024):
        conn.send("Вы сказали: " + data.decode())
    conn.close()
