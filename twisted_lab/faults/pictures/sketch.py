"""Sequence diagrams for a terminal: one line for each message, as it arrives or is lost."""

from __future__ import annotations

from twisted_lab.faults.pictures.diagram import Fate, Passage
from twisted_lab.text.escaping import escape
from twisted_lab.text.language import _

_LEAST_TEXT, _MOST_TEXT = 8, 40  # characters
_SHAFT, _WIDTH = "─", 6
_SHAFTS = {Fate.LATE: "╌", Fate.COPY: "═", Fate.MISSING: "┄"}
_HEADS = {Fate.CHANGED: "≠▶", Fate.LOST: "✕", Fate.MISSING: "□"}
# Colours of the terminal's own palette, which its owner has chosen to be readable.
_COLOURS = {
    Fate.LATE: 34,
    Fate.CHANGED: 35,
    Fate.COPY: 36,
    Fate.LOST: 31,
    Fate.MISSING: 90,
}


def sketch(passage: Passage, copy: int, began: float, is_coloured: bool, columns: int) -> str:
    """Return a line that shows a message, or one copy of it.

    Args:
        passage: The message. Its names and text may come from peers: all are escaped.
        copy: The number of the arrival, from 0.
        began: The time that the line shows as 0, in seconds.
        is_coloured: Whether to use the terminal's colours.
        columns: The width of the terminal. The text is cut for it; names and reasons are not.
    """
    fate = passage.fate(copy)
    shaft = _SHAFTS.get(fate, _SHAFT) * _WIDTH
    arrow = f"{shaft + _HEADS.get(fate, '▶'):8}"
    if not passage.is_rightwards:
        arrow = arrow[::-1].replace("▶", "◀")
    moment = passage.arrivals[copy] if passage.arrivals else passage.sent
    names = escape(passage.left), escape(passage.right)
    time = _("{seconds:9.3f} s", seconds=moment - began)
    line = f"{time}  {names[0]:>12} {arrow} {names[1]:<12}  "
    note = escape(passage.note(copy))
    note = note and f"  {note}"
    text = escape(passage.text)
    room = max(_LEAST_TEXT, min(_MOST_TEXT, columns - len(line) - len(note)))
    line += (text if len(text) <= room else text[: room - 3] + "...") + note
    if is_coloured and fate in _COLOURS:
        line = f"\x1b[{_COLOURS[fate]}m{line}\x1b[0m"
    return line
