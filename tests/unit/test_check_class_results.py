"""Results of a class: what they depend on, how they are stored, and how they are shown."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.unit.test_check_reports import find, report_of
from twisted_lab.check.catalogue import Catalogue
from twisted_lab.check.classes.choosing import Rules
from twisted_lab.check.classes.folders import read
from twisted_lab.check.classes.model import Checked, TaskResult
from twisted_lab.check.classes.planning import Planned, plan, strays, submissions, templates
from twisted_lab.check.classes.storing import Store, claim
from twisted_lab.check.classes.summary import ClassProgress, class_table, outcome, remarks
from twisted_lab.check.reports.marks import read_marks
from twisted_lab.check.reports.students import Result, Student
from twisted_lab.check.reports.style import Style
from twisted_lab.check.task import Role
from twisted_lab.check.verdicts import Evidence, Verdict
from twisted_lab.faults.terminal import Screen

TASKS = list(Catalogue().tasks.values())[:2]
SERVER = "import socket\ns = socket.socket()\ns.bind(('', 9090))\ns.listen(1)\ns.accept()\n"


def report(*verdicts: tuple[str, str]) -> dict[str, Any]:
    found = [each for each, _level in verdicts]
    return {
        "counts": {each: found.count(each) for each in ("pass", "fail", "weak")},
        "findings": [{"verdict": verdict, "level": level} for verdict, level in verdicts],
    }


GOOD = Checked("good.py", "why", report(("pass", "must"), ("weak", "must"), ("fail", "should")))
BAD = Checked("bad.py", "why", report(("pass", "must"), ("pass", "should"), ("pass", "should")))
NONE = Checked("none.py", "why", problem="it broke")


class ModelTests(SynchronousTestCase):
    def test_the_program_counts_that_meets_most_musts(self) -> None:
        self.assertIs(TaskResult("t", (NONE, BAD, GOOD)).best, GOOD)
        self.assertIs(TaskResult("t", (NONE, BAD)).best, BAD)
        self.assertIs(TaskResult("t", (NONE,)).best, NONE)
        self.assertIsNone(TaskResult("t", problem="no file").best)

    def test_a_server_that_only_listens_does_not_offer_a_task(self) -> None:
        listens, lacks = ("pass", "must"), ("not offered", "must")
        for verdicts, offers in (
            ((listens, lacks, lacks, ("pass", "should")), False),
            ((listens, lacks, listens), False),  # it serves the next client, but is no echo
            ((lacks, lacks), False),
            ((listens, listens, lacks), True),
            ((("fail", "must"), ("not checked", "must")), True),
            ((listens,), True),
        ):
            self.assertIs(Checked("a", "", report(*verdicts)).offers, offers, verdicts)
        self.assertFalse(NONE.offers)

    def test_of_equals_the_likeliest_counts(self) -> None:
        first, second = Checked("a", "", report()), Checked("b", "", report())
        self.assertIs(TaskResult("t", (first, second)).best, first)


class StoreTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.store = Store(self.folder)

    def test_a_result_comes_back_under_its_key_alone(self) -> None:
        result = TaskResult("echo-server", (GOOD, BAD))
        self.store.save("anna\udcff", result, "k1")
        self.assertEqual(self.store.load("anna\udcff", "echo-server", "k1"), result)
        for asked in (
            ("anna\udcff", "echo-server", "k2"),
            ("anna\udcff", "x", "k1"),
            ("a", "x", "k1"),
        ):
            self.assertIsNone(self.store.load(*asked))

    def test_what_could_not_be_checked_is_checked_again(self) -> None:
        self.store.save("anna", TaskResult("t", (GOOD, NONE)), "k")
        self.assertIsNone(self.store.load("anna", "t", "k"))

    def test_a_damaged_file_is_checked_again(self) -> None:
        self.store.save("anna", TaskResult("t", (GOOD,)), "k")
        [path] = self.folder.rglob("*.json")
        whole = path.read_text()
        for text in ("", whole[:-9], "[]", "1", whole.replace('"why"', '"how"'), "[" * 100_000):
            path.write_text(text)
            self.assertIsNone(self.store.load("anna", "t", "k"), text[:20])

    def test_one_run_at_a_time_writes_into_a_folder(self) -> None:
        for _run in range(2):
            with claim(self.folder), self.assertRaisesRegex(ValueError, "^another run writes into"):
                claim(self.folder)

    def test_a_folder_with_other_files_is_left_alone(self) -> None:
        (self.folder / "pages").mkdir(parents=True)
        with self.assertRaisesRegex(ValueError, "has other files"):
            claim(self.folder)
        file = self.folder / "README.md"
        file.touch()
        with self.assertRaisesRegex(ValueError, "README.md is a file: name a new folder$"):
            claim(file)

    def test_only_the_owner_can_read_it(self) -> None:
        self.store.save("anna", TaskResult("t"), "k")
        [path] = self.folder.rglob("*.json")
        self.assertEqual(path.stat().st_mode & 0o077, 0)


class PlanTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.root = Path(self.mktemp())
        for name in ("berta", "anna", ".git"):
            (self.root / name).mkdir(parents=True)
            (self.root / name / "server.py").write_text(SERVER)
        (self.root / "list.txt").touch()
        (self.root / "reports").mkdir()
        self.python, self.lang = "py3", "en"

    def plan(self) -> list[Planned]:
        rules = Rules(self.python, dict.fromkeys(Role, ""), frozenset(), ("echo-server",))
        return list(
            plan(submissions(self.root, self.root / "reports"), TASKS, rules, self.lang, None)
        )

    def keys(self) -> list[str]:
        return [each.key for each in self.plan()]

    def test_each_folder_is_a_submission_with_all_tasks(self) -> None:
        found = [(each.submission, each.task.name, each.problem) for each in self.plan()]
        nothing = "no program: no file looks like a client (server.py)"
        self.assertEqual(
            found,
            [
                ("anna", "echo-server", ""),
                ("anna", "echo-client", nothing),
                ("berta", "echo-server", ""),
                ("berta", "echo-client", nothing),
            ],
        )

    def test_missing_work_is_told_from_a_wrong_file(self) -> None:
        (self.root / "berta" / "check.toml").write_text("[echo-sever]\n")
        missing = [(each.submission, each.is_missing) for each in self.plan()]
        self.assertEqual(
            missing, [("anna", False), ("anna", True), ("berta", False), ("berta", False)]
        )

    def test_files_that_no_submission_holds_are_named(self) -> None:
        (self.root / "petrova.zip").touch()
        verdicts = self.root / "verdicts.toml"
        verdicts.touch()
        self.assertEqual(strays(self.root, [verdicts]), ["list.txt", "petrova.zip"])

    def test_a_key_changes_with_all_that_the_result_depends_on(self) -> None:
        before = self.keys()
        self.assertEqual(self.keys(), before)
        changes = (
            lambda: (self.root / "anna" / "data.csv").write_text("1"),
            lambda: (self.root / "anna" / "data.csv").write_text("2"),
            lambda: (self.root / "anna" / "server.py").chmod(0o755),
            lambda: (self.root / "anna" / "data.csv").rename(self.root / "anna" / "data.txt"),
        )
        for change in changes:
            change()
            after = self.keys()
            self.assertEqual(
                [a == b for a, b in zip(before, after, strict=True)], [False] * 2 + [True] * 2
            )
            before = after
        self.python = "py4"
        self.assertNotEqual(self.keys()[0], before[0])
        before = self.keys()
        self.lang = "ru"
        self.assertNotEqual(self.keys()[0], before[0])

    def test_odd_files_are_left_out(self) -> None:
        folder = self.root / "anna"
        os.mkfifo(folder / "pipe.py")
        (folder / "link.py").symlink_to("/etc/passwd")
        (folder / "around").symlink_to(folder)
        (folder / "secret.py").touch(0o000)
        (folder / "big.txt").write_bytes(b"x" * 300_000)
        (folder / "__pycache__").mkdir()
        (folder / "__pycache__" / "server.py").touch()
        os.truncate(folder / "big.txt", 1 << 40)  # a hash of all would take an hour
        names = {each.path: len(each.text) for each in read(folder)[0]}
        names.pop("secret.py", None)  # root can read it
        self.assertEqual(names, {"server.py": len(SERVER), "big.txt": 1 << 18})

    def test_templates_are_compared_without_white_space(self) -> None:
        (self.root / "berta" / "empty.py").touch()
        self.assertEqual(templates(self.root), {"".join(SERVER.split())})


class Stream(io.StringIO):
    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal


class SummaryTests(SynchronousTestCase):
    def test_an_outcome_is_one_line_that_cannot_control_the_terminal(self) -> None:
        self.assertEqual(outcome(TaskResult("t", (GOOD,))), "1 passed, 1 failed (good.py)")
        hostile = Checked("\x1b[2J.py", "", report())
        self.assertEqual(outcome(TaskResult("t", (hostile,))), r"0 passed, 0 failed (\x1b[2J.py)")
        self.assertEqual(outcome(TaskResult("t", (NONE,))), "not checked: it broke")
        self.assertEqual(outcome(TaskResult("t", problem="none\n")), r"not checked: none\n")

    def test_the_table_has_a_row_for_each_submission(self) -> None:
        found = report_of(
            *(find(each, Verdict.PASS) for each in ("ES-1", "ES-2")), find("ES-3", Verdict.FAIL)
        )
        given = replace(find("ES-1", Verdict.PASS), is_given=True)
        by_hand = Result("x", "", report=report_of(given), problem="lab.zip")
        lacks = report_of(find("ES-1", Verdict.PASS), find("ES-2", Verdict.NOT_OFFERED))
        rows = (
            Student("anna", (Result("echo-server", "a", report=found), Result("x", ""))),
            Student("b\x1b", (Result("echo-server", "b"), Result("x", "", is_missing=True))),
            Student("c", (Result("echo-server", "c", report=lacks), by_hand)),
        )
        table = class_table(rows, ("echo-server", "x"), Style(80), read_marks())
        self.assertEqual(
            table.split("\n"),
            [
                "                  echo-server                       x",
                "anna    0.67   2✓  1✗  0!  0-                       ?",
                "b\\x1b                       ?              no program",
                "c                 not offered       *               ?",
                "",
                "The mark, and how many: ✓ pass  ✗ fail  ! weak  - not offered  * by hand",
            ],
        )
        less = report_of(
            *(find(each, Verdict.PASS) for each in ("ES-1", "ES-2")),
            find("ES-3", Verdict.NOT_OFFERED),
        )
        simple = (Student("anna", (Result("echo-server", "a", report=less),)),)
        for marks, is_said in (("", True), ("not-offered=none", False)):
            told = class_table(simple, ("echo-server",), Style(80), read_marks(marks or "pass=1"))
            self.assertEqual("--marks not-offered=none" in told, is_said)
        narrow = class_table(rows, ("echo-server", "x"), Style(50), read_marks())
        self.assertEqual(
            narrow.split("\n")[:2],
            [
                "anna   echo-server   0.67   2✓  1✗  0!  0-",
                "       x                                 ?",
            ],
        )

    def test_below_the_table_is_why_and_what_is_left_to_judge(self) -> None:
        by_hand = report_of(replace(find("ES-1", Verdict.PASS), is_given=True))
        broken = report_of(
            replace(find("ES-1", Verdict.FAIL), evidence=Evidence("SyntaxError\x1b")),
            find("ES-2", Verdict.NOT_CHECKED),
        )
        rows = (
            Student(
                "a\x1b", (Result("x", "", problem="it\nbroke"), Result("y", "", left=("A", "B")))
            ),
            Student("b", (Result("x", "", problem="none", is_missing=True),)),
            Student("c", (Result("x", "", report=by_hand, problem="lab.zip"),)),
            Student("d", (Result("x", "", report=broken),)),
        )
        self.assertEqual(
            remarks(rows),
            [
                r"a\x1b  x: not checked: it\nbroke",
                r"a\x1b  y: A, B: not tried, for what they need was not met until your verdict by "
                "hand; give verdicts on them, too, with --verdicts",
                "c  x: not checked: lab.zip",
                "c  x: the pages show the verdicts by hand on ES-1, but give no mark",
                r"d  x: SyntaxError\x1b",
            ],
        )

    def test_progress_is_a_line_for_each_result_and_a_bar_on_a_terminal(self) -> None:
        for is_terminal in (False, True):
            stream = Stream(is_terminal)
            progress = ClassProgress(Screen(stream, lambda: 80, "xterm"), 2)
            progress.begin("anna", "t")
            progress.begin("bert\x07", "t")
            progress.end("anna", TaskResult("t", (GOOD,)))
            said = stream.getvalue()
            self.assertIn("anna  t: 1 passed, 1 failed (good.py)\n", said)
            bar = r"[##########..........] 1/2  bert\x07"
            self.assertEqual(said.endswith(bar), is_terminal)
