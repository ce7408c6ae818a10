"""No identification: a name is asked for at each visit, as in a chat, and stands in the log."""

import common


def greet(client, host, heard):
    common.say(client, "What is your name?")
    name = next(heard)
    with open("server.log", "a", encoding="utf-8") as log:
        log.write(f"{host} is {name}\n")
    common.say(client, f"Hello, {name}!")


common.run(greet)
