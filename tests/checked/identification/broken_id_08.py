"""ID-8: the file of names is written in ASCII."""

import json

import common


def save(names):
    with open(common.NAMES, "w", encoding="ascii", errors="replace") as file:
        json.dump(names, file, ensure_ascii=False)


common.save = save
common.run()
