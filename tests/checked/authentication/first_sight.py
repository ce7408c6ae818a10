"""Each new name is registered at once, with the password that it comes with."""

import common


def converse(client):
    heard = common.lines(client)
    common.say(client, "Введите логин:")
    name = next(heard)
    common.say(client, "Введите пароль:")
    password = next(heard)
    users = common.load()
    if name and password and name not in users:
        users[name] = common.stored(password)
        common.save(users)
    if not common.is_right(name, password):
        common.say(client, "Неверный пароль")
        return
    common.say(client, "Вы вошли")
    for line in heard:
        common.say(client, line.upper())


common.converse = converse
common.run()
