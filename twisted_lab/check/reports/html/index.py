"""The page of a class: the marks of all students, and for each task a table of all verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from twisted_lab.check.reports.csv_table import requirement_ids
from twisted_lab.check.reports.html.document import document, legend, mark_said, symbol, word
from twisted_lab.check.reports.marks import Marks, lack
from twisted_lab.check.reports.markup import Markup, element
from twisted_lab.check.reports.students import Result, Student
from twisted_lab.check.reports.style import shown
from twisted_lab.check.verdicts import Finding, Verdict
from twisted_lab.text.language import _, ngettext

_MOST_PROBLEM = 150  # characters; the student's page has all


def index(
    students: Sequence[Student],
    pages: Mapping[str, str],
    marks: Marks,
    remarks: Sequence[str] = (),
) -> str:
    """Return the page of a class.

    Args:
        students: The students.
        pages: The path of each student's page, by name.
        marks: The mark for each verdict.
        remarks: Lines about the class, such as files that were not checked.
    """
    columns = requirement_ids(students)
    sections = [
        each
        for task, ids in columns.items()
        for each in (
            element("h2", task, id=task),
            _table(
                _requirement_heads(students, ids),
                [(each, _verdicts(_result(each, task), ids)) for each in students],
                pages,
            ),
            _legend(students, ids),
        )
    ]
    return document(
        _("Results of the class"),
        element("p", ngettext("{n:,} submission", "{n:,} submissions", len(students))),
        *(element("p", shown(each)) for each in remarks),
        element("h2", _("Marks")),
        element("p", _("Settings:"), " ", element("code", f"--marks {marks}")),
        element(
            "p",
            _(
                "A mark is the points of the requirements that count, divided by the most that are "
                "possible; a student's page shows both. none: it does not count. blocked: not "
                "checked, because it needs a requirement that failed. not-checked: not checked "
                "for any other reason."
            ),
        ),
        _table(
            [element("th", element("a", task, href=f"#{task}"), scope="col") for task in columns],
            [(each, [_mark(_result(each, task), marks) for task in columns]) for each in students],
            pages,
        ),
        *sections,
        element("h2", _("What the symbols mean")),
        legend(),
        is_wide=True,
    )


def _table(
    heads: Sequence[Markup],
    rows: Sequence[tuple[Student, Sequence[Markup]]],
    pages: Mapping[str, str],
) -> Markup:
    """Return a table with a row for each student."""
    corner = element("th", _("Submission"), scope="col")
    body = []
    for student, cells in rows:
        link = element("a", shown(student.name), href=quote(pages[student.name]))
        body.append(element("tr", element("th", link, scope="row"), *cells))
    table = element(
        "table", element("thead", element("tr", corner, *heads)), element("tbody", *body)
    )
    return element("div", table, class_="scroll", tabindex="0")


def _requirement_heads(students: Sequence[Student], ids: Sequence[str]) -> list[Markup]:
    texts = _texts(students)
    return [element("th", each, scope="col", class_="id", title=texts[each]) for each in ids]


def _legend(students: Sequence[Student], ids: Sequence[str]) -> Markup:
    """Return what the heads mean, for those who have no mouse, and for paper."""
    texts = _texts(students)
    rows = [element("li", element("strong", each), " ", texts[each]) for each in ids]
    return element("details", element("summary", _("The requirements")), element("ul", *rows))


def _texts(students: Sequence[Student]) -> dict[str, str]:
    """Return the texts of all requirements by their ids."""
    return {
        finding.requirement.id: _(finding.requirement.text)
        for student in students
        for result in student.results
        for finding in (result.report.findings if result.report else ())
    }


def _result(student: Student, task: str) -> Result:
    return next((each for each in student.results if each.task == task), Result(task, ""))


def _mark(result: Result, marks: Marks) -> Markup:
    mark = marks.of(result)
    reason = _(lack(result) or Verdict.NOT_CHECKED.value)
    return element("td", reason if mark is None else mark_said(mark), class_="cell")


def _verdicts(result: Result, ids: Sequence[str]) -> list[Markup]:
    report = result.report
    if report is None:
        return [element("td", shown(result.problem, _MOST_PROBLEM), colspan=str(len(ids)))]
    verdicts = {each.requirement.id: each for each in report.findings}
    return [_cell(each, verdicts.get(each)) for each in ids]


def _cell(name: str, finding: Finding | None) -> Markup:
    """Return a symbol, which has a word for screen readers, in a cell that has one for the mouse.

    Args:
        name: The id of the requirement.
        finding: What was found; None if it was not judged.
    """
    if finding is None:
        return element("td")
    said = word(finding)
    sign = symbol(finding.verdict, said)
    return element("td", sign, "*" * finding.is_given, class_="cell", title=f"{name}: {said}")
