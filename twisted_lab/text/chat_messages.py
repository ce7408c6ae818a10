"""The form of the chat's messages: how its two ends write and read them.

``docs/protocols.md`` says what they mean.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from twisted_lab.text.exit_word import EXIT

JOIN = "/join"
MSG = "/msg"
WHO = "/who"
NICK = "/nick"
HISTORY = "/history"
HELP = "/help"
LEAVE = "/leave"
# The commands of a member, each with its arguments and its effect.
COMMANDS = {
    MSG: ("NAME TEXT", "says it to one"),
    WHO: ("", "lists who is here"),
    NICK: ("NAME", "changes your name"),
    HISTORY: ("N", "repeats the last N messages"),
    HELP: ("", "lists this"),
    LEAVE: ("", "leaves"),
}
JOIN_FIRST = f"error: {JOIN} NAME"

_JOIN = re.compile(rf"{JOIN} +(\S+)(?: +([0-9a-f]{{16}})(?: +([0-9]{{1,18}}))?)? *")
_JOIN_WITH_COOKIE = re.compile(rf"{JOIN} +(\S+)(?: +([\w-]{{12}}))? *")
_COUNTED = re.compile(r"([1-9][0-9]{0,17}) (.*)", re.DOTALL)
_CONFIRMATION = re.compile(r"/(done|not) ([0-9]{1,18}) ?(.*)", re.DOTALL)
_PLACED = re.compile(r"([0-9]{1,18}) ([0-9]{1,18}) (.*)", re.DOTALL)


def help_lines() -> list[str]:
    """Return a line for each command."""
    return [" ".join(filter(None, (word, *texts))) for word, texts in COMMANDS.items()]


def usage(word: str) -> str:
    """Return the form of a command, with its arguments."""
    return f"{word} {COMMANDS[word][0]}"


def leaves(text: str) -> bool:
    """Tell whether a member that says `text` leaves the room."""
    return text.strip() in (LEAVE, EXIT)


class Join(NamedTuple):
    """The request to become a member.

    Attributes:
        name: The name that is asked for, which may be a bad one.
        secret: What the client proves with that it comes back; empty if it never will.
        place: The place of the last message that it received; None if it was never here.
    """

    name: str
    secret: str = ""
    place: int | None = None

    def __str__(self) -> str:
        place = "" if self.place is None else str(self.place)
        return " ".join(filter(None, (JOIN, self.name, self.secret, place)))


def read_join(text: str) -> Join | None:
    """Read a request to become a member; None if it is none."""
    found = _JOIN.fullmatch(text)
    if found is None:
        return None
    name, secret, place = found.groups()
    return Join(name, secret or "", int(place) if place else None)


def read_join_with_cookie(text: str) -> tuple[Join, str] | None:
    """Read a request that may have the cookie of its address behind the name; None if it is none.

    Returns:
        The request, and the cookie; empty if there is none.
    """
    found = _JOIN_WITH_COOKIE.fullmatch(text)
    return (Join(found[1]), found[2] or "") if found else None


def counted(count: int, text: str) -> str:
    """Write a message of a client that counts its messages."""
    return f"{count} {text}"


def read_counted(text: str) -> tuple[int, str] | None:
    """Read the number and the text of such a message; None if it has no number."""
    found = _COUNTED.fullmatch(text)
    return (int(found[1]), found[2]) if found else None


def done(count: int) -> str:
    """Write that a client's message has been handled."""
    return f"/done {count}"


def not_done(count: int, why: str) -> str:
    """Write that a client's message was dropped, and why."""
    return f"/not {count} {why}"


def read_confirmation(text: str) -> tuple[int, str | None] | None:
    """Read whether a message of this client was handled; None if `text` tells nothing of that.

    Returns:
        Its number, and why it was dropped; None if it was handled.
    """
    found = _CONFIRMATION.fullmatch(text)
    return (int(found[2]), None if found[1] == "done" else found[3]) if found else None


def placed(place: int, time: float, text: str) -> str:
    """Write a message to a client that counts, with its place in the history.

    Args:
        place: The place.
        time: When it was said, in seconds of Unix time.
        text: The message.
    """
    return f"{place} {round(time * 1000)} {text}"


def read_placed(message: str) -> tuple[int, float, str] | None:
    """Read the place, the time and the text of such a message; None if it has no place."""
    found = _PLACED.fullmatch(message)
    return (int(found[1]), int(found[2]) / 1000, found[3]) if found else None
