"""Ответ сервера не читается."""

import socket

sock = socket.socket()
sock.connect(("localhost", 9090))
print("Соединение с сервером")
while (msg := input("Введите строку: ")) != "exit":
    sock.send(msg.encode("utf-8"))
    print("Отправка данных серверу")
sock.close()
print("Разрыв соединения с сервером")
