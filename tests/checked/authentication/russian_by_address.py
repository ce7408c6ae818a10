"""By address, in Russian, what recv() brings is a message; a wrong password may be tried again."""

import binascii
import hashlib
import json
import os
import socket
import threading

FILE = "clients.json"


def hashed(password, salt):
    return binascii.hexlify(hashlib.pbkdf2_hmac("sha256", password, salt, 50000)).decode()


def load():
    if os.path.exists(FILE):
        with open(FILE, encoding="utf-8") as file:
            return json.load(file)
    return {"clients": []}


def enter(conn, host):
    data = load()
    for client in data["clients"]:
        if client["ip"] == host:
            conn.send(f"Здравствуйте, {client['name']}! Введите пароль: ".encode())
            while hashed(conn.recv(1024), client["salt"].encode()) != client["password"]:
                conn.send("Неверный пароль! Введите пароль ещё раз: ".encode())
            conn.send("Пароль верный".encode())
            return
    conn.send("Введите ваше имя: ".encode())
    name = conn.recv(1024).decode()
    conn.send("Придумайте пароль: ".encode())
    password = conn.recv(1024)
    if not name or not password:
        raise OSError
    salt = os.urandom(8).hex()
    new = {"ip": host, "name": name, "salt": salt, "password": hashed(password, salt.encode())}
    data["clients"].append(new)
    with open(FILE, "w", encoding="utf-8") as file:
        json.dump(data, file, ensure_ascii=False, indent=2)
    conn.send("Вы зарегистрированы".encode())


def talk(conn, addr):
    try:
        enter(conn, addr[0])
        while data := conn.recv(1024):
            conn.send(data)
    except OSError:
        pass
    conn.close()


sock = socket.socket()
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.bind(("", 9090))
sock.listen()
print("Порт 9090")
try:
    while True:
        threading.Thread(target=talk, args=sock.accept(), daemon=True).start()
except KeyboardInterrupt:
    print("Остановка")
