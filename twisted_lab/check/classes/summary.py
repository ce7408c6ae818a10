"""The check of a class on the terminal: its progress, and a table at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from twisted_lab.check.classes.model import TaskResult
from twisted_lab.check.reports.marks import Marks, lack
from twisted_lab.check.reports.students import Result, Student
from twisted_lab.check.reports.style import Style, shown
from twisted_lab.check.verdicts import Verdict
from twisted_lab.faults.terminal import Screen
from twisted_lab.text.language import _, number

_BAR = 20  # columns
_MOST_NAME = 24  # characters
_MARK = 5  # characters of a mark, such as 12.34
_COUNTED = (Verdict.PASS, Verdict.FAIL, Verdict.WEAK, Verdict.NOT_OFFERED)


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


def class_table(
    students: Sequence[Student], tasks: Sequence[str], style: Style, marks: Marks
) -> str:
    """Return a table of submissions and tasks, with marks and the numbers of verdicts.

    Each submission is a row, or, if the tasks do not fit into the width, each of its tasks is one.
    """
    width = max((len(shown(each.name, _MOST_NAME)) for each in students), default=0)
    longest = max(map(len, tasks))
    wide = max(_cell_width(), longest)
    heads = [f"{task:>{wide}}" for task in tasks]
    is_grid = width + len(tasks) * (2 + wide) <= style.columns
    lines = [" " * width + "  " + "  ".join(heads)] if is_grid else []
    for student in students:
        name = f"{shown(student.name, _MOST_NAME):{width}}"
        cells = [_cell(result, style, marks) for result in student.results]
        if is_grid:
            gap = " " * (2 + wide - _cell_width())
            lines.append("".join([name, *(gap + cell for cell in cells)]).rstrip())
            continue
        for result, cell in zip(student.results, cells, strict=True):
            lines.append(f"{name}  {result.task:{longest}}  {cell}".rstrip())
            name = " " * width
    signs = "  ".join(f"{style.mark(each)} {_(each.value)}" for each in _COUNTED)
    lines += ["", _("The mark, and how many: {signs}  * by hand", signs=signs)]
    counted = [
        finding.verdict
        for student in students
        for result in student.results
        if result.report and not lack(result)
        for finding in result.report.findings
    ]
    if Verdict.NOT_OFFERED in counted and marks.numbers["not-offered"] == 0:
        lines.append(
            _(
                "A mark is the share of the points; what a program does not offer gives none of "
                "its points. With --marks not-offered=none it does not count."
            )
        )
    return "\n".join(lines)


def remarks(students: Sequence[Student]) -> list[str]:
    """Return why tasks were not checked, and what is left to judge, one line each."""
    lines = []
    for student in students:
        for result in student.results:
            place = f"{shown(student.name)}  {result.task}: "
            if result.problem and not result.is_missing:
                lines.append(place + _not_checked(result.problem))
                if result.report:
                    ids = ", ".join(each.requirement.id for each in result.report.findings)
                    lines.append(
                        place
                        + _(
                            "the pages show the verdicts by hand on {ids}, but give no mark",
                            ids=ids,
                        )
                    )
            if note := _why_nothing(result):
                lines.append(place + note)
            if result.left:
                ids = ", ".join(result.left)
                lines.append(
                    place
                    + _(
                        "{ids}: not tried, for what they need was not met until your verdict by "
                        "hand; give verdicts on them, too, with --verdicts",
                        ids=ids,
                    )
                )
    return lines


def _why_nothing(result: Result) -> str:
    """Return how a program failed that was checked no further, such as one that does not start."""
    findings = result.report.findings if result.report else ()
    first, *others = [each.verdict for each in findings] or [Verdict.NOT_CHECKED]
    if first is not Verdict.FAIL or not others or {*others} != {Verdict.NOT_CHECKED}:
        return ""
    return shown(findings[0].evidence.note)


def _not_checked(problem: str) -> str:
    return _("not checked: {reason}", reason=shown(problem))


def _cell(result: Result, style: Style, marks: Marks) -> str:
    """Return a mark and the numbers of verdicts, or words, in a cell of `_cell_width`."""
    mark = marks.of(result)
    said = "" if mark is None else number(round(mark, 2), "g")
    given = any(each.is_given for each in result.report.findings) if result.report else False
    said = f"{said:>{_MARK}}{'*' if given else ' '}"
    reason = lack(result)
    if reason == Verdict.NOT_CHECKED.value:
        return said + " " * (_cell_width() - _MARK - 2) + style.mark(Verdict.NOT_CHECKED)
    if result.report is None or reason:
        return said + _(reason).rjust(_cell_width() - _MARK - 1)
    counts = Counter(each.verdict for each in result.report.findings)
    gap = " " * (_cell_width() - _MARK - 1 - 4 * len(_COUNTED))
    return said + gap + "".join(f"{counts[each]:3}{style.mark(each)}" for each in _COUNTED)


def _cell_width() -> int:
    words = " 99+" * len(_COUNTED), _("no program"), _(Verdict.NOT_OFFERED.value)
    return _MARK + 1 + max(map(len, words))
