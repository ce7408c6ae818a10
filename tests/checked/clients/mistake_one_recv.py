"""Один recv(1024) считается целым ответом."""

import socket

sock = socket.socket()
sock.connect(("localhost", 9090))
print("Соединение с сервером")
while (msg := input("Введите строку: ")) != "exit":
    sock.sendall(msg.encode("utf-8"))
    print("Отправка данных серверу")
    data = sock.recv(1024)
    print("Приём данных от сервера:", data.decode("utf-8", "replace"))
sock.close()
print("Разрыв соединения с сервером")
