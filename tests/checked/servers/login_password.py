"""The server asks for name and password before the echo; new names are taken as they come."""

import hashlib

import common

passwords = {}


def ask(client, question):
    client.sendall(question.encode())
    return client.recv(1024).strip()


def serve(client):
    name = ask(client, "Введите имя: ")
    password = hashlib.sha256(ask(client, "Введите пароль: ")).digest()
    if not name or passwords.setdefault(name, password) != password:
        client.sendall("Неверный пароль\n".encode())
        return
    common.report(f"Вошёл {name.decode(errors='replace')}")
    client.sendall("Вы вошли\n".encode())
    common.echo(client)


common.run(common.open_port(common.ask_port()), serve)
