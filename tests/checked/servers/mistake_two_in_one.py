"""Сервер завершается вместе с клиентом и сообщает только об отключении."""

import socket

s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 9090))
print("Сервер запущен")
s.listen(1)
print("Слушаем порт 9090")
conn, addr = s.accept()
print("Подключился", addr)
while True:
    data = conn.recv(1024)
    if not data:
        break
    print("Принято", data)
    conn.send(data)
    print("Отправлено", data)
conn.close()
print("Клиент отключился")
