"""Rules for user names, and detection of names that are equivalent or look alike."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

from twisted_lab.text.language import N_

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
# Number joiners, and marks that stack the next letter. Most fonts do not show them on their own.
# They are parts of words in Khmer, Burmese and other scripts, but do not distinguish two names.
JOINERS = re.compile(
    "[\u1039\u17d2\u1a60\u2d7f\uaaf6\U00010a3f\U0001107f\U00011133\U000113d0\U0001193e"
    "\U00011a47\U00011a99\U00011d45\U00011d97\U00011f42]"
)
CONFUSABLES = Path(__file__).with_name("confusables.txt")


class BadName(ValueError):
    """A text is not a valid name; the message says why."""


def known_name(text: str, longest: int = LONGEST_NAME) -> str:
    """Return `text`, stripped, if it is a name under the rules common to all versions.

    Raises:
        BadName: It is empty, has more than `longest` characters, or a non-printable one.
    """
    name = text.strip()
    if not 1 <= len(name) <= longest:
        raise BadName(
            N_(
                "a name has 1 to {longest} characters, not {count}",
                longest=longest,
                count=len(name),
            )
        )
    if not name.isprintable():
        raise BadName(N_("a name has no control or invisible characters"))
    return name


def clean_name(text: str, longest: int = LONGEST_NAME) -> str:
    """Return `text`, stripped, if it is a valid name for a new user.

    Raises:
        BadName: It is empty, has more than `longest` characters, an invisible one, a combining mark
            without a base character, or more than `MOST_MARKS` of them in a row.
    """
    name = known_name(text, longest)
    if INVISIBLE.search(name):
        raise BadName(N_("a name has no control or invisible characters"))
    marks = MOST_MARKS  # At the beginning of a word a mark has no base character.
    for char in name:
        if not unicodedata.category(char).startswith("M"):
            marks = MOST_MARKS if char == " " else 0
        elif marks == MOST_MARKS:
            raise BadName(
                N_(
                    "a name has at most {most} marks on a character, and none alone",
                    most=MOST_MARKS,
                )
            )
        else:
            marks += 1
    return name


def nickname(text: str) -> str:
    """Return `text`, stripped, if it is a valid name for the chat: a single word.

    Raises:
        BadName: It is not a valid name, has a space, or resembles the beginning of a line that the
            server itself writes.
    """
    name = clean_name(text, LONGEST_NICKNAME)
    if " " in name:
        raise BadName(N_("a name has no spaces here"))
    if not _skeletons_of_rooms().isdisjoint(skeletons(name)):
        raise BadName(N_("what a room says itself begins like that; choose another name"))
    return name


def is_nickname(text: str) -> bool:
    """Tell whether `text` is a valid name for the chat."""
    try:
        nickname(text)
    except BadName:
        return False
    return True


def name_key(name: str) -> str:
    """Return the key of a name, equal for names that users consider the same: ``ANNA``, ``Anna``.

    The key may be longer than the name: up to 1,152 characters.

    Raises:
        BadName: The name has more than `LONGEST_NAME` characters. Normalizing many combining marks
            takes quadratic time: 0.6 s for 32,000.
    """
    if len(name) > LONGEST_NAME:
        raise BadName(
            N_(
                "a name has at most {most} characters, not {count}",
                most=LONGEST_NAME,
                count=len(name),
            )
        )
    return _fold(name)


def skeletons(name: str) -> tuple[str, str]:
    """Return two skeletons of a name; names that look alike have at least one in common.

    For example, ``Anna`` and the same word in Cyrillic letters look alike. The skeletons follow
    UTS 39, and are in lower case. The first is made from the name in lower case: ``Ivan`` and
    ``ivan`` with a Cyrillic i have it in common. A capital letter may resemble another letter than
    its small form does: I resembles l, and the Cyrillic En resembles H. The second is therefore
    made from the name as written: ``Ivan`` and ``lvan`` have it in common.

    Raises:
        BadName: The name has more than `LONGEST_NAME` characters.
    """
    return _look(name_key(name)), _look(name)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _look(text: str) -> str:
    return _skeleton(_fold(_skeleton(text)))


def _skeleton(text: str) -> str:
    # NFKD instead of NFD: the table omits characters that have a compatibility decomposition.
    text = JOINERS.sub("", INVISIBLE.sub("", unicodedata.normalize("NFKD", text)))
    text = text.translate(_prototypes())
    return " ".join(unicodedata.normalize("NFKD", text).split())


@cache
def _prototypes() -> dict[int, str]:
    """Return the table of confusable characters; reading it takes 2.5 ms, once."""
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
