"""Asks for a name or a token, and closes the connection after one answer; stores a slow hash."""

import hashlib
import json
import secrets
import socket

FILE = "users.json"
ROUNDS = 100_000
tokens = {}


def load():
    try:
        with open(FILE) as file:
            return json.load(file)
    except (FileNotFoundError, ValueError):
        return {}


def hashed(password, salt):
    data = hashlib.pbkdf2_hmac("sha256", password.encode(), bytes.fromhex(salt), ROUNDS)
    return data.hex()


def serve(file):
    def ask(text):
        print(text, file=file, flush=True)
        return file.readline(1000).strip()

    users = load()
    name = ask("Name or token:")
    if name in tokens:
        print(f"Welcome back, {tokens[name]}! You need no password.", file=file)
        return
    if name in users:
        if hashed(ask("Password:"), users[name][0]) != users[name][1]:
            print("Wrong password, access denied.", file=file)
            return
    else:
        password = ask("You are new. Your new password:")
        if not (name and password):
            print("Nothing may be empty.", file=file)
            return
        salt = secrets.token_hex(16)
        users[name] = salt, hashed(password, salt)
        with open(FILE, "w") as file_of_users:
            json.dump(users, file_of_users)
    token = secrets.token_hex(16)
    tokens[token] = name
    print(f"Welcome, {name}!\nYour token: {token}", file=file)


server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("", 9090))
server.listen()
print("Listening on port 9090")
while True:
    client, address = server.accept()
    print("Connected:", address)
    try:
        with client, client.makefile("rw", errors="replace") as file:
            serve(file)
    except OSError as error:
        print("Error:", error)
