"""The port is in a file, config.json."""

import json
from pathlib import Path

import common

common.run(common.open_port(json.loads(Path("config.json").read_text())["port"]))
