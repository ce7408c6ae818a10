"""Когда сервер закрыл соединение, recv() сразу возвращает b'', снова и снова."""

import socket
import threading

sock = socket.socket()
sock.connect(("localhost", 9090))
print("Соединение с сервером")


def receive():
    while True:
        data = sock.recv(1024).decode()
        if data:
            print("Получено:", data)


threading.Thread(target=receive, daemon=True).start()
while (msg := input()) != "exit":
    sock.send(msg.encode())
    print("Отправлено")
sock.close()
print("Разрыв соединения")
