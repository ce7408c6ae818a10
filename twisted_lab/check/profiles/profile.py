"""A set of tasks for other programs than those of the lab's students."""

from __future__ import annotations

from dataclasses import dataclass

from twisted_lab.check.task import Task


@dataclass(frozen=True, slots=True)
class Profile:
    """A set of tasks.

    Attributes:
        tasks: The tasks.
        whole: All of them as one task, which is checked if none is named.
        command: The command that is checked if none is given.
        example: How the command line of a check looks.
    """

    tasks: tuple[Task, ...]
    whole: Task
    command: tuple[str, ...]
    example: str
