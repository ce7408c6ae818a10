"""No authentication: a name is enough."""

import common


def converse(client):
    heard = common.lines(client)
    common.say(client, "What is your name?")
    name = next(heard)
    common.say(client, f"Hello, {name}!")
    common.serve(client, name, heard)


common.converse = converse
common.run()
