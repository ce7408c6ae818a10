"""Ключ - адрес вместе с портом, а порт каждый раз другой: имя спрашивают снова."""

import socket

sock = socket.socket()
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.bind(("", 9090))
sock.listen(5)
print("Слушаем порт 9090")
names = {}
while True:
    conn, addr = sock.accept()
    print("Подключился", addr)
    if addr in names:
        conn.send(f"Здравствуйте, {names[addr]}!".encode())
    else:
        conn.send("Как вас зовут? ".encode())
        names[addr] = conn.recv(1024).decode().strip()
        with open("names.txt", "w", encoding="utf-8") as file:
            file.write("\n".join(names.values()))
        conn.send("Имя записано".encode())
    while data := conn.recv(1024):
        conn.send(data)
    conn.close()
