"""The verdicts that servers of this folder deserve. Commands are started in a copy of it."""

from __future__ import annotations

import sys

BROKEN = {f"AU-{number}": f"broken_au_{number:02}.py" for number in range(1, 18) if number != 9}
"""The server that fails one MUST or SHOULD alone, by its id; requirements that need it aside."""

WEAK = frozenset({"AU-8"})
"""Those of them that are weak, not failed: a hash without a salt is better than plain text."""

MISTAKES = (
    ("text-not-encoded", "mistake_refusal_text.py", "AU-3"),
    ("closed-socket", "mistake_closed_early.py", "AU-3"),
    ("no-salt", "mistake_sum.py", "AU-8"),
    ("json-types", "mistake_saved_at_stop.py", "AU-6"),
    ("hash-changes", "mistake_hash.py", "AU-6"),
    ("empty-password", "mistake_empty_at_first.py", "AU-13"),
    ("token-repeated", "mistake_same_token.py", "AU-15"),
)
"""Mistakes as students make them: name, server, the id that fails."""
BUILDS: dict[str, tuple[str, ...]] = {}

CORRECT = (
    ("threads", (sys.executable, "common.py"), sys.executable),
    ("Russian, by address", (sys.executable, "russian_by_address.py"), sys.executable),
    ("registers at first sight", (sys.executable, "first_sight.py"), sys.executable),
    ("one line, no echo", (sys.executable, "one_line.py"), sys.executable),
    ("no password", (sys.executable, "no_password.py"), sys.executable),
    ("Node, commands", ("node", "commands.js"), "node"),
    ("token first", (sys.executable, "token_first.py"), sys.executable),
)
"""Servers that must not fail: a name, the command, and the executable that it needs."""

IN_GATE = frozenset({"Russian, by address", "AU-3"})
"""The names and ids of those that the gate checks; `make check-repeat` checks all."""
