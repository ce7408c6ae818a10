"""Tasks: what is asked for, how the checker learns a program's manners, and how it judges them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, TypeVar

from twisted_lab.check.bench import Bench
from twisted_lab.check.requirements.requirement import Requirement
from twisted_lab.check.trials.trial import Trial


class Role(Enum):
    """Which program of a submission a task is about; the value is a word for people."""

    SERVER = "server"
    CLIENT = "client"


class Learned(Protocol):
    """What a task learns about a program before it judges it: its manners."""

    @property
    def behaviour(self) -> tuple[str, ...]:
        """The same for people, one line each."""


Manners = TypeVar("Manners")
# Returns a note, or None, if the program meets the requirement; raises an Outcome otherwise.
Scenario = Callable[[Trial, Manners], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Task:
    """A task.

    Attributes:
        name: Its name on the command line, such as ``echo-server``.
        role: The program that it is about.
        requirements: What it asks for, in an order in which none needs a later one.
        learn: Returns the manners of a program.
        scenarios: One for each requirement, by its id; each is given those manners.
        need_a_start: The ids that cannot be checked if somebody else has started the program.
        may_pass_alone: The ids that a program may meet though it fails what they need; if it does
            not meet them, they are not checked.
    """

    name: str
    role: Role
    requirements: tuple[Requirement, ...]
    learn: Callable[[Bench], Awaitable[Learned]]
    scenarios: Mapping[str, Scenario[Any]]
    need_a_start: frozenset[str] = frozenset()
    may_pass_alone: frozenset[str] = frozenset()
