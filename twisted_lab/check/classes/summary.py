"""The check of a class on the terminal: its progress, and a table at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from twisted_lab.check.classes.model import TaskResult
from twisted_lab.check.reports.marks import lack
from twisted_lab.check.reports.students import Student
from twisted_lab.check.reports.style import Style, shown
from twisted_lab.check.verdicts import Verdict
from twisted_lab.faults.terminal import Screen
from twisted_lab.text.language import _

_BAR = 20  # columns
_MOST_NAME = 24  # characters


class ClassProgress:
    """The progress of a class: a line for each result, and a bar on a terminal.

    Args:
        screen: Where it is shown.
        total: The number of results to come.
    """

    def __init__(self, screen: Screen, total: int) -> None:
        self._screen = screen
        self._total = total
        self._done = 0
        self._running: dict[tuple[str, str], None] = {}

    def begin(self, submission: str, task: str) -> None:
        """Show that a check begins."""
        self._running[submission, task] = None
        self._show_bar()

    def end(self, submission: str, result: TaskResult) -> None:
        """Show a result."""
        self._running.pop((submission, result.task), None)
        self._done += 1
        self._screen.show(f"{shown(submission)}  {result.task}: {outcome(result)}")
        self._show_bar()

    def _show_bar(self) -> None:
        filled = _BAR * self._done // (self._total or 1)
        names = ", ".join(shown(submission, _MOST_NAME) for submission, _task in self._running)
        bar = "#" * filled + "." * (_BAR - filled)
        self._screen.set_status(f"[{bar}] {self._done}/{self._total}  {names}")


def outcome(result: TaskResult) -> str:
    """Return what was found about a task, in one line that cannot control a terminal."""
    best = result.best
    if best is None or best.report is None:
        problem = best.problem if best else result.problem
        return _not_checked(problem)
    return _(
        "{passed:,} passed, {failed:,} failed ({file})",
        passed=best.report["counts"][Verdict.PASS.value],
        failed=best.report["counts"][Verdict.FAIL.value],
        file=shown(best.file),
    )


def class_table(students: Sequence[Student], tasks: Sequence[str], style: Style) -> str:
    """Return a table of submissions and tasks, with the numbers of passes and failures."""
    width = max((len(shown(each.name, _MOST_NAME)) for each in students), default=0)
    heads = [f"{task:>{_wide(task)}}" for task in tasks]
    lines = [" " * width + "  " + "  ".join(heads)]
    for student in students:
        name = f"{shown(student.name, _MOST_NAME):{width}}"
        lines.append(f"{name}  {'  '.join(_cells(student, style))}".rstrip())
    return "\n".join(lines)


def remarks(students: Sequence[Student]) -> list[str]:
    """Return why tasks were not checked, and what is left to judge, one line each."""
    lines = []
    for student in students:
        for result in student.results:
            place = f"{shown(student.name)}  {result.task}: "
            if result.problem and not result.is_missing:
                lines.append(place + _not_checked(result.problem))
            if result.left:
                ids = ", ".join(result.left)
                lines.append(place + _("{ids}: give verdicts by hand, too", ids=ids))
    return lines


def _not_checked(problem: str) -> str:
    return _("not checked: {reason}", reason=shown(problem))


def _cells(student: Student, style: Style) -> Iterator[str]:
    for result in student.results:
        width = _wide(result.task)
        reason = lack(result)
        if reason == Verdict.NOT_CHECKED.value:
            yield " " * (width - 1) + style.mark(Verdict.NOT_CHECKED)
        elif result.report is None or reason:
            yield _(reason).rjust(width)
        else:
            counts = Counter(each.verdict for each in result.report.findings)
            passed, failed = counts[Verdict.PASS], counts[Verdict.FAIL]
            marks = f"{passed:2} {style.mark(Verdict.PASS)} {failed:2} {style.mark(Verdict.FAIL)}"
            yield " " * (width - len("99 + 99 +")) + marks


def _wide(task: str) -> int:
    words = task, "99 + 99 +", _("no program"), _(Verdict.NOT_OFFERED.value)
    return max(map(len, words))
