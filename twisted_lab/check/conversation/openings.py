"""What a client of a chat may have to say before the server passes its texts on. Pure."""

from __future__ import annotations

from collections.abc import Sequence

MOST_OPENINGS = 20
NAME = "{name}"
# A name harms no chat that wants none: it is the first text.
USUAL = (NAME, "")
_COMMANDS = ("/join {name}", "join {name}", "join:{name}", "/name {name}", "/nick {name}", "/join")


def openings(words: Sequence[str]) -> Sequence[str]:
    """Return what to say first, the most likely first, with ``{name}`` for the client's name.

    Args:
        words: The words that the program compares its input with.
    """
    # A word that begins a command would give all clients an empty name: it comes last.
    own = [form for word in words for form in (_with_name(word), word)]
    return tuple(dict.fromkeys((*USUAL, *own, *_COMMANDS)))[:MOST_OPENINGS]


def _with_name(word: str) -> str:
    return f"{word} {NAME}" if word[-1].isalnum() else word + NAME
