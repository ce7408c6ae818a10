"""Commands whose interpreter finds no program to run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from shutil import which

from twisted_lab.check.near_folders import file_advice
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
    raise SandboxFailed(_problem(bench.command, bench.folder, file))


def missing_file(command: Sequence[str], folder: Path) -> str:
    """Return that a folder lacks the Python file that a command names; "" if it has it.

    Args:
        command: An interpreter and its arguments.
        folder: The current directory of the program.
    """
    file = next((each for each in command[1:] if not each.startswith("-")), "")
    if not file.endswith(".py") or (folder / file).exists() or not which(command[0]):
        return ""
    return _problem(command, folder, file)


def _problem(command: Sequence[str], folder: Path, file: str) -> str:
    problem = _(
        "cannot start {program}: there is no {file!r} in {folder!r}, the folder of the program "
        "(--folder names another one)",
        program=command[0],
        file=file,
        folder=str(folder.absolute()),
    )
    question = file_advice(command, folder, file)
    return f"{problem}; {question}" if question else problem
