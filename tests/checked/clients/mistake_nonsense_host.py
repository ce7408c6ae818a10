"""Порт проверяется, а неизвестный хост вызывает socket.gaierror."""

import socket

host = input("Введите хост (localhost): ") or "localhost"
try:
    port = int(input("Введите порт (9090): ") or 9090)
except ValueError:
    port = 9090
sock = socket.socket()
try:
    sock.connect((host, port))
except (ConnectionRefusedError, OverflowError):
    raise SystemExit("Сервер не запущен") from None
print("Соединение установлено")
while (msg := input("> ")) != "exit":
    sock.send(msg.encode())
    print("Отправлено")
    print("Получено:", sock.recv(1024).decode())
sock.close()
print("Соединение закрыто")
