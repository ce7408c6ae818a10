"""Advice about a command that cannot be started."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from shutil import which

from twisted_lab.check.near_folders import folder_advice
from twisted_lab.text.language import _
from twisted_lab.text.nearest import did_you_mean

_USUAL = ("python", "python3", "node", "bash")


def command_advice(command: Sequence[str], folder: Path) -> str:
    """Return what to do about a command that cannot be started; "" if nothing is known.

    Args:
        command: The program and its arguments.
        folder: The current directory of the program.
    """
    program = command[0]
    if " " in program:
        return _("leave out the quotes")
    file = folder / program
    if which(file if "/" in program else program):
        return ""  # something else is wrong
    if not file.is_file():
        if "/" in program:
            return folder_advice(folder, program)
        return did_you_mean(program, filter(which, _USUAL))
    words = ["python", *command] if file.suffix == ".py" else [f"./{program}", *command[1:]]
    return _("try: {command}", command=shlex.join(words))
