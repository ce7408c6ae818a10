"""Ключ словаря - весь адрес, то есть кортеж, а в JSON ключи бывают только текстом."""

import json
import os
import socket

names = {}
if os.path.exists("names.json"):
    names = json.load(open("names.json"))
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 9090))
s.listen()
while True:
    conn, addr = s.accept()
    if addr in names:
        conn.send(f"Здравствуйте, {names[addr]}!".encode())
    else:
        conn.send("Как вас зовут? ".encode())
        names[addr] = conn.recv(1024).decode().strip()
        json.dump(names, open("names.json", "w"))
        conn.send(f"Приятно познакомиться, {names[addr]}!".encode())
    conn.close()
