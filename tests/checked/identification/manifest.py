"""The verdicts that servers of this folder deserve. Commands are started in a copy of it."""

from __future__ import annotations

import sys

BROKEN = {f"ID-{number}": f"broken_id_{number:02}.py" for number in range(1, 15)}
"""The server that fails one MUST or SHOULD alone, by its id; requirements that need it aside."""

MISTAKES = (
    ("not-recognised", "mistake_whole_address.py", "ID-2"),
    ("json-types", "mistake_json_keys.py", "ID-1"),
    ("name-cut", "mistake_short_recv.py", "ID-2"),
    ("entries-together", "mistake_one_line.py", "ID-5"),
    ("newline-in-name", "mistake_newline_kept.py", "ID-6"),
    ("damaged-file", "mistake_newline_kept.py", "ID-14"),
)
"""Mistakes as students make it: name, server, the id that fails."""
BUILDS: dict[str, tuple[str, ...]] = {}

CORRECT = (
    ("threads", (sys.executable, "common.py"), sys.executable),
    ("Russian, CSV", (sys.executable, "russian_csv.py"), sys.executable),
    ("with password", (sys.executable, "with_password.py"), sys.executable),
    ("says goodbye", (sys.executable, "says_goodbye.py"), sys.executable),
    ("asks each time", (sys.executable, "asks_each_time.py"), sys.executable),
    ("one client", (sys.executable, "one_client.py"), sys.executable),
    ("reads lines", (sys.executable, "reads_lines.py"), sys.executable),
    ("Node", ("node", "names.js"), "node"),
)
"""Servers that must not fail: a name, the command, and the executable that it needs."""

IN_GATE = frozenset({"Russian, CSV", "ID-4"})
"""The names and ids of those that the gate checks; `make check-repeat` checks all."""
