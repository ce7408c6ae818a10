"""A question on a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """What a question asks for."""

    HOST = auto()
    PORT = auto()
    HOST_AND_PORT = auto()  # in one line, the host first
    PORT_AND_HOST = auto()  # in one line, the port first
    NAME = auto()
    PASSWORD = auto()
    NAME_AND_PASSWORD = auto()  # in one line
    YES_NO = auto()
    MENU = auto()  # one of several numbered choices
    KEY = auto()  # a number by which messages are encrypted
    CONTINUE = auto()  # "Press Enter"
    MESSAGE = auto()  # a text for the other side
    UNKNOWN = auto()  # the program waits for input, and nothing says for what


PAIRS = {
    Kind.HOST_AND_PORT: (Kind.HOST, Kind.PORT),
    Kind.PORT_AND_HOST: (Kind.PORT, Kind.HOST),
    Kind.NAME_AND_PASSWORD: (Kind.NAME, Kind.PASSWORD),
}


@dataclass(frozen=True, slots=True)
class Question:
    """A question on a terminal.

    Attributes:
        kind: What it asks for.
        text: Its text as the program printed it, without colours, the last line or lines; "" if
            the program printed nothing since the last answer. It is not escaped.
        default: The answer that the text offers as a default, such as ``9090`` or ``localhost``;
            "" if the text offers a default and does not name it; None if it offers none.
        choices: The choices that the text names: for MENU such as ``1``, ``2``, ``3``, for YES_NO
            always two, the word for yes first.
        separator: What stands between two answers in one line; "" if the text does not tell.
        default_word: What to type for the default: "" is Enter, the text may name another word.
    """

    kind: Kind
    text: str
    default: str | None = None
    choices: tuple[str, ...] = ()
    separator: str = ""
    default_word: str = ""
