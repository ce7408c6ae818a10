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
    YES_NO = auto()
    MENU = auto()  # one of several numbered choices
    CONTINUE = auto()  # "Press Enter"
    MESSAGE = auto()  # a text for the other side
    UNKNOWN = auto()  # the program waits for input, and nothing says for what


@dataclass(frozen=True, slots=True)
class Question:
    """A question on a terminal.

    Attributes:
        kind: What it asks for.
        text: Its text as the program printed it, without colours, the last line or lines; "" if
            the program printed nothing since the last answer.
        default: The answer that the text offers as a default, such as ``9090`` or ``localhost``;
            None if it offers none.
        choices: The choices that the text names, such as ``y`` and ``n``, or ``1``, ``2``, ``3``.
    """

    kind: Kind
    text: str
    default: str | None = None
    choices: tuple[str, ...] = ()
