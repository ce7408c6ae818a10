"""NULs between texts received together: ends of strings, padding, stale buffer content."""

from __future__ import annotations

import re

MARK = b"\xef\xbb\xbf"
# Texts after single NULs. If more than one NUL follows the last text, they are stale content.
_SERIES = re.compile(rb"(?<!\0)\0(?:[^\0\n][^\0]*\0)++(\0?)")
_DATAGRAM_PADDING = re.compile(rb"([\r\n])\0+|\0+(?:\r\n?|\n)?\0*")


def stale_from(data: bytes, start: int = 0, is_strict: bool = False) -> int:
    """Return the index of the NUL at which stale buffer content begins.

    A C program that sends its whole buffer also sends the rest of an earlier, longer text.

    Args:
        data: The bytes received in one piece.
        start: The index at which the search begins.
        is_strict: Whether any text after a NUL counts as stale.

    Returns:
        The index of the NUL; -1 if there is no stale content.
    """
    if is_strict:
        nul = data.find(b"\0", start)
        return nul if nul >= 0 and data[nul:].strip(b"\0") not in (b"", b"\n") else -1
    return next((each.start() for each in _SERIES.finditer(data, start) if each[1]), -1)


def datagram_lines(data: bytes) -> list[bytes]:
    """Return the lines of a datagram, at least one, without byte order mark and padding.

    NULs end lines, too. Stale buffer content is dropped.
    """
    data = data.removeprefix(MARK).lstrip(b"\0")
    stale = stale_from(data)
    data = (data if stale < 0 else data[:stale]).rstrip(b"\0")
    return _DATAGRAM_PADDING.sub(lambda run: run[1] or b"\n", data).splitlines() or [b""]
