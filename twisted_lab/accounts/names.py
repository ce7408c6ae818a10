"""Names: what may be one, and which are the same."""

from __future__ import annotations

import unicodedata

LONGEST_NAME = 64  # characters


class BadName(ValueError):
    """It cannot be a name; the text says why."""


def clean_name(text: str) -> str:
    """Return the name that `text` is, without the space around it.

    Raises:
        BadName: It has no character, more than 64, or one that does not print.
    """
    name = text.strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise BadName(f"a name has 1 to {LONGEST_NAME} characters, not {len(name)}")
    if not name.isprintable():
        raise BadName("a name has no control or invisible characters")
    return name


def name_key(name: str) -> str:
    """Return what is equal for names that people take for the same: ``ANNA`` and ``Anna``."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
