"""ID-13: the server ends without its file of names, which was handed in with it."""

from pathlib import Path

import common

common.NAMES = "known.json"
print(Path(common.NAMES).stat().st_size, "bytes of known clients")
common.run()
