"""NULs between texts received together: ends of strings, padding, and stale buffer content."""

from __future__ import annotations

import re

MARK = b"\xef\xbb\xbf"
# Texts behind single NULs; with NULs behind the last one they are stale buffer content.
_SERIES = re.compile(rb"(?<!\0)\0(?:[^\0\n][^\0]*\0)++(\0?)")
_DATAGRAM_PADDING = re.compile(rb"([\r\n])\0+|\0+(?:\r\n?|\n)?\0*")


def stale_from(data: bytes, start: int = 0, is_strict: bool = False) -> int:
    """Return the index of the NUL behind which there are no messages, but stale buffer content.

    A C program that sends a whole buffer also sends the rest of an earlier, longer text.

    Args:
        data: The bytes received in one piece.
        start: Where to begin.
        is_strict: Whether any text behind a NUL counts as stale.

    Returns:
        The index of the NUL; -1 if there is none.
    """
    if is_strict:
        nul = data.find(b"\0", start)
        return nul if nul >= 0 and data[nul:].strip(b"\0") not in (b"", b"\n") else -1
    return next((each.start() for each in _SERIES.finditer(data, start) if each[1]), -1)


def datagram_lines(data: bytes) -> list[bytes]:
    """Return the lines of a datagram, at least one, without a byte order mark and padding.

    NULs end a line, too. Stale buffer content is dropped.
    """
    data = data.removeprefix(MARK).lstrip(b"\0")
    stale = stale_from(data)
    data = (data if stale < 0 else data[:stale]).rstrip(b"\0")
    return _DATAGRAM_PADDING.sub(lambda run: run[1] or b"\n", data).splitlines() or [b""]
