"""Каждая порция ответа заменяет предыдущую."""

import socket

sock = socket.socket()
sock.connect(("127.0.0.1", 9090))
sock.settimeout(0.5)
print("Соединение установлено")
while (msg := input("> ")) != "exit":
    sock.sendall(msg.encode())
    try:
        while part := sock.recv(1024):
            data = part
    except TimeoutError:
        pass
    print("Получено:", data.decode())
sock.close()
