"""Options of the check of a class."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.classes.options import ClassOptions


def parse(*arguments: str) -> ClassOptions:
    options = ClassOptions()
    options.parseOptions(list(arguments))
    return options


class ClassOptionsTests(SynchronousTestCase):
    def test_the_defaults_are_both_echo_tasks_and_this_python(self) -> None:
        options = parse(".")
        self.assertEqual([each.name for each in options.chosen], ["echo-server", "echo-client"])
        self.assertEqual(
            (options.python, options.server, options.jobs), (sys.executable, None, None)
        )

    def test_options_may_stand_behind_the_folder(self) -> None:
        options = parse(".", "--task", "echo-client, echo-client", "--jobs=2", "--report", "r")
        self.assertEqual([each.name for each in options.chosen], ["echo-client"])
        self.assertEqual((options.jobs, options.report), (2, Path("r")))

    def test_an_interpreter_with_a_path_is_found_from_every_folder(self) -> None:
        self.assertEqual(parse(".", "--python", "sh").python, "sh")
        python = Path(self.mktemp())
        python.symlink_to(sys.executable)
        # A link stays one: the Python of an environment is known by its name.
        self.assertEqual(parse(".", "--python", f"./{python}").python, str(Path.cwd() / python))

    def test_wrong_usage_is_one_line_that_says_what_is_expected(self) -> None:
        for arguments, part in (
            ((), "name the folder with the submissions"),
            (("none",), "expected a folder that exists, not 'none'"),
            ((".", "more"), "unexpected 'more'"),
            ((".", "--task", "x"), "--task: expected tasks of echo-server, "),
            ((".", "--task", "echo-servr"), "not 'echo-servr'; did you mean echo-server?"),
            ((".", "--server", "python server.py"), "expected a command with {file}"),
            ((".", "--client", "'{file}"), "--client: No closing quotation"),
            ((".", "--python", "no-such-python"), "expected a program that exists"),
            ((".", "--template", "none"), "expected a folder that exists"),
            ((".", "--jobs", "0"), "from 1 to 1000"),
            ((".", "--marks", "ES-99=none"), "--marks: no requirement has the id 'ES-99'"),
            ((".", "--verdicts", "none"), "expected a file that exists"),
        ):
            said = io.StringIO()
            with self.subTest(arguments=arguments), redirect_stderr(said):
                end = self.assertRaises(SystemExit, parse, *arguments)
                self.assertEqual(end.code, 2)
                self.assertIn(part, said.getvalue())
                self.assertEqual(said.getvalue().count("\n"), 1)
