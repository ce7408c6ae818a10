"""``results.json`` for Gradescope."""

from __future__ import annotations

import json
from typing import Any

from twisted_lab.check.reports.failure import brief, failure
from twisted_lab.check.reports.marks import Marks
from twisted_lab.check.reports.students import Result, Student
from twisted_lab.check.reports.style import Style, shown
from twisted_lab.check.reports.terminal_report import summary
from twisted_lab.check.verdicts import Finding, Verdict
from twisted_lab.text.language import _

_STYLE = Style(80)
_STATUS = {Verdict.PASS: "passed", Verdict.WEAK: "passed", Verdict.FAIL: "failed"}


def gradescope(student: Student, marks: Marks) -> str:
    """Return the results of a student as JSON.

    A requirement that does not count has no score. The score of all is the sum of all marks, each
    multiplied by its weight.

    Args:
        student: The student.
        marks: The points for each verdict.
    """
    tests = [test for result in student.results for test in _tests(result, marks)]
    content = {
        "score": round(sum(test.get("score", 0) for test in tests), 3),
        "execution_time": round(
            sum(each.report.seconds for each in student.results if each.report), 3
        ),
        "output": "\n".join(map(_outcome, student.results)),
        "output_format": "text",
        "visibility": "visible",
        "tests": tests,
    }
    return json.dumps(content, indent=1)


def _outcome(result: Result) -> str:
    text = summary(result.report) if result.report else shown(result.problem)
    return f"{result.task}: {text}"


def _tests(result: Result, marks: Marks) -> list[dict[str, Any]]:
    if result.report is None:
        return []
    each = {} if result.problem else marks.each(result.report)
    return [
        _test(finding, each.get(finding.requirement.id), marks)
        for finding in result.report.findings
    ]


def _test(finding: Finding, mark: float | None, marks: Marks) -> dict[str, Any]:
    requirement = finding.requirement
    test: dict[str, Any] = {
        "number": requirement.id,
        "name": f"{_(requirement.level.value)}: {_(requirement.text)}",
        "output": "\n".join(_output(finding)),
        "output_format": "text",
        "visibility": "visible",
    }
    if mark is not None:
        weight = marks.weight(requirement)
        test |= {"score": mark * weight, "max_score": max(marks.best, mark) * weight}
    if finding.verdict in _STATUS:
        test["status"] = _STATUS[finding.verdict]
    return test


def _output(finding: Finding) -> list[str]:
    if finding.verdict is Verdict.FAIL:
        return list(failure(finding, _STYLE))
    if finding.verdict in (Verdict.WEAK, Verdict.FLAKY):
        return list(brief(finding, _STYLE))
    note = shown(finding.evidence.note)
    return [f"{_(finding.verdict.value)}: {note}" if note else _(finding.verdict.value)]
