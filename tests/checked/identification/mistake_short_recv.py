"""recv(8) читает только начало имени."""

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
    if addr[0] in names:
        conn.send(f"Здравствуйте, {names[addr[0]]}!".encode())
    else:
        conn.send("Как вас зовут? ".encode())
        names[addr[0]] = conn.recv(8).decode().strip()
        json.dump(names, open("names.json", "w"))
        conn.send(f"Приятно познакомиться, {names[addr[0]]}!".encode())
    conn.close()
