"""ID-10: a comma in a name is taken for the one after the address."""

import common


def load():
    try:
        with open("names.csv", encoding="utf-8") as file:
            return {host: name for host, name in (line.strip().split(",") for line in file)}
    except OSError:
        return {}


def save(names):
    with open("names.csv", "w", encoding="utf-8") as file:
        file.writelines(f"{host},{name}\n" for host, name in names.items())


common.load, common.save = load, save
common.run()
