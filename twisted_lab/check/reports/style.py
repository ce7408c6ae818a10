"""Lines of the reports: width, colours and symbols.

All that programs, peers and files can say passes through `shown`.
"""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

from twisted_lab.check.verdicts import Verdict
from twisted_lab.text.escaping import escape

_NO_BREAK_SPACE = "\u00a0"  # in numbers
MOST_SHOWN = 500  # characters of one thing that was said
_LEAST_COLUMNS, _MOST_COLUMNS = 50, 160
# Colours of the terminal's own palette, which its owner has chosen to be readable.
_RED, _GREEN, _YELLOW, _BLUE, _MAGENTA, _CYAN, _GREY = 31, 32, 33, 34, 35, 36, 90
_OPTIONS = re.compile(r"--only [\w,-]+(?: --watch --picture| --seed \d+)?")
_MARKS = {
    Verdict.PASS: ("✓", _GREEN),
    Verdict.FAIL: ("✗", _RED),
    Verdict.WEAK: ("!", _YELLOW),
    Verdict.INFO: ("i", _CYAN),
    Verdict.NOT_OFFERED: ("-", _GREY),
    Verdict.NOT_CHECKED: ("?", _BLUE),
    Verdict.FLAKY: ("~", _MAGENTA),
}


def shown(text: str, most: int = MOST_SHOWN) -> str:
    """Return untrusted text as one line that cannot control a terminal, cut after `most`."""
    return escape(text[:most], keep=_NO_BREAK_SPACE) + ("..." if len(text) > most else "")


@dataclass(frozen=True, slots=True)
class Style:
    """How lines look.

    Attributes:
        columns: The most characters in a line.
        is_coloured: Whether to use the terminal's colours.
    """

    columns: int = 100
    is_coloured: bool = False

    def mark(self, verdict: Verdict) -> str:
        """Return the symbol of a verdict, with its colour."""
        symbol, colour = _MARKS[verdict]
        return f"\x1b[{colour}m{symbol}\x1b[0m" if self.is_coloured else symbol

    def wrapped(self, text: str, indent: str = "", first: str | None = None) -> list[str]:
        """Return a text in lines.

        Args:
            text: The text, without control characters.
            indent: What each line begins with.
            first: What the first line begins with instead.
        """
        first = indent if first is None else first
        room = self.columns - len(indent)
        # Options stay in one line, so that they can be copied.
        text = _OPTIONS.sub(lambda found: found[0].replace(" ", "\0"), text)
        # Without the hyphens of ids and options as places to break.
        wrapped = textwrap.wrap(
            text, room, break_on_hyphens=False, break_long_words="\0" not in text
        )
        lines = [line.replace("\0", " ") for line in wrapped or [""]]
        return [f"{first}{lines[0]}", *(indent + line for line in lines[1:])]

    def cut(self, text: str, used: int) -> str:
        """Return as much of a text as fits behind `used` characters."""
        room = self.columns - used
        return text if len(text) <= room else text[: room - 3] + "..."


def style_of(stream: TextIO, environment: Mapping[str, str]) -> Style:
    """Return the style of standard output.

    Args:
        stream: Standard output.
        environment: The environment, with TERM and NO_COLOR.
    """
    columns = shutil.get_terminal_size((Style().columns, 0)).columns
    is_coloured = (
        stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
    )
    return Style(min(max(columns, _LEAST_COLUMNS), _MOST_COLUMNS), is_coloured)
