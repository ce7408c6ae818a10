"""Каждое новое имя регистрируется, в том числе с пустым паролем: recv() и strip()."""

import common


def ask(client, question):
    client.send(question.encode())
    return client.recv(1024).decode().strip()


def converse(client):
    name = ask(client, "Логин: ")
    password = ask(client, "Пароль: ")
    users = common.load()
    if name not in users:
        users[name] = common.stored(password)
        common.save(users)
    if not common.is_right(name, password):
        client.send("Неверный пароль".encode())
        return
    client.send("Добро пожаловать".encode())
    while data := client.recv(1024):
        client.send(data)


common.converse = converse
common.run()
