"""The verdicts that servers of this folder deserve. Commands are started in a copy of it."""

from __future__ import annotations

import sys

from twisted_lab.check.conversation.framings import RAW, headers
from twisted_lab.check.trials.server_manners import Manners

BROKEN = {f"LN-{number}": f"broken_ln_{number:02}.py" for number in range(1, 17)}
"""The server that fails one MUST or SHOULD alone, by its id; requirements that need it aside."""

_TEN = next(headers(10))

MANNERS = {
    key: Manners(port=9090, framing=_TEN, reply=RAW if key == "LN-2" else _TEN, is_echo=True)
    for key in BROKEN
}
"""Manners of the broken servers: learning them would cost more than the test itself."""

MISTAKES = (
    ("header-in-pieces", "mistake_one_recv.py", "LN-4"),
    ("asks-for-all-again", "mistake_asks_again.py", "LN-4"),
    ("end-not-tested", "mistake_end.py", "LN-10"),
    ("end-not-tested", "mistake_end_is_empty.py", "LN-10"),
    ("spins", "mistake_spins.py", "LN-10"),
    ("plain-socket", "mistake_plain_socket.py", "LN-2"),
    ("length-is-text", "mistake_text_length.py", "LN-2"),
    ("own-error", "mistake_undefined.py", "LN-2"),
    ("counts-characters", "mistake_counts_characters.py", "LN-2"),
)
"""Mistakes as students make them: see ``tests/checked/servers``."""

BUILDS = {"cc": ("cc", "-O1", "-o", "framed_c", "framed.c")}
"""How to build the programs that need it, in the folder, by the executable that is needed."""

CORRECT = (
    ("threads", (sys.executable, "common.py"), sys.executable),
    ("asyncio, 4 bytes", (sys.executable, "framed_asyncio.py"), sys.executable),
    ("subclass, 8 digits, no echo", (sys.executable, "subclass.py"), sys.executable),
    ("login, hexadecimal", (sys.executable, "hexadecimal.py"), sys.executable),
    ("one byte, one client at a time", (sys.executable, "short.py"), sys.executable),
    ("C, padded with zero bytes", ("./framed_c",), "cc"),
    ("Node, characters", ("node", "framed.js"), "node"),
    ("echo without a header", (sys.executable, "no_header.py"), sys.executable),
)
"""Servers that must not fail: a name, the command, and the executable that it needs."""
