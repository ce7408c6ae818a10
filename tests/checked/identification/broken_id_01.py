"""ID-1: the server waits for a name, and does not say so."""

import common


def greet(client, host, heard):
    name = common.find(host)
    if not name:
        name = next(heard)
        common.store(host, name)
    common.say(client, f"Hello, {name}!")


common.run(greet)
