"""Commands whose interpreter finds no program to run."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.doubles.check import make_bench
from tests.unit.test_check_subjects import ProgramCase
from twisted_lab.check.sandbox.sandbox import SandboxFailed
from twisted_lab.check.trials.missing_file import expect_file, missing_file
from twisted_lab.check.trials.trial import Trial

SAID = "/usr/bin/python3: can't open file '/tmp/work/a.py': [Errno 2] No such file or directory\n"


class MissingFileTests(ProgramCase):
    def setUp(self) -> None:
        super().setUp()
        self.trial = Trial(make_bench(self.clock), "test")
        self.trial.bench.command = ("python3", "a.py", "{port}")

    def end(self, said: str, status: int) -> None:
        self.print(said)
        self.child.ended = status

    def test_the_file_is_named(self) -> None:
        self.end(SAID, 2)
        error = self.assertRaises(SandboxFailed, expect_file, self.trial, self.program)
        self.assertIn("cannot start python3: there is no 'a.py' in '/", str(error))

    def test_a_near_folder_that_has_it_is_named(self) -> None:
        self.trial.bench.folder = Path(self.mktemp())
        folder = self.trial.bench.folder / "home work"
        folder.mkdir(parents=True)
        (folder / "a.py").touch()
        self.end(SAID, 2)
        error = self.assertRaises(SandboxFailed, expect_file, self.trial, self.program)
        self.assertIn(f"another one); did you mean --folder '{folder}'?", str(error))

    def test_a_program_that_runs_was_found(self) -> None:
        self.print(SAID)
        expect_file(self.trial, self.program)

    def test_so_was_one_that_has_printed_something_else(self) -> None:
        self.end("started\n" + SAID, 2)
        expect_file(self.trial, self.program)

    def test_so_was_one_that_ended_otherwise(self) -> None:
        self.end(SAID, 1)
        expect_file(self.trial, self.program)

    def test_the_name_of_the_folder_is_not_repeated(self) -> None:
        self.trial.bench.folder = Path(self.mktemp()) / "homework"
        self.trial.bench.folder.mkdir(parents=True)
        (self.trial.bench.folder / "a.py").touch()
        self.trial.bench.command = ("python3", "homework/a.py", "{port}")
        self.end(SAID.replace("a.py", "homework/a.py"), 2)
        error = self.assertRaises(SandboxFailed, expect_file, self.trial, self.program)
        self.assertIn("; did you mean python3 a.py '{port}'?", str(error))

    def test_a_file_is_missed_before_its_folder_is_copied(self) -> None:
        folder = Path(self.mktemp())
        homework = folder / "homework"
        homework.mkdir(parents=True)
        (homework / "a.py").touch()
        problem = missing_file((sys.executable, "-u", "a.py"), folder)
        self.assertIn(f"there is no 'a.py' in '{folder.absolute()}'", problem)
        self.assertIn(f"; did you mean --folder {homework}?", problem)

    def test_a_file_that_is_there_is_not_missed(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "a.py").touch()
        for command in (
            (sys.executable, "a.py"),
            (sys.executable, "-m", "package", "b.py"),
            ("no-such-interpreter", "b.py"),
            (sys.executable,),
        ):
            self.assertEqual(missing_file(command, folder), "", command)
