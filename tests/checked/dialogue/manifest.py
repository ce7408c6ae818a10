"""The verdicts that servers of this folder deserve. Commands are started in a copy of it."""

from __future__ import annotations

import sys

from twisted_lab.check.trials.server_manners import Manners

BROKEN = {f"DG-{number}": f"broken_dg_{number:02}.py" for number in range(1, 12)}
"""The server that fails one MUST or SHOULD alone, by its id; requirements that need it aside."""

MANNERS = {key: Manners(port=9090, is_echo=key != "DG-7", is_exact=key != "DG-7") for key in BROKEN}
"""Manners of the broken servers: learning them would cost more than the test itself."""

MISTAKES = (
    ("end-not-tested", "mistake_numbers_the_end.py", "DG-8"),
    ("end-not-tested", "mistake_asks_again.py", "DG-8"),
)
"""Mistakes as students make them: see ``tests/checked/servers``."""

BUILDS: dict[str, tuple[str, ...]] = {}
"""How to build the programs that need it, in the folder, by the executable that is needed."""

CORRECT = (
    ("numbered messages", (sys.executable, "common.py"), sys.executable),
    ("operator", (sys.executable, "console.py"), sys.executable),
    ("stops at exit", (sys.executable, "stops.py"), sys.executable),
    ("Node, lines", ("node", "dialogue.js"), "node"),
)
"""Servers that must not fail: a name, the command, and the executable that it needs."""
