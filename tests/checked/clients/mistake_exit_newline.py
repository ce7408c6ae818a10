"""Строка сравнивается с "exit\\n", а input() возвращает её без конца строки."""

import socket

sock = socket.socket()
sock.connect(("localhost", 9090))
while True:
    msg = input("Введите строку: ")
    if msg == "exit\n":
        break
    sock.send(msg.encode())
    print(sock.recv(1024).decode())
sock.close()
