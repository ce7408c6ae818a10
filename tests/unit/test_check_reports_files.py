"""Reports of the checker for other programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

from twisted.trial.unittest import SynchronousTestCase

from tests.unit.test_check_reports import REPORT, find, hostile, report_of
from tests.unit.test_check_reports_pages import ANNA, BORIS, students_who_say
from twisted_lab.check.catalogue import Catalogue
from twisted_lab.check.reports.csv_table import csv_table
from twisted_lab.check.reports.formats import FORMATS
from twisted_lab.check.reports.gradescope import gradescope
from twisted_lab.check.reports.json_report import json_report
from twisted_lab.check.reports.junit import junit
from twisted_lab.check.reports.marks import DEFAULT, read_marks
from twisted_lab.check.reports.stored_report import read_report
from twisted_lab.check.reports.students import Result, Student
from twisted_lab.check.reports.style import Style
from twisted_lab.check.reports.terminal_report import terminal_report
from twisted_lab.check.requirements.requirement import Level
from twisted_lab.check.verdicts import Verdict
from twisted_lab.text import language

MARKS = read_marks()
ECHO = Catalogue().tasks["echo-server"].requirements
STRANGE = ("\x1b[2J\x00\r\u202e", "<a & 'b' \"c\">", "]]>", "\udcff\ufffe")


def stored(**changes: object) -> dict[str, Any]:
    return {**json.loads(json_report(REPORT, is_strict=False)), **changes}


class JunitTests(SynchronousTestCase):
    def test_failures_and_what_was_not_judged_are_told_apart(self) -> None:
        root = ElementTree.fromstring(junit([ANNA, BORIS]))  # noqa: S314 (our own)
        first, second = root
        self.assertEqual((root.tag, first.get("name")), ("testsuites", "anna: echo-server"))
        counts = [first.get(key) for key in ("tests", "failures", "errors", "skipped", "time")]
        self.assertEqual(counts, ["10", "2", "0", "4", "8.250"])
        cases = {str(case.get("name")).partition(":")[0]: case for case in first}
        for name, tags in (
            ("ES-1", []),
            ("ES-9", ["failure"]),
            ("ES-11", ["skipped"]),
            ("ES-14", ["skipped"]),
            ("ES-16", ["skipped"]),  # flaky
            ("ES-26", ["system-out"]),  # weak
            ("ES-28", ["system-out"]),  # for information
        ):
            self.assertEqual([child.tag for child in cases[name]], tags, name)
        [failure] = cases["ES-9"]
        self.assertEqual(failure.get("type"), "must")
        self.assertIn("✗ 6. client 1 receives it back", failure.text or "")
        self.assertEqual(second.get("errors"), "1")
        self.assertEqual([child.get("message") for child in second[0]], ["It has no server."])

    def test_xml_is_well_formed_whatever_programs_say(self) -> None:
        for text in STRANGE:
            ElementTree.fromstring(junit(students_who_say(text)).encode())  # noqa: S314


class CsvTests(SynchronousTestCase):
    def rows(self, *students: Student) -> list[list[str]]:
        return list(csv.reader(io.StringIO(csv_table(students, MARKS))))

    def test_each_student_has_a_row_and_each_requirement_a_column(self) -> None:
        head, anna, boris = self.rows(ANNA, BORIS)
        self.assertEqual(
            head[1:5], [f"echo-server {x}" for x in ("mark", "program", "problem")] + ["ES-1"]
        )
        found = dict(zip(head, anna, strict=True))
        self.assertEqual((found["student"], found["echo-server mark"]), ("anna", "0.5"))
        self.assertEqual((found["ES-9"], found["ES-14"]), ("fail", "not offered"))
        self.assertEqual(boris[:5], ["борис", "", "", "not checked", ""])

    def test_formulas_are_defused_and_control_characters_shown(self) -> None:
        for text, shown in (
            ("=1+1", "'=1+1"),
            (" =1", "' =1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@x", "'@x"),
            ("\t=1", "'\\t=1"),
            ("\r=1", "'\\r=1"),
            ("\uff1d1", "'\uff1d1"),
            ("a=1", "a=1"),
            ("x;=1; -2", "x;'=1;' -2"),
            ('x;"=1', "x;'\"=1"),
            ('x","=1', 'x","=1'),
            ("\u202ex\x1b\n", "\\u202ex\\x1b\\n"),
        ):
            [_, row] = self.rows(Student(text, (Result("echo-server", text, problem=text),)))
            self.assertEqual(row, [shown, "", shown, "not checked"])

    def test_it_is_english_in_any_language(self) -> None:
        language.use("ru")
        self.addCleanup(language.use, language.SOURCE)
        no_echo = report_of(find("ES-1", Verdict.PASS), find("ES-2", Verdict.NOT_OFFERED))
        for result, said in (
            (Result("echo-server", "", problem="не похоже", is_missing=True), "no program"),
            (Result("echo-server", "", problem="не собрано"), "not checked"),
            (Result("echo-server", "", report=no_echo), "not offered"),
            (Result("echo-server", "", report=REPORT), ""),
        ):
            [_, row] = self.rows(Student("anna", (result,)))
            self.assertEqual(row[3], said)
            self.assertTrue("".join(row).isascii())


class GradescopeTests(SynchronousTestCase):
    def test_its_keys_are_those_that_gradescope_knows(self) -> None:
        content = json.loads(gradescope(Student("x", ANNA.results + BORIS.results), MARKS))
        self.assertEqual(content["score"], 4.5)
        self.assertEqual(content["execution_time"], 8.25)
        self.assertIn("It has no server.", content["output"])
        tests = {test["number"]: test for test in content["tests"]}
        self.assertEqual(len(tests), 10)
        for name, score, status in (
            ("ES-1", 2, "passed"),
            ("ES-9", 0, "failed"),
            ("ES-11", None, None),
            ("ES-14", 0, None),
            ("ES-26", 0.5, "passed"),
            ("ES-28", None, None),
        ):
            test = tests[name]
            self.assertEqual((test.get("score"), test.get("status")), (score, status), name)
            self.assertEqual("max_score" in test, score is not None)
        self.assertIn("What does decode() get", tests["ES-9"]["output"])

    def test_it_is_json_whatever_programs_say(self) -> None:
        for text in STRANGE:
            [student] = students_who_say(text)
            self.assertTrue(gradescope(student, MARKS).replace("\n", "").isprintable())


class MarksTests(SynchronousTestCase):
    def test_the_mark_is_the_mean_of_what_counts(self) -> None:
        blocked = replace(find("ES-2", Verdict.NOT_CHECKED))
        for findings, given, mark in (
            ((find("ES-1", Verdict.PASS),), "", 1),
            ((find("ES-1", Verdict.PASS), find("ES-2", Verdict.WEAK)), "", 0.75),
            ((find("ES-1", Verdict.PASS), find("ES-5", Verdict.FAIL)), "", 2 / 3),
            ((find("ES-1", Verdict.PASS), find("ES-5", Verdict.FAIL)), "must=1", 0.5),
            ((find("ES-1", Verdict.PASS), find("ES-5", Verdict.FAIL)), "es-5=8", 0.2),
            ((find("ES-1", Verdict.PASS), find("ES-5", Verdict.FAIL)), "ES-5=none", 1),
            ((find("ES-1", Verdict.PASS), find("ES-5", Verdict.FAIL)), "should=0", 1),
            ((find("ES-1", Verdict.PASS), find("ES-5", Verdict.NOT_OFFERED)), "", 2 / 3),
            ((find("ES-1", Verdict.PASS), blocked), "", 1),  # this machine could not check it
            ((find("ES-1", Verdict.FAIL), blocked, find("ES-24", Verdict.PASS)), "", 1 / 5),
            ((find("ES-1", Verdict.FAIL), blocked), "blocked=none,fail=0.5", 0.5),
            ((find("ES-1", Verdict.NOT_CHECKED), blocked), "", None),
            ((find("ES-1", Verdict.FLAKY), find("ES-5", Verdict.FLAKY)), "", None),
            ((find("ES-28", Verdict.PASS),), "", None),  # information
            # Any server listens and stops: that is no chat yet.
            (
                (
                    find("UC-1", Verdict.PASS),
                    find("UC-2", Verdict.NOT_OFFERED),
                    find("UC-12", Verdict.PASS),
                ),
                "",
                None,
            ),
            ((find("ES-1", Verdict.PASS),), "pass=2, weak=1", 2),
        ):
            marks = read_marks(given) if given else MARKS
            self.assertEqual(marks.total(report_of(*findings)), mark)

    def test_a_program_that_does_less_has_no_better_mark(self) -> None:
        musts = [each.id for each in ECHO if each.level is Level.MUST]
        shoulds = [each.id for each in ECHO if each.level is Level.SHOULD]
        features = "ES-14", "ES-15", "ES-17", "ES-18", "ES-20", "ES-21", "ES-22", "ES-26", "ES-27"

        def mark(fail: Sequence[str], lack: Sequence[str]) -> float:
            verdicts = dict.fromkeys(lack, Verdict.NOT_OFFERED) | dict.fromkeys(fail, Verdict.FAIL)
            every = [find(each, verdicts.get(each, Verdict.PASS)) for each in (*musts, *shoulds)]
            return MARKS.total(report_of(*every)) or 0.0

        one_client_at_a_time = mark(["ES-12"], features)
        caught = mark([], features)
        threads = mark(["ES-16", "ES-21", "ES-22"], ["ES-17", "ES-18", "ES-26", "ES-27"])
        self.assertLess(one_client_at_a_time, caught)
        self.assertLess(caught, threads)
        without_question = mark(["ES-16"], features[2:])
        self.assertLess(without_question, threads)

    def test_missing_work_has_a_mark_if_the_teacher_says_so(self) -> None:
        missing = Result("echo-server", "", is_missing=True)
        unknown = Result("echo-server", "", problem="the machine has no room")
        no_echo = Result(
            "echo-server",
            "x.py",
            report=report_of(find("ES-1", Verdict.PASS), find("ES-2", Verdict.NOT_OFFERED)),
        )
        for marks, expected in ((MARKS, None), (read_marks("no-program=0"), 0)):
            self.assertEqual([marks.of(each) for each in (missing, no_echo)], [expected] * 2)
            self.assertIsNone(marks.of(unknown))

    def test_what_depends_on_what_is_blocked_is_blocked(self) -> None:
        chain = (
            ("ES-1", Verdict.FAIL),
            ("ES-2", Verdict.NOT_CHECKED),
            ("ES-4", Verdict.NOT_CHECKED),
        )
        report = report_of(*(find(*each) for each in chain))
        self.assertEqual(MARKS.each(report), {"ES-1": 0, "ES-2": 0, "ES-4": 0})

    def test_marks_are_shown_as_they_are_given(self) -> None:
        self.assertEqual(str(MARKS), DEFAULT)

    def test_wrong_marks_are_refused(self) -> None:
        for given, said in (
            ("good=1", "marks belong to pass, fail, weak"),
            ("not-ofered=none", "; did you mean not-offered?"),
            ("ES=1", "and ids such as ES-4, not to 'ES'"),
            ("pass", "a number from 0 to 1000, or none, not ''"),
            ("pass=-1", "not '-1'"),
            ("pass=nan", "not 'nan'"),
            ("pass=inf", "not 'inf'"),
        ):
            self.assertIn(said, str(self.assertRaises(ValueError, read_marks, given)))


class StoredReportTests(SynchronousTestCase):
    def test_a_report_that_is_read_again_looks_as_it_did(self) -> None:
        again = read_report(stored())
        for columns in (50, 80, 160):
            args = Style(columns), True, True
            written = terminal_report(REPORT, *args)
            # Only the command of --explain, for a failure without one of its own, is not stored.
            left_out = f"\n    {REPORT.findings[7].requirement.by_hand}"
            self.assertEqual(terminal_report(again, *args), written.replace(left_out, "\n    "))
        self.assertEqual(json_report(again, is_strict=False), json_report(REPORT, is_strict=False))

    def test_a_hostile_report_is_read_again(self) -> None:
        for text in (*STRANGE, "x" * 10**5):
            content = json.loads(json_report(hostile(text), is_strict=False))
            self.assertEqual(
                json.loads(json_report(read_report(content), is_strict=False)), content
            )

    def test_what_is_no_report_is_an_error_of_one_line(self) -> None:
        finding = stored()["findings"][2]
        huge = {**finding["difference"], "expected_bytes": 10**12}
        for content in (
            {},
            stored(format=2),
            stored(findings=[{}]),
            stored(findings=3),
            stored(findings=[{**finding, "verdict": "good"}]),
            stored(findings=[{**finding, "difference": huge}]),
            stored(findings=[{**finding, "passages": [{"left": "x", "causes": []}]}]),
        ):
            said = str(self.assertRaises(ValueError, read_report, content))
            self.assertNotIn("\n", said)


class FormatsTests(SynchronousTestCase):
    def test_a_single_report_has_each_format(self) -> None:
        for name, write in FORMATS.items():
            self.assertIn("ES-9", write(REPORT, MARKS, False), name)
