"""What a terminal shows of a program's output."""

from __future__ import annotations

import re

# A question stands at the end. A hostile program may print any amount before it.
SEEN = 2000  # characters

_ESCAPE_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # colours and movements of the cursor
    r"|\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # the window's title
    r"|[ -/]*[0-~])"
)


def shown_lines(output: str) -> list[str]:
    """Return the last lines that a terminal shows, without colours and control characters.

    Args:
        output: The output; only the last SEEN characters count.

    Returns:
        At least one line. The last one is "" if the output ends with a line break.
    """
    plain = _ESCAPE_SEQUENCE.sub("", output[-SEEN:])
    return [_shown(line) for line in plain.replace("\r\n", "\n").split("\n")]


def _shown(line: str) -> str:
    """Return what is left of a line after its carriage returns."""
    last = next((part for part in reversed(line.split("\r")) if part), "")
    printable = (
        " " if char.isspace() else char for char in last if char.isprintable() or char.isspace()
    )
    return "".join(printable)
