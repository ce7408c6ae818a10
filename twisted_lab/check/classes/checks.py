"""Checking the programs of one submission for one task, each in a process of its own."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from twisted.internet.defer import CancelledError
from twisted.logger import Logger

import twisted_lab
from twisted_lab.check.checking import MOST_SECONDS
from twisted_lab.check.classes.building import NotBuilt, built
from twisted_lab.check.classes.children import Ended, run
from twisted_lab.check.classes.finding import Found
from twisted_lab.check.classes.model import Checked
from twisted_lab.check.classes.planning import Planned
from twisted_lab.check.classes.sources import Source
from twisted_lab.check.sandbox.sandbox import SandboxFailed
from twisted_lab.text.language import _

_SECONDS = MOST_SECONDS + 60.0  # for one check; it ends by itself, unless the checker has a bug
_MOST_READ = 1000  # bytes
_SEED = "1"  # the same one for each submission


_log = Logger()


def _environment() -> dict[str, str]:
    """Return the environment of the checks, in which they find this package."""
    # Not in the current folder: that may be the one with the submissions.
    root = str(Path(twisted_lab.__file__).parent.parent)
    others = os.environ.get("PYTHONPATH")
    return os.environ | {"PYTHONPATH": f"{root}{os.pathsep}{others}" if others else root}


async def check_all(reactor: Any, planned: Planned) -> tuple[Checked, ...]:
    """Check the programs of a submission for one task, until one offers it and fails nothing.

    Args:
        reactor: Runs processes.
        planned: What to check.
    """
    results: list[Checked] = []
    choice = planned.choice
    works: set[str] = set()  # files that need no other arguments
    for found in choice.programs:
        if found.file in works:
            continue
        try:
            if choice.given.build:
                async with built(reactor, planned.folder, choice.given.build) as copy:
                    checked = await _check(reactor, copy, planned, found)
            else:
                checked = await _check(reactor, planned.folder, planned, found)
        except (NotBuilt, SandboxFailed) as problem:
            checked = Checked(found.file, found.why, problem=str(problem))
        except CancelledError:  # Ctrl-C
            raise
        except Exception as error:  # a bug must not cost the other submissions
            _log.failure("The checker has a bug in {file}", file=found.file)
            said = _("The checker has a bug: {reason}", reason=repr(error))
            checked = Checked(found.file, found.why, problem=said)
        results.append(checked)
        if checked.report and not checked.report["counts"]["fail"]:
            works.add(found.file)
            if checked.offers:
                break
    return tuple(results)


async def _check(reactor: Any, folder: Path, planned: Planned, found: Found) -> Checked:
    own_folder = folder / PurePosixPath(found.file).parent
    command = (
        *(sys.executable, "-P", "-m", "twisted_lab.check", planned.task.name),
        *("--json", "-", "--seed", _SEED, "--folder", str(own_folder)),
        *planned.options,
        *(f"--answer={words}={line}" for words, line in planned.choice.given.answers),
        *("--", *started(found, folder, planned.python)),
    )
    ended = await run(reactor, command, _environment(), _SECONDS)
    report = _report(ended.output) if ended.status in (0, 1, 3) else None
    return Checked(found.file, found.why, report, "" if report else _problem(ended))


def started(found: Found, folder: Path, python: str) -> tuple[str, ...]:
    """Return the command of a program; a script is started by the interpreter that it names.

    If it started itself, its first line could name any program by a path, such as that of another
    submission, and the sandbox would show that.

    Args:
        found: The program.
        folder: The folder of the submission, or its copy in which the program was built.
        python: The Python that runs programs.

    Raises:
        NotBuilt: Its first line names no program.
    """
    if not found.command[0].startswith("./"):
        return found.command
    with suppress(OSError), (folder / found.file).open("rb") as file:
        text = file.read(_MOST_READ).decode(errors="replace")
        interpreter = Source(found.file, text, is_executable=True).interpreter
        if interpreter:
            return (interpreter.replace("{python}", python), *found.command)
        if text.startswith("#!"):
            raise NotBuilt(_("the first line of {file!r} names no program", file=found.file))
    return found.command


def _report(output: bytes) -> dict[str, Any] | None:
    try:
        report: dict[str, Any] = json.loads(output)
    except ValueError:
        return None
    return report


def _problem(ended: Ended) -> str:
    if ended.status is None:  # `run` has killed it
        return _("The check took more than {n:.0f} s, or its report was too long.", n=_SECONDS)
    lines = ended.errors.decode(errors="replace").strip().splitlines()
    if ended.status == 2 and len(lines) == 1:
        return lines[0].removeprefix("twisted_lab.check: ")
    return _("The checker has a bug: {reason}", reason=lines[-1][:500] if lines else ended.status)
