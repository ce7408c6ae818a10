"""ID-14: half a file of names ends the server."""

import json
import os

import common

if os.path.exists(common.NAMES):
    with open(common.NAMES, encoding="utf-8") as file:
        print(len(json.load(file)), "clients are known")
common.run()
