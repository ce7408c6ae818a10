"""The page of a class: a row for each student, a column for each requirement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from twisted_lab.check.language import _, ngettext
from twisted_lab.check.reports.csv_table import mark_text, requirement_ids
from twisted_lab.check.reports.html.document import document, legend, symbol
from twisted_lab.check.reports.marks import Marks
from twisted_lab.check.reports.markup import Markup, element
from twisted_lab.check.reports.students import Result, Student
from twisted_lab.check.reports.style import shown
from twisted_lab.check.verdicts import Verdict

_MOST_PROBLEM = 150  # characters; the student's page has all


def index(students: Sequence[Student], pages: Mapping[str, str], marks: Marks) -> str:
    """Return the page of a class.

    Args:
        students: The students.
        pages: The path of each student's page, by name.
        marks: The mark for each verdict.
    """
    columns = requirement_ids(students)
    rows = [_row(student, pages[student.name], columns, marks) for student in students]
    table = element("table", _head(students, columns), element("tbody", *rows))
    return document(
        _("Results of the class"),
        element("p", ngettext("{n:,} submission", "{n:,} submissions", len(students))),
        element("div", table, class_="scroll", tabindex="0"),
        element("h2", _("What the symbols mean")),
        legend(),
        is_wide=True,
    )


def _head(students: Sequence[Student], columns: Mapping[str, Sequence[str]]) -> Markup:
    texts = {
        finding.requirement.id: _(finding.requirement.text)
        for student in students
        for result in student.results
        for finding in (result.report.findings if result.report else ())
    }
    groups = [
        element("th", task, scope="colgroup", colspan=str(len(ids) + 1))
        for task, ids in columns.items()
    ]
    heads = [
        head
        for ids in columns.values()
        for head in (
            element("th", _("Mark"), scope="col"),
            *(element("th", each, scope="col", title=texts[each]) for each in ids),
        )
    ]
    corner = element("th", _("Submission"), scope="col", rowspan="2")
    return element("thead", element("tr", corner, *groups), element("tr", *heads))


def _row(student: Student, path: str, columns: Mapping[str, Sequence[str]], marks: Marks) -> Markup:
    results = {result.task: result for result in student.results}
    cells = [
        cell
        for task, ids in columns.items()
        for cell in _cells(results.get(task, Result(task, "")), ids, marks)
    ]
    link = element("a", shown(student.name), href=quote(path))
    return element("tr", element("th", link, scope="row"), *cells)


def _cells(result: Result, ids: Sequence[str], marks: Marks) -> Iterator[Markup]:
    report = result.report
    if report is None:
        yield element("td", shown(result.problem, _MOST_PROBLEM), colspan=str(len(ids) + 1))
        return
    yield element("td", mark_text(marks.total(report)), class_="cell")
    verdicts = {each.requirement.id: each.verdict for each in report.findings}
    yield from (_cell(each, verdicts.get(each)) for each in ids)


def _cell(name: str, verdict: Verdict | None) -> Markup:
    """Return a symbol, which has a word for screen readers, in a cell that has one for the mouse.

    Args:
        name: The id of the requirement.
        verdict: The verdict; None if it was not judged.
    """
    if verdict is None:
        return element("td")
    word = _(verdict.value)
    return element("td", symbol(verdict, word), class_="cell", title=f"{name}: {word}")
