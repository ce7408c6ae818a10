"""После конца ввода (Ctrl-D) цикл читает дальше, вместо того чтобы кончиться."""

import socket
import sys

sock = socket.socket()
sock.connect(("localhost", 9090))
print("Соединение с сервером")
while True:
    msg = sys.stdin.readline().strip()
    if msg == "exit":
        break
    if msg:
        sock.send(msg.encode())
        print("Отправлено. Получено:", sock.recv(1024).decode())
sock.close()
print("Разрыв соединения")
