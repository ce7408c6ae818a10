"""ID-13: the server ends without its file of names, which was handed in with it."""

import json

import common

common.NAMES = "known.json"
with open(common.NAMES) as file:
    print(len(json.load(file)), "clients are known")
common.run()
