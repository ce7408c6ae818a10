"""AU-11: the server repeats the password."""

import common


def is_right(name, password):
    is_right.password = password
    return good(name, password)


def say(client, text):
    if text.startswith("Welcome"):
        text = f"{text} Your password is {is_right.password}"
    plain(client, text)


good, common.is_right = common.is_right, is_right
plain, common.say = common.say, say
common.run()
