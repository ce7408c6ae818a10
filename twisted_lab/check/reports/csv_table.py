"""A table for spreadsheets: one row for each student."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from twisted_lab.check.reports.marks import Marks, lack
from twisted_lab.check.reports.students import Result, Student
from twisted_lab.check.reports.style import shown

TABLE = "results.csv"
_BY_HAND = " (by hand)"
# Where a formula begins. In many countries spreadsheets take a semicolon for the separator.
_FORMULA = re.compile('(?:^|(?<=;))(?=[ "]*[-=+@\t\r\uff1d\uff0b\uff0d\uff20])')


def given_before(path: Path) -> int:
    """Return how many verdicts by hand a table on disk has; 0 if it is none."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            table = csv.reader(file)
            columns = next(table, [])
            return sum(
                column[-1:].isdigit() and cell.endswith(_BY_HAND)  # ids end in digits
                for row in table
                for column, cell in zip(columns, row, strict=False)
            )
    except (OSError, ValueError, csv.Error):
        return 0


def csv_table(students: Sequence[Student], marks: Marks) -> str:
    """Return the table: for each task its mark, program and problem, and a column for each id.

    It is data, so it is English. Verdicts are the words of the JSON, and some are given by hand. A
    requirement that was not judged has an empty cell.

    Args:
        students: The students.
        marks: The mark for each verdict.
    """
    columns = requirement_ids(students)
    file = io.StringIO()
    table = csv.writer(file)
    header = ["student"]
    for task, ids in columns.items():
        header += [f"{task} {word}" for word in ("mark", "program", "problem")] + ids
    table.writerow(map(_cell, header))
    for student in students:
        results = {result.task: result for result in student.results}
        row = [student.name]
        for task, ids in columns.items():
            row += _cells(results.get(task, Result(task, "")), ids, marks)
        table.writerow(map(_cell, row))
    return file.getvalue()


def requirement_ids(students: Sequence[Student]) -> dict[str, list[str]]:
    """Return the ids that the reports about each task name."""
    columns: dict[str, list[str]] = {}
    for result in (result for student in students for result in student.results):
        ids = columns.setdefault(result.task, [])
        findings = result.report.findings if result.report else ()
        ids += [each.requirement.id for each in findings if each.requirement.id not in ids]
    return columns


def mark_text(mark: float | None) -> str:
    """Return a mark in at most three decimals; "" if there is none."""
    return "" if mark is None else f"{mark:.3f}".rstrip("0").rstrip(".")


def _cells(result: Result, ids: list[str], marks: Marks) -> Iterator[str]:
    report = result.report
    yield mark_text(marks.of(result))
    yield result.file
    yield lack(result)
    findings = report.findings if report else ()
    verdicts = {
        each.requirement.id: each.verdict.value + _BY_HAND * each.is_given for each in findings
    }
    yield from (verdicts.get(each, "") for each in ids)


def _cell(text: str) -> str:
    """Escape control characters, and defuse formulas with an apostrophe."""
    return shown(_FORMULA.sub("'", text))
