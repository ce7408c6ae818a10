"""Спрашивает имя у каждого нового адреса и ждёт не дольше полсекунды."""

import socket

port = int(input("Введите номер порта: ") or 9090)
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("", port))
server.settimeout(0.5)
print("Сервер запущен, порт", port)
names = {}
try:
    while True:
        try:
            data, address = server.recvfrom(4096)
        except TimeoutError:
            continue
        text = data.decode("utf-8", "ignore")
        if address not in names:
            names[address] = None
            server.sendto("Введите ваше имя: ".encode(), address)
        elif names[address] is None:
            names[address] = text
            server.sendto("Добро пожаловать!".encode(), address)
        elif text:
            for other in names:
                if other != address:
                    server.sendto(f"[{names[address]}] {text}".encode(), other)
except KeyboardInterrupt:
    print("Сервер остановлен")
