"""The page of one student, for this student alone: it names no other one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from twisted_lab.check.reports.html.document import (
    document,
    items,
    legend,
    symbol,
    word,
)
from twisted_lab.check.reports.html.finding import in_full
from twisted_lab.check.reports.html.points import points_said, sum_said
from twisted_lab.check.reports.marks import Marks
from twisted_lab.check.reports.markup import Markup, element
from twisted_lab.check.reports.students import Result, Student
from twisted_lab.check.reports.style import shown
from twisted_lab.check.reports.terminal_report import explained, sections, summary
from twisted_lab.check.verdicts import Finding, Report, Verdict
from twisted_lab.text.language import _

_EXPLAINED = (Verdict.FAIL, Verdict.WEAK, Verdict.FLAKY)
_MOST_LINES = 50  # of one list


def page(student: Student, marks: Marks) -> str:
    """Return the page of a student.

    Args:
        student: The student.
        marks: The mark for each verdict.
    """
    sections = [_result(result, marks) for result in student.results]
    key = element("section", element("h2", _("What the symbols mean")), legend())
    return document(shown(student.name), *_contents(student), *sections, key)


def _contents(student: Student) -> Iterator[Markup]:
    """Yield what each task came to, with a link to it, if there are several tasks."""
    if len(student.results) > 1:
        for result in student.results:
            link = element("a", result.task, href=f"#{result.task}")
            said = summary(result.report) if result.report else shown(result.problem)
            yield element("p", link, ": ", said)


def _result(result: Result, marks: Marks) -> Markup:
    parts = [element("h2", result.task)]
    if result.file:
        parts.append(element("p", _("Program:"), " ", element("code", shown(result.file))))
    parts += [element("p", shown(text)) for text in (result.why, result.problem) if text]
    parts.append(element("p", sum_said(result, marks)))
    if result.report:
        parts += _report(result.report, {} if result.problem else marks.each(result.report), marks)
    if result.others:
        parts.append(element("h3", _("Other programs, which do not count")))
        parts.append(items([shown(each) for each in result.others]))
    return element("section", *parts, id=result.task)


def _report(report: Report, each: Mapping[str, float | None], marks: Marks) -> Iterator[Markup]:
    yield element("p", summary(report))
    yield _table(report, each, marks)
    for finding in explained(report.findings):
        yield in_full(finding, _anchor(report, finding))
    for title, texts in sections(report):
        yield element("h3", title)
        yield items([shown(each) for each in texts[:_MOST_LINES]])


def _table(report: Report, each: Mapping[str, float | None], marks: Marks) -> Markup:
    titles = (_("Verdict"), _("Id"), _("Level: points"), _("Requirement"))
    head = element("tr", *(element("th", each, scope="col") for each in titles))
    rows = [
        _row(report, finding, points_said(finding, each.get(finding.requirement.id), marks))
        for finding in report.findings
    ]
    return element("table", element("thead", head), element("tbody", *rows))


def _row(report: Report, finding: Finding, points: str) -> Markup:
    requirement = finding.requirement
    name: str = requirement.id
    if finding.verdict in _EXPLAINED:
        name = element("a", name, href=f"#{_anchor(report, finding)}")
    return element(
        "tr",
        element("td", symbol(finding.verdict), " ", word(finding), class_="short"),
        element("th", name, scope="row", class_="short"),
        element("td", f"{_(requirement.level.value)}: {points}", class_="short"),
        element("td", _(requirement.text)),
    )


def _anchor(report: Report, finding: Finding) -> str:
    return f"{report.task}-{finding.requirement.id}"
