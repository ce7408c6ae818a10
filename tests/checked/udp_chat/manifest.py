"""The verdicts that chat servers of this folder deserve. Commands are started in a copy of it."""

from __future__ import annotations

import sys

BROKEN = {
    f"UC-{number}": f"broken_uc_{number:02}.py" for number in (1, 2, 3, 18, *range(4, 14), 17)
}
"""The server that fails one MUST or SHOULD alone, by its id; requirements that need it aside."""

MISTAKES: tuple[tuple[str, str, str], ...] = ()
"""Mistakes as students make them: name, server, an id that fails; others may fail, too."""

BUILDS = {"cc": ("cc", "-O1", "-o", "chat_c", "chat.c")}
"""How to build the programs that need it, in the folder, by the executable that is needed."""

CORRECT = (
    ("UDP", (sys.executable, "common.py"), sys.executable),
    ("a word to join", (sys.executable, "join_word.py"), sys.executable),
    ("a command to join", (sys.executable, "join_command.py"), sys.executable),
    ("asks for the name", (sys.executable, "asks_name.py"), sys.executable),
    ("texts are acknowledged", (sys.executable, "reliable.py"), sys.executable),
    ("socketserver", (sys.executable, "server_class.py"), sys.executable),
    ("asyncio and TCP", (sys.executable, "loop_asyncio.py"), sys.executable),
    ("threads and TCP", (sys.executable, "threads.py"), sys.executable),
    ("Node", ("node", "chat.js"), "node"),
    ("C", ("./chat_c",), "cc"),
    ("a format of its own", (sys.executable, "own_format.py"), sys.executable),
)
"""Servers that must not fail: a name, the command, and the executable that it needs."""

NOT_OFFERED = frozenset({"a format of its own"})
"""Those that the checker cannot talk to: UC-2 is not offered."""

IN_GATE = frozenset({"UDP"})
"""The gate checks these here; tests/integration/test_check_chats.py has the broken ones."""
