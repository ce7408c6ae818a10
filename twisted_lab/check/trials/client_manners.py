"""How a client wants to be started and used, as the checker has learned it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from socket import SocketKind

from twisted_lab.check.prompts.answers import CLIENT_STYLES, Style
from twisted_lab.check.prompts.question import Question

GREETING = b"welcome\n"


@dataclass(frozen=True, slots=True)
class ClientManners:
    """How a client wants to be started and used.

    Attributes:
        style: How its questions are answered.
        words: What it compares its input with; they are tried where nothing else helps.
        questions: The questions that it asked before it could be used.
        connects: Whether it connected, however it was started.
        greeting: What the server says to it first, if it waits for that.
        opening: The line that must be typed before it takes any other; "" if none.
        sends_late: Whether it sends what was typed only after the line exit.
        shows_after: The line that must be typed before it shows a reply; "" if none.
        kind: Whether it talks by TCP or by UDP.
        behaviour: How it behaves, one line each, for people.
    """

    style: Style = CLIENT_STYLES[0]
    words: Sequence[str] = ()
    questions: tuple[Question, ...] = ()
    connects: bool = False
    greeting: bytes = GREETING
    opening: str = ""
    sends_late: bool = False
    shows_after: str = ""
    kind: SocketKind = SocketKind.SOCK_STREAM
    behaviour: tuple[str, ...] = ()
