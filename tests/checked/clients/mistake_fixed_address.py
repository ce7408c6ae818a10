"""Хост и порт даны в командной строке, но не используются."""

import socket
import sys

HOST = "192.168.1.5"
PORT = 5555

if len(sys.argv) != 3:
    sys.exit("python client.py <хост> <порт>")
sock = socket.socket()
sock.connect((HOST, PORT))
print("Соединение установлено")
while (msg := input()) != "exit":
    sock.send(msg.encode())
    print("Получено:", sock.recv(1024).decode())
sock.close()
