"""Expected and received bytes, as text and in hexadecimal, with a mark under the first difference.

Only a part around the first difference is shown, however long they are.
"""

from __future__ import annotations

import codecs
import unicodedata

from twisted_lab.check.verdicts import Difference
from twisted_lab.text.escaping import escape
from twisted_lab.text.language import _, ngettext


def compare(difference: Difference, columns: int) -> list[str]:
    """Return the rows that show a difference; none if nothing came, which `summary` says.

    Args:
        difference: What differs.
        columns: The most characters in a row.
    """
    if not difference.received:
        return []
    return [*_text(difference, columns), *_hex(difference, columns)]


def summary(difference: Difference) -> str:
    """Return one sentence about the bytes that were received, and those that were not."""
    first = difference.first
    expected, received = len(difference.expected), len(difference.received)
    if not received:
        return ngettext(
            "Received nothing; expected {n:,} byte.",
            "Received nothing; expected {n:,} bytes.",
            expected,
        )
    if first == received:
        return ngettext(
            "Received the first {received:,} of {n:,} byte, and then nothing.",
            "Received the first {received:,} of {n:,} bytes, and then nothing.",
            expected,
            received=received,
        )
    if first == expected:
        return ngettext(
            "Received all {n:,} byte, and {more:,} more.",
            "Received all {n:,} bytes, and {more:,} more.",
            expected,
            more=received - expected,
        )
    if received == expected:
        return ngettext(
            "Received {n:,} byte, as many as expected; byte {place:,} differs first.",
            "Received {n:,} bytes, as many as expected; byte {place:,} differs first.",
            received,
            place=first + 1,
        )
    return ngettext(
        "Received {n:,} byte, expected {expected:,}; byte {place:,} differs first.",
        "Received {n:,} bytes, expected {expected:,}; byte {place:,} differs first.",
        received,
        expected=expected,
        place=first + 1,
    )


def _text(difference: Difference, columns: int) -> list[str]:
    first = difference.first
    before = difference.expected[max(first - 2 * columns, 0) : first]
    decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
    same = _visible(decoder.decode(before))
    begun = decoder.getstate()[0]  # of a character whose end differs
    most = 4 * columns  # bytes: more than the row has room for, however long characters are
    rests = [
        _visible((begun + data[first : first + most]).decode(errors="backslashreplace"))
        for data in (difference.expected, difference.received)
    ]
    return _rows(same, rests, columns)


def _hex(difference: Difference, columns: int) -> list[str]:
    first = difference.first
    same = difference.expected[max(first - columns, 0) : first]
    rests = [
        data[first : first + columns].hex(" ")
        for data in (difference.expected, difference.received)
    ]
    return _rows(same.hex(" ") + " " * bool(same), rests, columns, cell=3)


def _rows(same: str, rests: list[str], columns: int, cell: int = 1) -> list[str]:
    """Return two rows and a mark.

    Args:
        same: The text that both rows begin with.
        rests: What follows in each.
        columns: The most characters in a line.
        cell: The number of characters that stay together.
    """
    words = _("expected"), _("received")
    width = max(map(len, words)) + 2
    room = (columns - width) // cell * cell
    half = room // 2 // cell * cell
    if len(same) > half:
        same = "..." + same[3 - half :]
    room -= len(same)
    rests = [rest if len(rest) <= room else rest[: room - 3] + "..." for rest in rests]
    rows = [f"{word:{width}}{same}{rest}".rstrip() for word, rest in zip(words, rests, strict=True)]
    return [*rows, " " * (width + len(same)) + "^"]


def _visible(text: str) -> str:
    """Escape all characters that are not one column wide in each font: the mark stands below."""
    return "".join(
        char.encode("unicode_escape").decode()
        if unicodedata.east_asian_width(char) in "WF" or unicodedata.category(char)[0] == "M"
        else char
        for char in escape(text)
    )
