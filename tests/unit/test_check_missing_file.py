"""Commands whose interpreter finds no program to run."""

from __future__ import annotations

from pathlib import Path

from tests.doubles.check import make_bench
from tests.unit.test_check_subjects import ProgramCase
from twisted_lab.check.sandbox.sandbox import SandboxFailed
from twisted_lab.check.trials.missing_file import expect_file
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
