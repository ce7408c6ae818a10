"""Порт остаётся строкой: connect() хочет число."""

import socket

sock = socket.socket()
host = input("Введите имя хоста: ")
port = input("Введите порт: ")
sock.connect((host, port))
print("Соединение установлено")
while (msg := input()) != "exit":
    sock.send(msg.encode())
    print("Получено:", sock.recv(1024).decode())
sock.close()
