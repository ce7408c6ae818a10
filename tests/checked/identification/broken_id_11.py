"""ID-11: an empty name is stored, and the file cannot be read after that."""

import common


def load():
    try:
        with open("names.txt", encoding="utf-8") as file:
            return dict(line.rstrip().split("|", 1) for line in file)
    except OSError:
        return {}


def save(names):
    with open("names.txt", "w", encoding="utf-8") as file:
        file.writelines(f"{host}|{name}\n" if name else f"{host}\n" for host, name in names.items())


def greet(client, host, heard):
    name = common.find(host)
    if name is None:
        common.say(client, "What is your name?")
        name = next(heard)
        common.store(host, name)
    common.say(client, f"Hello, {name}!")


common.load, common.save = load, save
common.run(greet)
