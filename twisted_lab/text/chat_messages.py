"""Formatting and parsing of chat messages, for both ends.

``docs/protocols.md`` explains their meaning.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from twisted_lab.text.exit_word import EXIT
from twisted_lab.text.nearest import nearest

JOIN = "/join"
MSG = "/msg"
WHO = "/who"
NICK = "/nick"
HISTORY = "/history"
HELP = "/help"
LEAVE = "/leave"
# A member's commands, each with its arguments and its effect.
COMMANDS = {
    MSG: ("NAME TEXT", "says it to one"),
    WHO: ("", "lists who is here"),
    NICK: ("NAME", "changes your name"),
    HISTORY: ("N", "repeats the last N messages"),
    HELP: ("", "lists this"),
    LEAVE: ("", "leaves"),
}
_MOST_LIKE = 20  # characters of a word that is compared: a comparison takes time
JOIN_FIRST = f"error: {JOIN} NAME"

_JOIN = re.compile(rf"{JOIN} +(\S+)(?: +([0-9a-f]{{16}})(?: +([0-9]{{1,18}}))?)? *")
_JOIN_WITH_COOKIE = re.compile(rf"{JOIN} +(\S+)(?: +([\w-]{{12}}))? *")
_NAMED = re.compile(r"(\S+): +(.*)", re.DOTALL)
_COUNTED = re.compile(r"([1-9][0-9]{0,17}) (.*)", re.DOTALL)
_CONFIRMATION = re.compile(r"/(done|not) ([0-9]{1,18}) ?(.*)", re.DOTALL)
_PLACED = re.compile(r"([0-9]{1,18}) ([0-9]{1,18}) (.*)", re.DOTALL)


def help_lines() -> list[str]:
    """Return the help: a line for each command."""
    return [" ".join(filter(None, (word, *texts))) for word, texts in COMMANDS.items()]


def unknown(word: str) -> str:
    """Return the answer to an unknown command; it names the known one that is like it."""
    near = nearest(word, COMMANDS) if len(word) <= _MOST_LIKE else ""
    meant = f"did you mean {near}? " if near else ""
    return f"error: unknown command; {meant}{HELP} lists them"


def usage(word: str) -> str:
    """Return the syntax of a command: its name and its arguments."""
    return f"{word} {COMMANDS[word][0]}"


def leaves(text: str) -> bool:
    """Tell whether `text` is the command to leave the room."""
    return text.strip() in (LEAVE, EXIT)


class Join(NamedTuple):
    """The request to become a member.

    Attributes:
        name: The requested name, which may be invalid.
        secret: The secret that identifies the client when it returns; empty if it never will.
        place: The place of the last message that the client received; None on its first visit.
    """

    name: str
    secret: str = ""
    place: int | None = None

    def __str__(self) -> str:
        place = "" if self.place is None else str(self.place)
        return " ".join(filter(None, (JOIN, self.name, self.secret, place)))


def read_join(text: str) -> Join | None:
    """Parse a request to become a member; return None if `text` is not one."""
    found = _JOIN.fullmatch(text)
    if found is None:
        return None
    name, secret, place = found.groups()
    return Join(name, secret or "", int(place) if place else None)


def read_join_with_cookie(text: str) -> tuple[Join, str] | None:
    """Parse a request to become a member that may have the cookie of its address behind the name.

    Returns:
        The request, and the cookie; empty if there is no cookie. None if `text` is not a request.
    """
    found = _JOIN_WITH_COOKIE.fullmatch(text)
    return (Join(found[1]), found[2] or "") if found else None


def read_named(text: str) -> tuple[str, str] | None:
    """Return the name and the text of ``NAME: TEXT``; None if `text` has another form."""
    found = _NAMED.fullmatch(text)
    return (found[1], found[2]) if found else None


def counted(count: int, text: str) -> str:
    """Return the message of a client that numbers its messages."""
    return f"{count} {text}"


def read_counted(text: str) -> tuple[int, str] | None:
    """Return the number and the text of a numbered message; None if it has no number."""
    found = _COUNTED.fullmatch(text)
    return (int(found[1]), found[2]) if found else None


def done(count: int) -> str:
    """Return the confirmation that a client's message has been handled."""
    return f"/done {count}"


def not_done(count: int, why: str) -> str:
    """Return the confirmation that a client's message was dropped, and why."""
    return f"/not {count} {why}"


def read_confirmation(text: str) -> tuple[int, str | None] | None:
    """Parse the confirmation of a client's message; return None if `text` is not one.

    Returns:
        The number of the message, and why it was dropped; None if it was handled.
    """
    found = _CONFIRMATION.fullmatch(text)
    return (int(found[2]), None if found[1] == "done" else found[3]) if found else None


def placed(place: int, time: float, text: str) -> str:
    """Return a message for a client that numbers its messages, with its place in the history.

    Args:
        place: The place.
        time: The time of the message, in seconds of Unix time.
        text: The message.
    """
    return f"{place} {round(time * 1000)} {text}"


def read_placed(message: str) -> tuple[int, float, str] | None:
    """Return the place, the time and the text of a message; None if it has no place."""
    found = _PLACED.fullmatch(message)
    return (int(found[1]), int(found[2]) / 1000, found[3]) if found else None
