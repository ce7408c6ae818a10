"""Each portion is decoded by itself: a letter on the border ends the server."""

import socket

import common

sock = common.open_port(9090)
while True:
    conn, addr = sock.accept()
    common.report(f"Подключение клиента: {addr}")
    try:
        while True:
            data = conn.recv(1024)
            if not data:
                break
            msg = data.decode()
            common.report(f"Приём данных от клиента: {msg}")
            conn.send(msg.encode())
            common.report("Отправка данных клиенту")
    except socket.error:
        common.report("Разрыв соединения")
    conn.close()
    common.report("Отключение клиента")
