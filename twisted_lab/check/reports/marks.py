"""Marks: the number that each verdict gives, and that of a whole task."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from twisted_lab.check.requirements.requirement import Level
from twisted_lab.check.verdicts import Finding, Report, Verdict, is_offered
from twisted_lab.text.language import _

# A requirement is blocked if it was not checked because another one, which it needs, failed.
_BLOCKED = "blocked"
_WORDS = (*(each.value.replace(" ", "-") for each in Verdict), _BLOCKED)
DEFAULT = "pass=1,weak=0.5,fail=0,blocked=0,info=none,not-offered=none,not-checked=none,flaky=none"
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks for verdicts.

    Attributes:
        numbers: The mark for each word; None if such a requirement does not count.
    """

    numbers: Mapping[str, float | None]

    def __str__(self) -> str:
        """Return them as `read_marks` reads them."""
        words = {
            word: "none" if mark is None else f"{mark:g}" for word, mark in self.numbers.items()
        }
        return ",".join(f"{word}={mark}" for word, mark in words.items())

    def each(self, report: Report) -> dict[str, float | None]:
        """Return the mark of each requirement by its id; information has none."""
        blocked: set[str] = set()  # and those that failed
        marks: dict[str, float | None] = {}
        for finding in report.findings:  # none needs a later one
            word = self._word(finding, blocked)
            if word in (_BLOCKED, Verdict.FAIL.value):
                blocked.add(finding.requirement.id)
            is_counted = finding.requirement.level is not Level.INFORMATION
            marks[finding.requirement.id] = self.numbers[word] if is_counted else None
        return marks

    def total(self, report: Report) -> float | None:
        """Return the mean mark of all requirements that count.

        None if none does, or if the program does not offer the task.
        """
        musts = [each.verdict for each in report.findings if each.requirement.level is Level.MUST]
        if musts and not is_offered(musts):
            return None
        counted = [mark for mark in self.each(report).values() if mark is not None]
        return sum(counted) / len(counted) if counted else None

    @property
    def best(self) -> float:
        """The mark of a requirement that is met."""
        return self.numbers[Verdict.PASS.value] or 0.0

    @staticmethod
    def _word(finding: Finding, blocked: set[str]) -> str:
        if finding.verdict is Verdict.NOT_CHECKED and blocked & set(finding.requirement.needs):
            return _BLOCKED
        return finding.verdict.value.replace(" ", "-")


def read_marks(text: str = DEFAULT) -> Marks:
    """Read marks such as ``pass=1,weak=0.5``; the others are those of DEFAULT.

    Raises:
        ValueError: A word or a number is wrong.
    """
    numbers: dict[str, float | None] = {}
    for each in f"{DEFAULT},{text}".split(","):
        word, _equals, number = (part.strip() for part in each.partition("="))
        if word not in _WORDS:
            raise ValueError(
                _(
                    "marks belong to {words}, not to {word!r}",
                    words=", ".join(_WORDS),
                    word=word,
                )
            )
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
