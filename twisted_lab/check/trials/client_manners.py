"""How a client wants to be started and used, as the checker has learned it."""

from __future__ import annotations

from dataclasses import dataclass

from twisted_lab.check.prompts.answers import CLIENT_STYLES, Style
from twisted_lab.check.prompts.question import Question


@dataclass(frozen=True, slots=True)
class ClientManners:
    """How a client wants to be started and used.

    Attributes:
        style: How its questions are answered.
        questions: The questions that it asked before it could be used.
        connects: Whether it connected, however it was started.
        behaviour: How it behaves, one line each, for people.
    """

    style: Style = CLIENT_STYLES[0]
    questions: tuple[Question, ...] = ()
    connects: bool = False
    behaviour: tuple[str, ...] = ()
