"""Names: what may be one, and which are the same."""

from __future__ import annotations

import re
import unicodedata

LONGEST_NAME = 64  # characters
LONGEST_NICKNAME = 32
# They count as printable, but most fonts show nothing (Unicode: Default_Ignorable_Code_Point, and
# the empty Braille pattern): two names could look the same.
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)


class BadName(ValueError):
    """It cannot be a name; the text says why."""


def clean_name(text: str, longest: int = LONGEST_NAME) -> str:
    """Return the name that `text` is, without the space around it.

    Raises:
        BadName: It has no character, more than `longest`, or one that cannot be seen.
    """
    name = text.strip()
    if not 1 <= len(name) <= longest:
        raise BadName(f"a name has 1 to {longest} characters, not {len(name)}")
    if not name.isprintable() or INVISIBLE.search(name):
        raise BadName("a name has no control or invisible characters")
    return name


def nickname(text: str) -> str:
    """Return the name in a chat that `text` is: one word.

    Raises:
        BadName: It cannot be one.
    """
    name = clean_name(text, LONGEST_NICKNAME)
    if " " in name:
        raise BadName("a name has no spaces here")
    if name_key(name) in ("error", "*"):
        raise BadName("what a room says itself begins like that; choose another name")
    return name


def name_key(name: str) -> str:
    """Return what is equal for names that people take for the same: ``ANNA`` and ``Anna``.

    The key may be longer than the name: 1,152 characters at most.

    Raises:
        BadName: It has more than `LONGEST_NAME` characters. To normalize many combining marks takes
            quadratic time: 0.6 s for 32,000.
    """
    if len(name) > LONGEST_NAME:
        raise BadName(f"a name has at most {LONGEST_NAME} characters, not {len(name)}")
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
