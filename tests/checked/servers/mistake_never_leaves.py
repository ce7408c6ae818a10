"""Цикл с клиентом не кончается на b"": следующего клиента никто не обслуживает."""

import socket

sock = socket.socket()
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.bind(("", 9090))
sock.listen(5)
print("Слушаем порт 9090")
while True:
    conn, addr = sock.accept()
    print("Подключился", addr)
    while True:
        data = conn.recv(1024)
        if data:
            conn.send(data)
