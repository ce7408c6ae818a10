"""AU-13: each new name is registered at once, also with an empty password."""

import common


def log_in(client, heard):
    common.say(client, "Name:")
    name = next(heard)
    common.say(client, "Password:")
    password = next(heard)
    users = common.load()
    if name not in users:
        users[name] = common.stored(password)
        common.save(users)
    return name if common.is_right(name, password) else ""


def converse(client):
    heard = common.lines(client)
    name = log_in(client, heard)
    (common.serve if name else common.refuse)(client, name, heard)


common.converse = converse
common.run()
