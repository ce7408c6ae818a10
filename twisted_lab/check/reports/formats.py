"""The formats of the report about one program, by the names of their options."""

from __future__ import annotations

from collections.abc import Callable

from twisted_lab.check.reports.gradescope import gradescope
from twisted_lab.check.reports.html.page import page
from twisted_lab.check.reports.json_report import json_report
from twisted_lab.check.reports.junit import junit
from twisted_lab.check.reports.marks import Marks
from twisted_lab.check.reports.students import Result, Student
from twisted_lab.check.verdicts import Report

# Each takes the report, the marks, and whether SHOULD counts like MUST in the exit status.
FORMATS: dict[str, Callable[[Report, Marks, bool], str]] = {
    "json": lambda report, _marks, is_strict: json_report(report, is_strict),
    "html": lambda report, marks, _is_strict: page(_alone(report), marks),
    "junit": lambda report, _marks, _is_strict: junit([_alone(report)]),
    "gradescope": lambda report, marks, _is_strict: gradescope(_alone(report), marks),
}


def _alone(report: Report) -> Student:
    return Student(report.program, (Result(report.task, report.program, report=report),))
