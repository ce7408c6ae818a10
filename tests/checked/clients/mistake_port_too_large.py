"""Порт состоит из цифр, но может быть больше 65535: connect() вызывает OverflowError."""

import socket

host = input("Введите хост (127.0.0.1): ") or "127.0.0.1"
text = input("Введите порт (9090): ")
port = int(text) if text.isdigit() else 9090
sock = socket.socket()
try:
    sock.connect((host, port))
except OSError as error:
    raise SystemExit(f"Сервер недоступен: {error}") from None
print("Соединение установлено")
while (msg := input("> ")) != "exit":
    sock.send(msg.encode())
    print("Отправлено")
    print("Получено:", sock.recv(1024).decode())
sock.close()
print("Соединение закрыто")
