"""Ответ читается до перевода строки, которого клиент не отправлял."""

import socket

sock = socket.socket()
sock.connect(("127.0.0.1", 9090))
print("Соединение установлено")
while (msg := input("> ")) != "exit":
    sock.sendall(msg.encode())
    data = b""
    while not data.endswith(b"\n"):
        data += sock.recv(1024)
    print("Получено:", data.decode())
sock.close()
