"""Текст отправляется без encode()."""

import socket

sock = socket.socket()
sock.connect(("localhost", 9090))
while (msg := input("Введите строку: ")) != "exit":
    sock.send(msg)
    print(sock.recv(1024).decode())
sock.close()
