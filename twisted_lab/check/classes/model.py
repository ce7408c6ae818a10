"""What a check of a class found: submissions, and for each task the programs that were checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twisted_lab.check.verdicts import Verdict, is_offered


@dataclass(frozen=True, slots=True)
class Checked:
    """One program of a submission, checked for one task.

    Attributes:
        file: Its path in the submission's folder. A student chose it: escape it.
        why: Why this file was taken, in one sentence for people; it may quote the file's name.
        report: What `json_report` made of the check; None if there is no report.
        problem: Why there is no report, in one line; "" if there is one.
    """

    file: str
    why: str
    report: Mapping[str, Any] | None = None
    problem: str = ""

    @property
    def offers(self) -> bool:
        """Whether there is a report, and the program offers the task."""
        findings = self.report["findings"] if self.report else []
        return is_offered(
            [Verdict(each["verdict"]) for each in findings if each["level"] == "must"]
        )

    @property
    def rank(self) -> tuple[int, int, int]:
        """How good it is: met MUSTs, then all that is met, then few failures."""
        findings = self.report["findings"] if self.report else []
        met = [each["level"] for each in findings if each["verdict"] in ("pass", "weak")]
        failed = sum(each["verdict"] == "fail" for each in findings)
        return met.count("must"), len(met), -failed


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What was found about one task of a submission.

    Attributes:
        task: The name of the task, such as ``echo-server``.
        programs: The programs that were checked, the likeliest first.
        problem: Why none was, in one line, such as a wrong check.toml; "" if one was.
        is_missing: Whether no file looks like a program for the task.
    """

    task: str
    programs: tuple[Checked, ...] = ()
    problem: str = ""
    is_missing: bool = False

    @property
    def best(self) -> Checked | None:
        """The program that counts; the first one of equals."""
        return max(self.programs, key=lambda each: each.rank, default=None)


@dataclass(frozen=True, slots=True)
class Submission:
    """One student's folder.

    Attributes:
        name: The name of the folder. A student may have chosen it: escape it.
        results: One for each task, in the order of the tasks.
    """

    name: str
    results: tuple[TaskResult, ...]


@dataclass(frozen=True, slots=True)
class ClassReport:
    """All that is known about a class.

    Attributes:
        tasks: The names of the tasks.
        submissions: In the order of their names.
    """

    tasks: tuple[str, ...]
    submissions: tuple[Submission, ...]
