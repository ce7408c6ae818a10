"""Subjects of the reports: students, and the program of each for each task."""

from __future__ import annotations

from dataclasses import dataclass

from twisted_lab.check.verdicts import Report


@dataclass(frozen=True, slots=True)
class Result:
    """The program of a student for one task.

    Attributes:
        task: The name of the task.
        file: The program; "" if there is none.
        why: Why it was taken, one sentence for people; "" if the user named it.
        report: What was found; None if it was not checked.
        problem: Why it was not, one line. A report beside it has verdicts by hand alone.
        others: One line about each other program for the task, which does not count.
        is_missing: Whether no file looks like a program for the task.
        left: The ids of requirements that a person has to judge, after another verdict by hand.
    """

    task: str
    file: str
    why: str = ""
    report: Report | None = None
    problem: str = ""
    others: tuple[str, ...] = ()
    is_missing: bool = False
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Student:
    """A student, or the only program of a single check.

    Attributes:
        name: The name of the folder, or the command. It is not escaped.
        results: One for each task.
    """

    name: str
    results: tuple[Result, ...]
