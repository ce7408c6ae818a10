"""Токен один на всех, и он короткий."""

import json
import os
import socket

users = {}
tokens = {}
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
    conn.send("Пароль или токен: ".encode())
    password = conn.recv(1024).decode().strip()
    if tokens.get(password) == login:
        conn.send("Добро пожаловать".encode())
    elif login not in users:
        users[login] = password
        json.dump(users, open("users.json", "w"))
        conn.send("Вы зарегистрированы".encode())
    elif users[login] == password:
        token = "t1234"
        tokens[token] = login
        conn.send(("Добро пожаловать! Ваш токен: " + token).encode())
    else:
        conn.send("Неверный пароль".encode())
        conn.close()
        continue
    while data := conn.recv(1024):
        conn.send(data)
    conn.close()
