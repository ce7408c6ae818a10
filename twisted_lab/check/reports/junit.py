"""JUnit's XML, which continuous integration reads.

A requirement that failed is a failure. One that was not offered, not checked or flaky is skipped:
it neither passed nor failed. A program that was not checked at all is an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from twisted_lab.check.reports.failure import brief, failure
from twisted_lab.check.reports.markup import Markup, element
from twisted_lab.check.reports.students import Result, Student
from twisted_lab.check.reports.style import Style, shown
from twisted_lab.check.verdicts import Finding, Verdict
from twisted_lab.text.language import _

_STYLE = Style(100)
_SKIPPED = (Verdict.NOT_OFFERED, Verdict.NOT_CHECKED, Verdict.FLAKY)


def junit(students: Iterable[Student]) -> str:
    """Return the results as one document: a suite for each program."""
    suites = [_suite(student.name, result) for student in students for result in student.results]
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + element("testsuites", *suites)


def _suite(student: str, result: Result) -> Markup:
    name = f"{shown(student)}: {result.task}"
    report = result.report
    if report is None:
        error = element("error", message=shown(result.problem))
        case = element("testcase", error, name=result.task, classname=name, time="0")
        return element(
            "testsuite", case, name=name, tests="1", failures="0", errors="1", skipped="0", time="0"
        )
    counts = Counter(finding.verdict for finding in report.findings)
    return element(
        "testsuite",
        *(_case(name, finding) for finding in report.findings),
        name=name,
        tests=str(len(report.findings)),
        failures=str(counts[Verdict.FAIL]),
        errors="0",
        skipped=str(sum(counts[each] for each in _SKIPPED)),
        time=f"{report.seconds:.3f}",
    )


def _case(suite: str, finding: Finding) -> Markup:
    requirement = finding.requirement
    children: list[Markup] = []
    note = shown(finding.evidence.note)
    if finding.verdict is Verdict.FAIL:
        text = "\n".join(failure(finding, _STYLE))
        children = [element("failure", text, message=note, type=requirement.level.value)]
    elif finding.verdict in _SKIPPED:
        message = f"{_(finding.verdict.value)}: {note}"
        children = [element("skipped", message=message)]
    elif finding.verdict is Verdict.WEAK:
        children = [element("system-out", "\n".join(brief(finding, _STYLE)))]
    elif note:
        children = [element("system-out", note)]
    return element(
        "testcase",
        *children,
        name=f"{requirement.id}: {_(requirement.text)}",
        classname=suite,
        time=f"{finding.seconds:.3f}",
    )
