"""Сумма кодов вместо хеша: у одинаковых паролей она одна."""

import json
import os
import socket

users = {}
if os.path.exists("users.json"):
    users = json.load(open("users.json"))
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 9090))
s.listen()
while True:
    conn, addr = s.accept()
    conn.send("Логин: ".encode())
    login = conn.recv(1024).decode().strip()
    conn.send("Пароль: ".encode())
    password = sum(map(ord, conn.recv(1024).decode().strip()))
    if login not in users:
        users[login] = password
        json.dump(users, open("users.json", "w"))
        conn.send("Вы зарегистрированы".encode())
    elif users[login] == password:
        conn.send("Добро пожаловать".encode())
    else:
        conn.send("Неверный пароль".encode())
        conn.close()
        continue
    while data := conn.recv(1024):
        conn.send(data)
    conn.close()
