"""A good authentication server with tokens; most servers of this folder change one part of it."""

import hashlib
import hmac
import json
import os
import secrets
import socket
import threading

USERS = "users.json"
MENU = "1. Register\n2. Log in\n3. Log in with a token\nYour choice:"
lock = threading.Lock()
tokens = {}


def load():
    try:
        with open(USERS, encoding="utf-8") as file:
            return dict(json.load(file))
    except (OSError, ValueError):
        return {}


def save(users):
    with open(USERS, "w", encoding="utf-8") as file:
        json.dump(users, file)


def stored(password):
    """What is stored of a password: salt and hash."""
    salt = os.urandom(16)
    return f"{salt.hex()}${derived(password, salt).hex()}"


def derived(password, salt):
    return hashlib.scrypt(password.encode(), salt=salt, n=1024, r=8, p=1)


def fits(password, entry):
    salt, digest = map(bytes.fromhex, entry.split("$"))
    return hmac.compare_digest(derived(password, salt), digest)


def is_right(name, password):
    users = load()
    return name in users and fits(password, users[name])


def is_good(password):
    return len(password) >= 4


def new_token(name):
    token = secrets.token_hex(16)
    tokens[token] = name
    return token


def owns(name, token):
    return tokens.get(token) == name


def report(text):
    print(text, flush=True)
    with open("server.log", "a", encoding="utf-8") as log:
        log.write(text + "\n")


def lines(client):
    waiting = b""
    while data := client.recv(1024):
        *whole, waiting = (waiting + data).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace").strip()


def say(client, text):
    client.sendall(f"{text}\n".encode())


def register(client, heard):
    say(client, "New name:")
    name = next(heard)
    say(client, "New password:")
    password = next(heard)
    with lock:
        users = load()
        if name and name not in users and is_good(password):
            users[name] = stored(password)
            save(users)
            report(f"{name} has registered")
            say(client, "You are registered")
        else:
            say(client, "This is not possible")


def log_in(client, heard):
    say(client, "Name:")
    name = next(heard)
    say(client, "Password:")
    if not is_right(name, next(heard)):
        return ""
    say(client, f"Welcome, {name}!")
    say(client, f"Your token is {new_token(name)}")
    return name


def use_token(client, heard):
    say(client, "Name:")
    name = next(heard)
    say(client, "Token:")
    if not owns(name, next(heard)):
        return ""
    say(client, f"Welcome, {name}!")
    return name


def serve(client, name, heard):
    for line in heard:
        say(client, f"{name}: {line}")


def refuse(client, name, heard):
    say(client, "Wrong name, password or token")


def converse(client):
    heard = lines(client)
    say(client, MENU)
    choice = next(heard)
    if choice == "1":
        register(client, heard)
        return
    name = (use_token if choice == "3" else log_in)(client, heard)
    (serve if name else refuse)(client, name, heard)


def guarded(client, address):
    try:
        with client:
            converse(client)
    except (OSError, StopIteration):
        pass
    report(f"{address[0]} has left")


def run():
    with socket.create_server(("", 9090)) as server:
        report("The server listens on port 9090")
        try:
            while True:
                threading.Thread(target=guarded, args=server.accept(), daemon=True).start()
        except KeyboardInterrupt:
            report("The server stops")


if __name__ == "__main__":
    run()
