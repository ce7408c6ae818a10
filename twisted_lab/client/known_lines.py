"""Lines that a server says in English, and that the client shows in the user's language."""

from __future__ import annotations

import re
from collections.abc import Sequence

from twisted_lab.text.language import _

# The names in braces stand for a word, and these ones for anything.
_LONG = ("names", "problem", "reason", "text", "user")
# Reasons may have reasons: "error: that session has ended: nothing heard for 60 s". A server could
# nest them without end.
_MOST_LEVELS = 2


class KnownLines:
    """Lines that have a translation.

    Args:
        lines: The lines, with names in braces.
        problems: What ``{problem}`` and ``{reason}`` stand for in them.
    """

    def __init__(self, lines: Sequence[str], problems: Sequence[str] = ()) -> None:
        self._known = [(line, _pattern(line)) for line in lines]
        self._problems = [(line, _pattern(line)) for line in problems]

    def translated(self, text: str) -> str:
        """Return a line in the user's language; as it is if it is not known."""
        return self._of(self._known, text)

    def problem(self, text: str) -> str:
        """Return what follows ``error:`` in the user's language."""
        return self._of(self._problems, text)

    def _of(
        self, known: Sequence[tuple[str, re.Pattern[str]]], text: str, levels: int = _MOST_LEVELS
    ) -> str:
        for line, pattern in known:
            # Two long values make a pattern slow, unless its end fits: then its first try does.
            if text.endswith(line.rpartition("}")[2]) and (found := pattern.fullmatch(text)):
                values = found.groupdict()
                for name in values.keys() & {"problem", "reason"} if levels else ():
                    values[name] = self._of(self._problems, values[name], levels - 1)
                return _(line, **values)
        return text


def _pattern(line: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", line)
    for at, part in enumerate(parts):
        value = ".*" if part in _LONG else r"\S+"
        parts[at] = f"(?P<{part}>{value})" if at % 2 else re.escape(part)
    return re.compile("".join(parts), re.DOTALL)
