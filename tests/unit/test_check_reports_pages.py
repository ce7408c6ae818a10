"""Pages of the checker: whether they are well-formed, and escape what programs say."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.unit.test_check_reports import REPORT, find, hostile, report_of, split_letter
from twisted_lab.check.reports.html.document import document
from twisted_lab.check.reports.html.index import index
from twisted_lab.check.reports.html.page import page
from twisted_lab.check.reports.marks import read_marks
from twisted_lab.check.reports.markup import element
from twisted_lab.check.reports.students import Result, Student
from twisted_lab.check.reports.style import Style
from twisted_lab.check.reports.terminal_report import terminal_report
from twisted_lab.check.requirements import mistakes
from twisted_lab.check.verdicts import Evidence, Report, Verdict
from twisted_lab.text import language

SPLIT = split_letter()
MARKS = read_marks()
ANNA = Student("anna", (Result("echo-server", "server.py", "It calls accept().", REPORT),))
BORIS = Student("борис", (Result("echo-server", "", problem="It has no server."),))


class Page(HTMLParser):
    """The elements of a page; fails if one is not closed.

    Attributes:
        tags: The names of all elements.
        attributes: The names and values of all attributes.
        text: All text outside the style.
    """

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(key, value or "") for key, value in attrs]
        if tag not in ("meta", "img"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.text += data

    def all(self, key: str) -> list[str]:
        return [value for name, value in self.attributes if name == key]


def pages(students: Sequence[Student]) -> list[str]:
    paths = {student.name: f"pages/{number}.html" for number, student in enumerate(students)}
    return [index(students, paths, MARKS), *(page(student, MARKS) for student in students)]


class FormTests(SynchronousTestCase):
    def test_pages_are_well_formed_and_can_be_read_without_colours_and_scripts(self) -> None:
        for source in pages([ANNA, BORIS]):
            parsed = Page(source)
            self.assertTrue(source.startswith('<!DOCTYPE html>\n<html lang="en"><head>'))
            self.assertNotIn("script", parsed.tags)
            ids, links = parsed.all("id"), parsed.all("href")
            self.assertEqual(len(set(ids)), len(ids))
            self.assertLessEqual({link[1:] for link in links if link[0] == "#"}, set(ids))
            headings = [int(tag[1]) for tag in parsed.tags if re.fullmatch("h[1-6]", tag)]
            self.assertEqual((headings[0], headings.count(1)), (1, 1))
            for before, after in pairwise(headings):
                self.assertLessEqual(after, before + 1)
            self.assertEqual(parsed.tags.count("th"), len(parsed.all("scope")))
            self.assertEqual(parsed.tags.count("img"), len(parsed.all("alt")))

    def test_a_page_says_all_about_a_failure(self) -> None:
        text = Page(page(ANNA, MARKS)).text
        for said in (
            "server.py",
            "It calls accept().",
            "Mark: 0.5 of 1",
            SPLIT.note,
            *SPLIT.steps,
            "Received the first 1,024 of 2,001 bytes",
            "What does decode() get",  # the hint
            "codecs.getincrementaldecoder",  # the answer
            SPLIT.by_hand,
            "UnicodeDecodeError",
            "The log has its events only after the server has ended.",  # weak
            'It asks "Введите порт:".',
            *REPORT.problems,
            *REPORT.incidents,
        ):
            self.assertIn(said, text)
        self.assertIn("data:image/svg+xml;base64,", page(ANNA, MARKS))

    def test_what_cannot_be_read_has_nothing_to_try_by_hand(self) -> None:
        for mistake, is_shown in ((mistakes.UNREADABLE, False), (mistakes.SPINS, True)):
            evidence = Evidence("seen", mistake=mistake, by_hand="ss --listening")
            report = report_of(find("ES-1", Verdict.FAIL, evidence))
            student = Student("anna", (Result("echo-server", "s.py", report=report),))
            for text in (page(student, MARKS), terminal_report(report, Style())):
                self.assertEqual("By hand" in text, is_shown)
                self.assertEqual("ss --listening" in text, is_shown)

    def test_what_is_weak_has_its_steps_if_its_cause_was_seen(self) -> None:
        for evidence, is_shown in ((SPLIT, True), (Evidence("seen", SPLIT.steps), False)):
            report = report_of(find("ES-9", Verdict.WEAK, evidence))
            student = Student("anna", (Result("echo-server", "s.py", report=report),))
            text = Page(page(student, MARKS)).text
            self.assertEqual(SPLIT.steps[-1] in text, is_shown)

    def test_the_index_has_the_texts_of_the_requirements(self) -> None:
        overview = index([ANNA], {"anna": "a.html"}, MARKS)
        first = REPORT.findings[0].requirement
        self.assertIn(f"<li><strong>{first.id}</strong> {first.text}</li>", overview)
        self.assertIn("blocked: not checked, because it needs a requirement that failed", overview)

    def test_a_page_says_how_its_mark_is_computed(self) -> None:
        findings = (
            find("ES-1", Verdict.PASS),
            find("ES-2", Verdict.WEAK),
            find("ES-5", Verdict.NOT_OFFERED),
            find("ES-17", Verdict.PASS),
            find("ES-18", Verdict.PASS),
            find("ES-28", Verdict.INFO),
        )
        result = Result("echo-server", "a.py", report=report_of(*findings))
        marks = read_marks("ES-17=none,ES-18=4,fail=none")
        text = Page(page(Student("anna", (result,)), marks)).text
        self.assertIn(
            "Mark: 0.778 of 1: 7 of 9 points; of the missing points, for what the "
            "program does not offer: 1; must 2, should 1, ES-18 4; pass 1, weak 0.5, not "
            "checked after a failure 0, not offered 0; these do not count: ES-17, ES-28",
            text,
        )
        for verdict, row in (
            ("pass", "ES-1must: 2 of 2"),
            ("weak", "ES-2must: 1 of 2"),
            ("not offered", "ES-5should: 0 of 1"),
            ("pass", "ES-17should: does not count"),
            ("pass", "ES-18should: 4 of 4"),
        ):
            self.assertIn(verdict + row, text)
        overview = index([Student("anna", (result,))], {"anna": "a.html"}, marks)
        self.assertIn(f"<code>--marks {marks}</code>", overview)

    def test_a_page_says_why_there_is_no_mark_or_one_without_points(self) -> None:
        echo = report_of(find("ES-1", Verdict.PASS), find("ES-2", Verdict.NOT_OFFERED))
        for result, settings, said in (
            (Result("echo-server", "", is_missing=True), "", "No mark: no program"),
            (Result("echo-server", "a.py", report=echo), "", "No mark: not offered"),
            (Result("echo-server", "", problem="it broke"), "", "No mark: not checked"),
            (
                Result("echo-server", "", is_missing=True),
                "no-program=0",
                "Mark: 0 of 1: no program",
            ),
        ):
            marks = read_marks(settings) if settings else MARKS
            self.assertIn(said, Page(page(Student("anna", (result,)), marks)).text)

    def test_a_russian_page_has_russian_numbers(self) -> None:
        language.use("ru")
        self.addCleanup(language.use, language.SOURCE)
        russian = replace(ANNA.results[0], report=replace(REPORT, findings=REPORT.findings[:4]))
        source = page(Student("anna", (russian,)), MARKS)
        self.assertIn("Оценка: 0,667 из 1", Page(source).text)
        pictures = [b64decode(each) for each in re.findall('base64,([^"]+)', source)]
        self.assertIn(">0,000\u00a0с<".encode(), pictures[0])
        overview = index([Student("anna", (russian,))], {"anna": "a.html"}, MARKS)
        self.assertIn(">0,667<", overview)

    def test_the_index_says_why_there_is_no_mark(self) -> None:
        echo = report_of(find("ES-1", Verdict.PASS), find("ES-2", Verdict.NOT_OFFERED))
        for result, said in (
            (Result("echo-server", "", is_missing=True), "no program"),
            (Result("echo-server", "a.py", problem="it broke"), "not checked"),
            (Result("echo-server", "a.py", report=echo), "not offered"),
        ):
            source = index([Student("anna", (result,))], {"anna": "a.html"}, MARKS)
            self.assertIn(f'<td class="cell">{said}</td>', source)

    def test_a_page_says_why_there_is_no_report_and_what_else_was_checked(self) -> None:
        self.assertIn("It has no server.", Page(page(BORIS, MARKS)).text)
        [result] = ANNA.results
        both = Student("anna", (replace(result, others=("old.py: 3 failed",)),))
        self.assertIn("old.py: 3 failed", Page(page(both, MARKS)).text)

    def test_a_page_begins_with_links_to_its_tasks(self) -> None:
        results = (*ANNA.results, Result("udp-chat", "", problem="no file looks like a server"))
        source = page(Student("anna", results), MARKS)
        self.assertIn('<a href="#udp-chat">udp-chat</a>: no file looks like a server', source)
        self.assertIn('id="udp-chat"', source)

    def test_the_index_has_a_row_for_each_student_and_a_cell_for_each_requirement(self) -> None:
        parsed = Page(pages([ANNA, BORIS])[0])
        self.assertEqual(
            parsed.all("href"), ["#echo-server", *["pages/0.html", "pages/1.html"] * 2]
        )
        self.assertEqual(parsed.all("title").count("ES-9: fail"), 1)
        self.assertIn("The server returns the text of a client.", parsed.all("title"))
        self.assertIn("It has no server.", parsed.text)
        self.assertEqual(parsed.all("colspan"), ["10"])  # Boris has no report

    def test_links_are_quoted(self) -> None:
        source = index([ANNA], {"anna": "pages/а#%.html"}, MARKS)
        self.assertEqual(set(Page(source).all("href")[1:]), {"pages/%D0%B0%23%25.html"})


def students_who_say(text: str) -> list[Student]:
    result = Result("echo-server", text, text, hostile(text), text, (text,))
    return [Student(text, (result,))]


class HostileTests(SynchronousTestCase):
    @given(st.text() | st.text("<>&\"'/!-=`{}\x00\x1b\ud800\u202e\r\n\t", max_size=20))
    def test_no_text_adds_an_element_or_an_attribute(self, text: str) -> None:
        parsed = Page(document("x", element("p", text, title=text)))
        self.assertEqual(parsed.tags, Page(document("x", element("p", "", title=""))).tags)
        self.assertEqual(len(parsed.all("title")), 1)
        source = element("p", text, title=text)
        self.assertTrue(source.replace("\n", "").replace("\xa0", "").isprintable())

    def test_what_a_program_says_neither_adds_markup_nor_hides_or_reorders_text(self) -> None:
        plain = [Page(source).tags for source in pages(students_who_say("x"))]
        for text in (
            "</style></title></script><script>alert(1)</script>",
            "\" onmouseover='alert(1)' x=\"",
            "]]><!--",
            "&lt;script&gt;",
            "\x1b[2J\x00\x9b\u202e\u2066\ufeff\udcff",
        ):
            for source, tags in zip(pages(students_who_say(text)), plain, strict=True):
                parsed = Page(source)
                self.assertEqual(parsed.tags, tags)
                self.assertTrue(source.replace("\n", "").isprintable())
                self.assertNotIn("onmouseover", [name for name, _ in parsed.attributes])

    def test_endless_text_is_cut(self) -> None:
        for text in ("x" * 10**5, "\x1b" * 10**5, "&" * 10**5):
            for source in pages(students_who_say(text)):
                self.assertLess(len(source), 600_000)
        steps = Evidence(steps=("step",) * 10**4, passages=SPLIT.passages * 10**4)
        many = replace(hostile("x").findings[1], evidence=steps)
        self.assertIs(many.verdict, Verdict.FAIL)
        report = Report("echo-server", "x", 7, (many,), ("line",) * 10**4)
        source = page(Student("x", (Result("echo-server", "x", report=report),)), MARKS)
        self.assertIn("9,980 earlier steps", Page(source).text)
        self.assertLess(len(source), 100_000)
