"""From what was checked to the reports about it."""

from __future__ import annotations

from pathlib import Path
from random import Random

from twisted_lab.check.classes.model import Checked, ClassReport, Submission, TaskResult
from twisted_lab.check.reports.marks import Marks
from twisted_lab.check.reports.stored_report import read_report
from twisted_lab.check.reports.students import Result, Student
from twisted_lab.check.reports.terminal_report import summary
from twisted_lab.check.reports.writing import without_names, write_files
from twisted_lab.check.verdicts import Report


def write_class(
    checked: ClassReport, folder: Path, marks: Marks, random: Random | None = None
) -> list[Path]:
    """Write all reports about a class, and return the paths of those that people open first.

    Args:
        checked: What was found.
        folder: The folder of the reports.
        marks: The mark for each verdict.
        random: Gives students numbers instead of names; None to show the names.

    Raises:
        OSError: A file cannot be read or written.
        ValueError: The file with the numbers is damaged.
    """
    students = [_student(each) for each in checked.submissions]
    if random is not None:
        students = without_names(students, folder, random)
    return write_files(students, folder, marks)


def _student(submission: Submission) -> Student:
    return Student(submission.name, tuple(map(_result, submission.results)))


def _result(result: TaskResult) -> Result:
    best = result.best
    if best is None:
        return Result(result.task, "", problem=result.problem)
    report, problem = _read(best)
    others = tuple(_line(each) for each in result.programs if each is not best)
    return Result(result.task, best.file, best.why, report, problem, others)


def _read(checked: Checked) -> tuple[Report | None, str]:
    """Return the report, or why there is none; one that is damaged costs no other one."""
    if checked.report is None:
        return None, checked.problem
    try:
        return read_report(checked.report), ""
    except ValueError as error:
        return None, str(error)


def _line(checked: Checked) -> str:
    report, problem = _read(checked)
    said = summary(report) if report else problem
    return f"{checked.file}: {said}"
