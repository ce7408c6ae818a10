"""The verdicts that clients of this folder deserve. Commands are started in a copy of it."""

from __future__ import annotations

import sys

BROKEN = {f"UD-{number}": f"broken_ud_{number:02}.py" for number in range(1, 7)}
"""The client that fails one MUST or SHOULD alone, by its id; requirements that need it aside."""

MISTAKES = (
    ("uses-tcp", "by_tcp.py", "UD-1"),
    ("receives-first", "mistake_receives_first.py", "UD-2"),
    ("short-buffer", "mistake_short_buffer.py", "UD-3"),
    ("other-socket", "mistake_other_socket.py", "UD-3"),
    ("bytes-in-text", "mistake_bytes_in_text.py", "UD-5"),
    ("no-text-ends-client", "broken_ud_06.py", "UD-6"),
    ("shows-bytes", "mistake_shows_bytes.py", "UD-5"),
)
"""Mistakes as students make them: name, client, an id that fails; others may fail, too."""

BUILDS: dict[str, tuple[str, ...]] = {}
"""How to build the programs that need it, in the folder, by the executable that is needed."""

CORRECT = (
    ("a thread", (sys.executable, "common.py"), sys.executable),
    ("in turn, a fixed address", (sys.executable, "in_turn.py"), sys.executable),
    ("a pause ends the answers", (sys.executable, "until_pause.py"), sys.executable),
    ("JSON", (sys.executable, "json_messages.py"), sys.executable),
    ("two peers", (sys.executable, "two_peers.py"), sys.executable),
    ("a format of its own", (sys.executable, "own_format.py"), sys.executable),
    ("Node", ("node", "client.js", "{host}", "{port}"), "node"),
)
"""Clients that must not fail: a name, the command, and the executable that it needs."""

NOT_OFFERED = {"a format of its own": "UD-3"}
"""The id that is not offered, by the name of a client of another kind."""

IN_GATE: frozenset[str] = frozenset()
"""The gate checks none here: tests/integration/test_check_udp_clients.py does."""
