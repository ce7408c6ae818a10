"""Имя хранится вместе с переводом строки, а строка без запятой завершает сервер."""

import os
import socket

names = {}
if os.path.exists("names.txt"):
    for line in open("names.txt"):
        ip, name = line.strip().split(",")
        names[ip] = name
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 9090))
s.listen(5)
while True:
    conn, addr = s.accept()
    ip = addr[0]
    if ip in names:
        conn.send(f"Здравствуйте, {names[ip]}".encode())
    else:
        conn.send("Как вас зовут? ".encode())
        name = conn.recv(1024).decode()
        if name:
            names[ip] = name
            with open("names.txt", "a") as f:
                f.write(f"{ip},{name}\n")
            conn.send(f"Здравствуйте, {name}".encode())
    conn.close()
