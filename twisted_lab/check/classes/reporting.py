"""From what was checked to the reports about it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from twisted_lab.check.classes.applying import apply
from twisted_lab.check.classes.given import Given
from twisted_lab.check.classes.model import Checked, ClassReport, TaskResult
from twisted_lab.check.reports.mapping import map_texts
from twisted_lab.check.reports.marks import Marks
from twisted_lab.check.reports.stored_report import read_report
from twisted_lab.check.reports.students import Result, Student
from twisted_lab.check.reports.terminal_report import summary
from twisted_lab.check.reports.writing import without_names, write_files
from twisted_lab.check.task import Task
from twisted_lab.check.verdicts import Evidence, Finding, Report, Verdict
from twisted_lab.text.language import _

_WORK = "/tmp/work/"  # noqa: S108 (of a sandbox)
# The path of an interpreter, or of a folder of its library.
_PYTHON = re.compile(r"(?<![\w./])(?:/[^\s/'\"]+)+/(python[0-9.]*)(?![\w-])")


def students_of(checked: ClassReport, given: Given, tasks: Mapping[str, Task]) -> list[Student]:
    """Return what the reports say about each student.

    Args:
        checked: What was found.
        given: Verdicts by hand, which count more.
        tasks: All tasks by their names.
    """
    return [
        Student(
            each.name,
            tuple(
                _result(result, given.get((each.name, result.task), ()), tasks[result.task])
                for result in each.results
            ),
        )
        for each in checked.submissions
    ]


def write_class(
    students: Sequence[Student],
    folder: Path,
    marks: Marks,
    remarks: Sequence[str] = (),
    random: Random | None = None,
) -> list[Path]:
    """Write all reports about a class, and return the paths of those that people open first.

    Args:
        students: The students.
        folder: The folder of the reports.
        marks: The mark for each verdict.
        remarks: Lines about files, for the page of the class; without names, there are none.
        random: Gives students numbers instead of names; None to show the names.

    Raises:
        OSError: A file cannot be read or written.
        ValueError: The file with the numbers is damaged.
    """
    if random is not None:
        students = without_names(students, folder, random)
        remarks = ()  # they may name students
    return write_files(students, folder, marks, remarks)


def _result(result: TaskResult, given: Sequence[Finding], task: Task) -> Result:
    best = result.best
    if best is None and result.is_missing and given:
        # The problem is no more than a remark: what the teacher has seen counts.
        lacking, _left = apply(_without_program(task), given, was_checked=False)
        return Result(result.task, "", result.problem, lacking)
    if best is None:
        report = _only(result.task, "", given)
        return Result(result.task, "", "", report, result.problem, is_missing=result.is_missing)
    found, problem = _read(best)
    others = tuple(_line(each) for each in result.programs if each is not best)
    if found is None:
        report = _only(result.task, best.file, given)
        return Result(result.task, best.file, best.why, report, problem, others)
    changed, left = apply(found, given)
    return Result(result.task, best.file, best.why, changed, "", others, left=left)


def _only(task: str, file: str, given: Sequence[Finding]) -> Report | None:
    """Return a report of what could not be checked."""
    return Report(task, file, 0, tuple(given)) if given else None


def _without_program(task: Task) -> Report:
    """Return a report in which nothing is offered: one verdict by hand is no full mark."""
    evidence = Evidence(_("No program was checked, and no verdict was given by hand."))
    lacking = (Finding(each, Verdict.NOT_OFFERED, evidence) for each in task.requirements)
    return Report(task.name, "", 0, tuple(lacking))


def _read(checked: Checked) -> tuple[Report | None, str]:
    """Return the report, or why there is none; one that is damaged costs no other one."""
    if checked.report is None:
        return None, checked.problem
    try:
        return map_texts(read_report(checked.report), _without_paths), ""
    except ValueError as error:
        return None, str(error)


def _without_paths(text: str) -> str:
    """Return a text without the folders of the machine that has checked: they help no student."""
    return _PYTHON.sub(r"\1", text.replace(_WORK, ""))


def _line(checked: Checked) -> str:
    report, problem = _read(checked)
    said = summary(report) if report else problem
    return f"{checked.file}: {said}"
