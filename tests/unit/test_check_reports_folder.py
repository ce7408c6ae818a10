"""The folder with the reports about a class, and numbers in place of names."""

from __future__ import annotations

import copy
import csv
import io
import json
from pathlib import Path
from random import Random
from unicodedata import normalize

from twisted.trial.unittest import SynchronousTestCase

from tests.unit.test_check_reports import REPORT, hostile
from tests.unit.test_check_reports_pages import ANNA
from twisted_lab.check.catalogue import Catalogue
from twisted_lab.check.classes.given import read_given
from twisted_lab.check.classes.model import Checked, ClassReport, Submission, TaskResult
from twisted_lab.check.classes.reporting import students_of, write_class
from twisted_lab.check.reports.anonymity import anonymous, numbers_for
from twisted_lab.check.reports.csv_table import TABLE, given_before
from twisted_lab.check.reports.gradescope import gradescope
from twisted_lab.check.reports.html.page import page
from twisted_lab.check.reports.json_report import json_report
from twisted_lab.check.reports.marks import read_marks
from twisted_lab.check.reports.students import Result, Student
from twisted_lab.check.reports.writing import NUMBERS, file_stems

MARKS = read_marks()
TASKS = Catalogue().tasks


STORED = json.loads(json_report(REPORT, is_strict=False))


NAMES = "anna", "борис"


class AnonymityTests(SynchronousTestCase):
    def test_numbers_stay_and_do_not_tell_the_order_of_names(self) -> None:
        names = [f"student {number:02}" for number in range(30)]
        numbers = numbers_for(names, {}, Random(1))
        self.assertEqual(sorted(numbers.values()), list(range(1, 31)))
        self.assertNotEqual([numbers[name] for name in names], list(range(1, 31)))
        more = numbers_for([*names, "anna"], numbers, Random(2))
        self.assertEqual(more, {**numbers, "anna": 31})

    def test_words_of_all_names_are_removed_from_what_programs_say(self) -> None:
        text = "Сервер Иванова, ivanov_server.py, PETR: cannot listen; iva and Ann"
        names = ("Иванов Пётр", "ivanov-petr", "ann_server", "x3")
        students = [Student(name, ANNA.results) for name in names[1:]]
        students.append(Student(names[0], (Result("echo-server", text, text, hostile(text)),)))
        numbers = {name: number for number, name in enumerate(names, 1)}
        [result] = anonymous(students, numbers)[0].results
        removed = "Сервер [...], [...]_server.py, [...]: cannot listen; iva and [...]"
        self.assertEqual((result.file, result.why), (removed, removed))
        assert result.report
        found = json.loads(json_report(result.report, is_strict=False))
        for key in ("program", "behaviour", "problems", "incidents"):
            self.assertIn(removed, found[key])
        for key in ("note", "steps", "screen", "by_hand"):
            self.assertIn(removed, found["findings"][1][key])
        self.assertEqual(found["findings"][1]["passages"][0]["text"], removed)
        self.assertNotIn("Иванов".encode().hex(), found["findings"][1]["difference"]["received"])

    def test_accents_may_be_characters_of_their_own(self) -> None:
        text = "Андрей Семенов"
        for spelling in ("NFC", "NFD"):  # as on Linux, and on macOS
            student = Student(
                normalize(spelling, "Андрей Семёнов"),
                tuple(Result("echo-server", normalize(each, text)) for each in ("NFC", "NFD")),
            )
            [found] = anonymous([student], {student.name: 1})
            self.assertEqual([each.file for each in found.results], ["[...] [...]"] * 2)

    def test_words_that_most_names_have_are_no_names(self) -> None:
        students = [
            Student(f"homework {name}", ANNA.results)
            for name in ("anna", "olga", "vera", "ivan", "oleg")
        ]
        students.append(Student("homework jane", (Result("echo-server", "homework/vera.py"),)))
        numbers = {student.name: number for number, student in enumerate(students, 1)}
        [result] = anonymous(students, numbers)[5].results
        self.assertEqual(result.file, "homework/[...].py")


class FolderTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())

    def write(self, *names: str, random: Random | None = None, given: str = "") -> dict[str, str]:
        programs = Checked("server.py", "It calls accept().", STORED), Checked("b.py", "", {})
        none = TaskResult("echo-client", problem="none", is_missing=True)
        results = TaskResult("echo-server", programs), none
        submissions = tuple(Submission(name, results) for name in names)
        report = ClassReport(("echo-server", "echo-client"), submissions)
        students = students_of(report, read_given(given, names, TASKS), TASKS)
        write_class(students, self.folder, MARKS, ("not checked: anna.zip",), random)
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_text() for path in files}

    def test_a_class_is_a_folder(self) -> None:
        files = self.write("anna", "борис")
        pages = {
            f"{folder}.{end}"
            for name in ("anna", "борис")
            for folder, end in ((f"pages/{name}", "html"), (f"gradescope/{name}", "json"))
        }
        self.assertEqual(files.keys(), {"index.html", "results.csv", "junit.xml", *pages})
        self.assertNotIn("борис", files["pages/anna.html"])
        self.assertTrue(files["results.csv"].startswith("\ufeffstudent,"))
        self.assertIn("b.py: the report is damaged", files["pages/anna.html"])

    def test_pages_show_no_folders_of_the_machine_that_has_checked(self) -> None:
        found = copy.deepcopy(STORED["findings"][1])
        found["verdict"] = "fail"
        found["by_hand"] = "/work/x/.venv/bin/python3.11 -u ./server.py /home/a/data.csv"
        found["screen"] = (
            '  File "/tmp/work/lab/server.py", line 3, in <module>\n'
            '  File "/opt/python/lib/python3.11/socket.py", line 4, in accept\n'
        )
        checked = Checked("server.py", "", {**STORED, "findings": [found]})
        report = ClassReport(
            ("echo-server",), (Submission("anna", (TaskResult("echo-server", (checked,)),)),)
        )
        [student] = students_of(report, {}, TASKS)
        assert student.results[0].report is not None
        [finding] = student.results[0].report.findings
        self.assertEqual(
            (finding.evidence.by_hand, finding.evidence.screen),
            (
                "python3.11 -u ./server.py /home/a/data.csv",
                '  File "lab/server.py", line 3, in <module>\n'
                '  File "python3.11/socket.py", line 4, in accept\n',
            ),
        )

    def test_the_index_names_files_that_were_not_checked_but_not_without_names(self) -> None:
        self.assertIn("<p>not checked: anna.zip</p>", self.write("anna")["index.html"])
        self.assertNotIn("zip", self.write("anna", random=Random(1))["index.html"])

    def test_verdicts_by_hand_are_counted_in_the_table_before(self) -> None:
        path = self.folder / TABLE
        self.assertEqual(given_before(path), 0)
        given = "['x (by hand)'.echo-server]\nES-9 = 'pass: x'\nES-1 = 'weak: x'"
        self.write("x (by hand)", "anna", given=given)
        self.assertEqual(given_before(path), 2)
        for damaged in (b"\xff", b"", b"a\0b"):
            path.write_bytes(damaged)
            self.assertEqual(given_before(path), 0)

    def test_a_verdict_by_hand_stands_in_place_of_the_checkers(self) -> None:
        given = "[anna.echo-server]\nES-9 = 'pass: tried by hand'\nES-1 = 'fail: no, Anna'"
        files = self.write("anna", "борис", given=given, random=Random(1))
        anna, boris = (files[f"pages/{json.loads(files[NUMBERS])[x]}.html"] for x in NAMES)
        self.assertIn("pass, by hand</td>", anna)
        self.assertIn("ES-9: pass, given by hand: tried by hand", anna)
        self.assertIn('id="echo-server-ES-1"', anna)
        self.assertIn(TASKS["echo-server"].requirements[0].mistake.question, anna)
        self.assertIn("given by hand: no, [...]", anna)
        self.assertNotIn("pass, by hand</td>", boris)
        self.assertIn('id="echo-server-ES-9"', boris)  # the checker's failure
        rows = list(csv.DictReader(io.StringIO(files["results.csv"])))
        self.assertEqual({row["ES-9"] for row in rows}, {"pass (by hand)", "fail"})
        self.assertIn('title="ES-9: pass, by hand"', files["index.html"])

    def test_verdicts_by_hand_count_where_nothing_was_checked(self) -> None:
        given = "[anna.echo-client]\nEC-1 = 'pass: seen'\nEC-2 = 'pass: seen'"
        files = self.write("anna", given=given)
        [row] = csv.DictReader(io.StringIO(files["results.csv"]))
        self.assertEqual((row["EC-1"], row["EC-3"]), ("pass (by hand)", "not offered"))
        self.assertEqual(row["echo-client mark"], "0.182")  # two verdicts are no full mark
        page = files["pages/anna.html"]
        self.assertIn("EC-19: No program was checked, and no verdict was given by hand.", page)

    def test_what_could_not_be_checked_has_no_mark_also_with_a_verdict_by_hand(self) -> None:
        [ec_1] = read_given("[anna.echo-client]\nEC-1 = 'pass: seen'", NAMES, TASKS).values()
        given = {("anna", "echo-client"): ec_1}
        broken = Checked("client.py", "", problem="it broke")
        for result in (
            TaskResult("echo-client", problem="check.toml is wrong"),
            TaskResult("echo-client", (broken,)),
        ):
            report = ClassReport(("echo-client",), (Submission("anna", (result,)),))
            [student] = students_of(report, given, TASKS)
            self.assertIsNone(MARKS.of(student.results[0]))
            self.assertEqual(json.loads(gradescope(student, MARKS))["score"], 0)
            text = page(student, MARKS)
            self.assertIn("No mark: not checked", text)
            self.assertIn("given by hand: seen", text)
            self.assertNotIn("2 of 2", text)

    def test_a_wrong_file_of_verdicts_is_one_line(self) -> None:
        for text, said in (
            ("[x", "Expected"),
            ("a = " + "[" * 9_000, ""),
            ("[ana.echo-server]", "'ana': no submission has this name"),
            ("[ana.echo-server]", "; did you mean anna?"),
            ("[anna.echo-sever]", "; did you mean echo-server?"),
            ("anna = 1", "'anna': a table is expected"),
            ("[anna.echo-sever]", "'anna.echo-sever': the tasks are echo-server, "),
            ("[anna]\necho-server = 1", "'anna.echo-server': a table is expected"),
            ("[anna.echo-server]\nEC-1 = 'pass: x'", "'anna.echo-server.EC-1': the task has no"),
            ("[anna.echo-server]\nES-1 = 1", "'anna.echo-server.ES-1': a verdict and a reason"),
            ("[anna.echo-server]\nES-1 = 'pass'", "such as 'pass: tried by hand'"),
            ("[anna.echo-server]\nES-1 = 'pass: '", "a verdict and a reason"),
            ("[anna.echo-server]\nES-1 = 'good: x'", "the verdicts are pass, weak, fail"),
        ):
            error = self.assertRaises(ValueError, read_given, text, ["anna"], TASKS)
            self.assertIn(said, str(error))
            self.assertNotIn("\n", str(error))

    def test_anonymous_pages_have_no_names_also_after_a_run_with_names(self) -> None:
        self.write("anna", "борис")
        files = self.write("anna", "борис", random=Random(1))
        numbers = json.loads(files.pop(NUMBERS))
        self.assertEqual(numbers.keys(), {"anna", "борис"})
        for path, text in files.items():
            for name in numbers:
                self.assertNotIn(name, path + text)
        again = self.write("анна", "anna", random=Random(2))
        self.assertEqual(json.loads(again[NUMBERS])["anna"], numbers["anna"])

    def test_damaged_numbers_are_an_error(self) -> None:
        self.folder.mkdir()
        for text in ("", "[]", '{"a": "b"}', "{"):
            (self.folder / NUMBERS).write_text(text)
            error = self.assertRaises(ValueError, self.write, "anna", random=Random(1))
            self.assertIn("is damaged; delete it", str(error))

    def test_names_of_files_are_safe_and_differ(self) -> None:
        names = ["../x", "a b", "A_b", "", ".", "ж" * 300, "#%?", "\n", "a/b"]
        stems = file_stems(names)
        self.assertEqual(len({stem.casefold() for stem in stems.values()}), len(names))
        for stem in stems.values():
            self.assertRegex(stem, r"^[\w-]{1,60}$")
        self.assertEqual((stems["a b"], stems["A_b"]), ("a_b", "A_b_2"))
