"""User names: the rules for them, which are the same, and which look alike."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

LONGEST_NAME = 64  # characters
LONGEST_NICKNAME = 32
MOST_MARKS = 2  # combining marks in a row
# Default_Ignorable_Code_Point of Unicode 17, and further characters that most fonts do not show:
# the empty Braille pattern, the object replacement, the blank hieroglyphs, the filler of the Khitan
# small script and the null notehead. Many of them count as printable.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\u2800\ufffc\U00013441\U00013442\U00016fe4\U0001d159]"
)
# Number joiners, and marks that stack the next letter: most fonts show nothing of them alone. They
# are parts of words in Khmer, Burmese and other scripts, and make no name another one.
JOINERS = re.compile(
    "[\u1039\u17d2\u1a60\u2d7f\uaaf6\U00010a3f\U0001107f\U00011133\U000113d0\U0001193e"
    "\U00011a47\U00011a99\U00011d45\U00011d97\U00011f42]"
)
CONFUSABLES = Path(__file__).with_name("confusables.txt")


class BadName(ValueError):
    """It cannot be a name; the text says why."""


def known_name(text: str, longest: int = LONGEST_NAME) -> str:
    """Return the name that `text` is, without the space around it, by the rules of all versions.

    Raises:
        BadName: It has no character, more than `longest`, or one that does not print.
    """
    name = text.strip()
    if not 1 <= len(name) <= longest:
        raise BadName(f"a name has 1 to {longest} characters, not {len(name)}")
    if not name.isprintable():
        raise BadName("a name has no control or invisible characters")
    return name


def clean_name(text: str, longest: int = LONGEST_NAME) -> str:
    """Return the name that `text` is, without the space around it, for a new user.

    Raises:
        BadName: It has no character, more than `longest`, one that cannot be seen, a combining mark
            that is on no character, or more than `MOST_MARKS` of them in a row.
    """
    name = known_name(text, longest)
    if INVISIBLE.search(name):
        raise BadName("a name has no control or invisible characters")
    marks = MOST_MARKS  # Where a word begins there is nothing to put them on.
    for char in name:
        if not unicodedata.category(char).startswith("M"):
            marks = MOST_MARKS if char == " " else 0
        elif marks == MOST_MARKS:
            raise BadName(f"a name has at most {MOST_MARKS} marks on a character, and none alone")
        else:
            marks += 1
    return name


def nickname(text: str) -> str:
    """Return the name in a chat that `text` is: one word.

    Raises:
        BadName: It cannot be one.
    """
    name = clean_name(text, LONGEST_NICKNAME)
    if " " in name:
        raise BadName("a name has no spaces here")
    if not _skeletons_of_rooms().isdisjoint(skeletons(name)):
        raise BadName("what a room says itself begins like that; choose another name")
    return name


def name_key(name: str) -> str:
    """Return the key of a name, equal for names that people take for the same: ``ANNA``, ``Anna``.

    The key may be longer than the name: 1,152 characters at most.

    Raises:
        BadName: It has more than `LONGEST_NAME` characters. To normalize many combining marks takes
            quadratic time: 0.6 s for 32,000.
    """
    if len(name) > LONGEST_NAME:
        raise BadName(f"a name has at most {LONGEST_NAME} characters, not {len(name)}")
    return _fold(name)


def skeletons(name: str) -> tuple[str, str]:
    """Return two texts of which names that look alike share one: ``Anna`` and one in Cyrillic.

    They are skeletons of UTS 39 in lower case. The first is made of the name in lower case: so
    ``Ivan`` and ``ivan`` with a Cyrillic i share one. A capital may look like another letter than
    its small form does, as I looks like l, and the Cyrillic En like H. So the second is made of the
    name as it is written: ``Ivan`` and ``lvan`` share one.

    Raises:
        BadName: It has more than `LONGEST_NAME` characters.
    """
    return _look(name_key(name)), _look(name)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _look(text: str) -> str:
    return _skeleton(_fold(_skeleton(text)))


def _skeleton(text: str) -> str:
    # NFKD instead of NFD: the table has no characters that have a compatible form.
    text = JOINERS.sub("", INVISIBLE.sub("", unicodedata.normalize("NFKD", text)))
    text = text.translate(_prototypes())
    return " ".join(unicodedata.normalize("NFKD", text).split())


@cache
def _prototypes() -> dict[int, str]:
    """Read the table: 2.5 ms, once."""
    table = {}
    for line in CONFUSABLES.read_text().splitlines():
        prototype, colon, alike = line.partition(": ")
        if colon and not line.startswith("#"):
            text = "".join(chr(int(code, 16)) for code in prototype.split())
            table.update({int(code, 16): text for code in alike.split()})
    return table


@cache
def _skeletons_of_rooms() -> frozenset[str]:
    return frozenset(skeletons("error") + skeletons("*"))
