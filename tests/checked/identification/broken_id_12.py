"""ID-12: the threads of all clients share one address."""

import common

latest = ""


def greet(client, host, heard):
    global latest
    latest = host
    name = common.find(host)
    if not name:
        common.say(client, "What is your name?")
        name = next(heard)
        common.store(latest, name)
    common.say(client, f"Hello, {name}!")


common.run(greet)
