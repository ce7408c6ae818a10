"""Каждая порция в 1 КБ декодируется отдельно: буква на границе вызывает ошибку."""

import socket

sock = socket.socket()
sock.connect(("localhost", 9090))
print("Соединение с сервером")
while (msg := input("Введите сообщение: ")) != "exit":
    data = (msg + "\n").encode()
    sock.sendall(data)
    print("Отправка данных серверу")
    answer = ""
    while not answer.endswith("\n"):
        answer += sock.recv(1024).decode()
    print("Приём данных от сервера:", answer.strip())
sock.close()
print("Разрыв соединения с сервером")
