"""Starting the programs of a class."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.classes import checks
from twisted_lab.check.classes.building import NotBuilt
from twisted_lab.check.classes.checks import started
from twisted_lab.check.classes.children import Ended
from twisted_lab.check.classes.finding import Found


class StartedTests(SynchronousTestCase):
    def command(self, text: str, *command: str) -> tuple[str, ...]:
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "run").write_text(text)
        return started(Found("run", command or ("./run", "1"), ""), folder, "/python")

    def test_a_script_is_started_by_the_name_of_its_interpreter(self) -> None:
        # A path could be that of another submission's program.
        for text, expected in (
            ("#!/home/me/anna/bin/server -x\n", ("server", "./run", "1")),
            ("#!/usr/bin/python3 /home/me/anna/server.py\n", ("/python", "./run", "1")),
            ("#!/usr/bin/env node\n", ("node", "./run", "1")),
            ("\x7fELF", ("./run", "1")),
        ):
            self.assertEqual(self.command(text), expected)

    def test_a_line_without_a_program_is_refused(self) -> None:
        self.assertRaises(NotBuilt, self.command, "#!/home/me/anna/*\n")

    def test_a_command_with_an_interpreter_stays(self) -> None:
        self.assertEqual(self.command("#!/bin/sh\n", "ruby", "./run"), ("ruby", "./run"))

    def test_what_was_not_built_is_told_by_the_sandbox(self) -> None:
        found = Found("none", ("./none",), "")
        self.assertEqual(started(found, Path(self.mktemp()), "/python"), ("./none",))


class ProblemTests(SynchronousTestCase):
    def test_a_check_that_was_killed_is_no_bug(self) -> None:
        self.assertIn("took more than", checks._problem(Ended(None, b"", b"")))
        self.assertIn("a bug: KeyError", checks._problem(Ended(1, b"", b"Traceback\nKeyError\n")))
