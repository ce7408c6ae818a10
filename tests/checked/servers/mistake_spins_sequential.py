"""One client after the other, but none after the first: recv() returns b"" for ever."""

import common

sock = common.open_port(9090)
while True:
    conn, addr = sock.accept()
    common.report(f"Подключение клиента: {addr}")
    while True:
        data = conn.recv(1024)
        conn.send(data)
