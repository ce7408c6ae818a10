"""Marks: the number that each verdict gives, and that of a whole task."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from twisted_lab.check.reports.students import Result
from twisted_lab.check.requirements.requirement import Level, Requirement
from twisted_lab.check.verdicts import Finding, Report, Verdict, is_offered
from twisted_lab.text.language import N_, _
from twisted_lab.text.nearest import with_nearest

# A requirement is blocked if it was not checked because another one, which it needs, failed.
_BLOCKED = "blocked"
_NO_PROGRAM = "no-program"
_VERDICTS = (*(each.value.replace(" ", "-") for each in Verdict), _BLOCKED)
_WORDS = (*_VERDICTS, _NO_PROGRAM, Level.MUST.value, Level.SHOULD.value)
# Not offered gives 0, as a failure does: a program could have a better mark for doing less.
DEFAULT = (
    "pass=1,weak=0.5,fail=0,blocked=0,not-offered=0,info=none,not-checked=none,flaky=none,"
    "no-program=none,must=2,should=1"
)
_ID = re.compile("[A-Z]{2,4}-[0-9]{1,3}")
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks for verdicts, and how much each requirement counts.

    Attributes:
        numbers: The mark for each verdict, and the weight of each level, and of requirements by
            their ids; None if such a requirement does not count.
    """

    numbers: Mapping[str, float | None]

    def __str__(self) -> str:
        """Return them as `read_marks` reads them."""
        words = {
            word: "none" if mark is None else f"{mark:g}" for word, mark in self.numbers.items()
        }
        return ",".join(f"{word}={mark}" for word, mark in words.items())

    def each(self, report: Report) -> dict[str, float | None]:
        """Return the mark of each requirement by its id; None if it does not count.

        In a program that does not offer the task, none counts.
        """
        if not is_task_offered(report):
            return dict.fromkeys(each.requirement.id for each in report.findings)
        blocked: set[str] = set()  # and those that failed
        marks: dict[str, float | None] = {}
        for finding in report.findings:  # none needs a later one
            word = self._word(finding, blocked)
            if word in (_BLOCKED, Verdict.FAIL.value):
                blocked.add(finding.requirement.id)
            is_counted = self.weight(finding.requirement) > 0
            marks[finding.requirement.id] = self.numbers[word] if is_counted else None
        return marks

    def weight(self, requirement: Requirement) -> float:
        """Return how much a requirement counts: that of its id, or of its level."""
        of_level = self.numbers.get(requirement.level.value)
        return self.numbers.get(requirement.id, of_level) or 0.0

    def total(self, report: Report) -> float | None:
        """Return the weighted mean of the marks of all requirements that count.

        It is `no_program` if the program does not offer the task, and None if nothing counts.
        """
        if not is_task_offered(report):
            return self.no_program
        points, weight = self.points(report)
        return points / weight if weight else None

    def points(self, report: Report) -> tuple[float, float]:
        """Return the sum of all marks, each multiplied by its weight, and that of the weights."""
        marks = self.each(report)
        counted = [
            (mark, self.weight(each.requirement))
            for each in report.findings
            if (mark := marks[each.requirement.id]) is not None
        ]
        points = sum(mark * weight for mark, weight in counted)
        return points, sum(weight for _mark, weight in counted)

    def of(self, result: Result) -> float | None:
        """Return the mark of a student for a task; None if there is none."""
        if result.is_missing:
            return self.no_program
        if result.report is None or result.problem:
            return None
        return self.total(result.report)

    @property
    def ids(self) -> list[str]:
        """The ids of requirements that have weights of their own."""
        return [each for each in self.numbers if each not in _WORDS]

    @property
    def no_program(self) -> float | None:
        """The mark of a task without a program; None for no mark."""
        return self.numbers[_NO_PROGRAM]

    @property
    def best(self) -> float:
        """The mark of a requirement that is met."""
        return self.numbers[Verdict.PASS.value] or 0.0

    @staticmethod
    def _word(finding: Finding, blocked: set[str]) -> str:
        if finding.verdict is Verdict.NOT_CHECKED and blocked & set(finding.requirement.needs):
            return _BLOCKED
        return finding.verdict.value.replace(" ", "-")


def is_task_offered(report: Report) -> bool:
    """Return whether a program offers its task at all, see `is_offered`."""
    musts = [each.verdict for each in report.findings if each.requirement.level is Level.MUST]
    return not musts or is_offered(musts)


def lack(result: Result) -> str:
    """Return why a task is not judged, in words that are not translated; "" if it is."""
    if result.is_missing:
        return N_("no program")
    if result.report is None or result.problem:  # verdicts by hand alone are no mark
        return Verdict.NOT_CHECKED.value
    return "" if is_task_offered(result.report) else Verdict.NOT_OFFERED.value


def read_marks(text: str = DEFAULT) -> Marks:
    """Read marks such as ``pass=1,must=3,ES-4=none``; the others are those of DEFAULT.

    Whether an id exists is seen later.

    Raises:
        ValueError: A word or a number is wrong.
    """
    numbers: dict[str, float | None] = {}
    for each in f"{DEFAULT},{text}".split(","):
        word, _equals, number = (part.strip() for part in each.partition("="))
        word = word.upper() if _ID.fullmatch(word.upper()) else word
        if word not in _WORDS and not _ID.fullmatch(word):
            problem = _(
                "marks belong to {words}, and ids such as ES-4, not to {word!r}",
                words=", ".join(_WORDS),
                word=word,
            )
            raise ValueError(with_nearest(problem, word, _WORDS))
        numbers[word] = None if number == "none" else _number(number)
    return Marks(numbers)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= _MOST:
        raise ValueError(
            _("a mark is a number from 0 to {most}, or none, not {text!r}", most=_MOST, text=text)
        )
    return number
