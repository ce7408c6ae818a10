"""All threads answer the client that came last."""

import threading

import common


def serve():
    while data := conn.recv(1024):
        conn.sendall(data)


sock = common.open_port(9090)
while True:
    conn, addr = sock.accept()
    threading.Thread(target=serve, daemon=True).start()
