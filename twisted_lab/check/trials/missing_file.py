"""Commands whose interpreter finds no program to run."""

from __future__ import annotations

import re

from twisted_lab.check.near_folders import folder_advice
from twisted_lab.check.sandbox.sandbox import SandboxFailed
from twisted_lab.check.subjects.program import Program
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import _

_NOT_FOUND = re.compile(r"[^\n]+: can't open file '([^\n]+)': \[Errno 2\][^\n]*\n")
_STATUS = 2  # of Python, then


def expect_file(trial: Trial, program: Program) -> None:
    """See that Python has found the file that a command names.

    Raises:
        SandboxFailed: It has not; this is all that it said.
    """
    found = _NOT_FOUND.fullmatch(program.terminal.text)
    if program.status != _STATUS or not found:
        return
    bench, path = trial.bench, found[1]
    file = next((each for each in bench.command if path.endswith(each)), path)
    question = folder_advice(bench.folder, file)
    problem = _(
        "cannot start {program}: there is no {file!r} in {folder!r}, the folder of the program "
        "(--folder names another one)",
        program=bench.command[0],
        file=file,
        folder=str(bench.folder.absolute()),
    )
    raise SandboxFailed(f"{problem}; {question}" if question else problem)
