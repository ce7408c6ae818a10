"""Writing to standard output, and errors of it."""

import io
import os
import shlex
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.text.command_line import write_out

PROBLEM = "a.program: cannot write to standard output: "


class Full(io.StringIO):
    def __init__(self, problem: OSError) -> None:
        super().__init__()
        self.problem = problem

    def flush(self) -> None:
        raise self.problem


class WriteOutTests(SynchronousTestCase):
    def attempt(self, out: io.StringIO | None) -> tuple[object, str]:
        self.patch(os, "dup2", lambda *_: None)  # The test still writes to it.
        with redirect_stdout(out), redirect_stderr(io.StringIO()) as said:
            end = self.assertRaises(SystemExit, write_out, "a.program", "text")
        return end.code, said.getvalue()

    def test_output_is_written(self) -> None:
        with redirect_stdout(io.StringIO()) as said:
            write_out("a.program", "text")
        self.assertEqual(said.getvalue(), "text\n")

    def test_a_write_error_is_at_most_one_line(self) -> None:
        full, closed = OSError(28, "No space left on device"), BrokenPipeError(32, "Broken pipe")
        for out, line in (
            (Full(full), f"{PROBLEM}No space left on device\n"),
            (Full(closed), ""),
            (None, f"{PROBLEM}it is closed\n"),
        ):
            self.assertEqual(self.attempt(out), (1, line))

    def test_a_failed_write_is_not_retried_at_exit(self) -> None:
        for target, problem in (
            ("> /dev/full", "No space left on device"),
            (">&-", "it is closed"),
        ):
            end = subprocess.run(
                [
                    "/bin/sh",
                    "-c",
                    f"{shlex.quote(sys.executable)} -m twisted_lab.control --help {target}",
                ],
                capture_output=True,
                text=True,
            )
            line = f"twisted_lab.control: cannot write to standard output: {problem}\n"
            self.assertEqual((end.returncode, end.stderr), (1, line))
