"""Points of a task on the page of a student, from which the mark can be computed again."""

from __future__ import annotations

from collections.abc import Iterator

from twisted_lab.check.reports.html.document import mark_said
from twisted_lab.check.reports.marks import Marks, lack
from twisted_lab.check.reports.students import Result
from twisted_lab.check.requirements.requirement import Level
from twisted_lab.check.verdicts import Finding, Report, Verdict
from twisted_lab.text.language import N_, _

_WORDS = {
    **{each.value: each.value for each in (*Level, *Verdict)},
    "not-offered": Verdict.NOT_OFFERED.value,
    "not-checked": Verdict.NOT_CHECKED.value,
    "blocked": N_("not checked after a failure"),
}


def sum_said(result: Result, marks: Marks) -> str:
    """Return the mark of a student for a task, and how it is computed, in one line.

    Args:
        result: The student's program.
        marks: The mark for each verdict.
    """
    mark = marks.of(result)
    said = _("No mark")
    if mark is not None:
        said = _("Mark: {mark} of {best}", mark=mark_said(mark), best=mark_said(marks.best))
    if reason := lack(result):
        return f"{said}: {_(reason)}"
    if result.report is None or mark is None:
        return said
    points, weight = marks.points(result.report)
    got, most = mark_said(points), mark_said(weight * marks.best)
    total = _("{got} of {most} points", got=got, most=most)
    return "; ".join(
        (f"{said}: {total}", *_lost(result.report, marks), *_rules(result.report, marks))
    )


def _lost(report: Report, marks: Marks) -> Iterator[str]:
    """Yield how many of the missing points are for what the program does not offer, if any are."""
    each = marks.each(report)
    lost = sum(
        (marks.best - mark) * marks.weight(finding.requirement)
        for finding in report.findings
        if finding.verdict is Verdict.NOT_OFFERED
        and (mark := each[finding.requirement.id]) is not None
    )
    if lost > 0:
        yield _(
            "of the missing points, for what the program does not offer: {points}",
            points=mark_said(lost),
        )


def points_said(finding: Finding, mark: float | None, marks: Marks) -> str:
    """Return the points for one requirement, and the most that there are.

    Args:
        finding: What was found.
        mark: Its mark; None if it does not count.
        marks: The mark for each verdict.
    """
    if mark is None:
        return _("does not count")
    weight = marks.weight(finding.requirement)
    got, most = mark_said(mark * weight), mark_said(marks.best * weight)
    return _("{got} of {most}", got=got, most=most)


def _rules(report: Report, marks: Marks) -> Iterator[str]:
    """Yield what each level counts, what each verdict gives, and what does not count."""
    ids = [finding.requirement.id for finding in report.findings]
    levels = [each.value for each in Level]
    counted = {word: mark for word, mark in marks.numbers.items() if mark is not None}
    for words in (
        [each for each in counted if each in levels or each in ids],
        [each for each in counted if each in _WORDS and each not in levels],
    ):
        yield ", ".join(f"{_(_WORDS.get(each, each))} {mark_said(counted[each])}" for each in words)
    each = marks.each(report)
    if left := [name for name in ids if each[name] is None]:
        yield _("these do not count: {ids}", ids=", ".join(left))
