"""После exit программа не кончается: поток ждёт в recv()."""

import socket
import threading

sock = socket.socket()
sock.connect(("localhost", 9090))
print("Соединение с сервером")


def receive():
    while data := sock.recv(1024):
        print("Получено:", data.decode("utf-8", "replace"))


threading.Thread(target=receive).start()
while (msg := input()) != "exit":
    sock.send(msg.encode())
    print("Отправлено")
sock.close()
print("Разрыв соединения")
