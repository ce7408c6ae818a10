"""Requirements: a sentence that a program meets or does not meet, with a hint."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from twisted_lab.text.language import N_


class Level(Enum):
    """How much a requirement matters; the value is a word for people, untranslated."""

    MUST = N_("must")
    SHOULD = N_("should")
    INFORMATION = N_("information")


@dataclass(frozen=True, slots=True)
class Mistake:
    """A typical mistake behind a failure.

    Attributes:
        name: A short name, for programs that read the report.
        question: The first stage of the hint: a question that leads to the cause.
        answer: The second stage: the cause, and what to do about it.
    """

    name: str
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement of a task.

    Attributes:
        id: Its stable name, such as ``ES-4``. An id is never used again for something else.
        level: How much it matters.
        text: The requirement, one sentence.
        why: Why it matters, one or two sentences.
        source: The task of the lab that asks for it, such as ``task 3``.
        difficulty: 1 (the first lesson) to 3 (for experts).
        by_hand: A shell command that shows the same, with ``{host}``, ``{port}`` and ``{command}``,
            which starts the program. For a client, it is the server to start.
        mistake: The likely cause of a failure, unless the failure itself tells another one.
        needs: The ids of requirements without which this one cannot be checked.
    """

    id: str
    level: Level
    text: str
    why: str
    source: str
    difficulty: int
    by_hand: str
    mistake: Mistake
    needs: tuple[str, ...] = ()
