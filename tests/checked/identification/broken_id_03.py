"""ID-3: the flag that is set is not the flag that is read, so a known client is asked again."""

import common


def greet(client, host, heard):
    known = False
    name = common.find(host)
    if name:
        common.say(client, f"Hello, {name}!")
        knwon = True  # noqa: F841
    if not known:
        common.say(client, "What is your name?")
        common.store(host, next(heard))


common.run(greet)
