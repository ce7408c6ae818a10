"""Building a program, in a sandbox as its checks are: a student may have written the command."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any

from twisted_lab.check.activity import Activity
from twisted_lab.check.plain_files import DEEPEST, SKIPPED
from twisted_lab.check.sandbox.opening import open_sandbox
from twisted_lab.check.subjects.program import Program
from twisted_lab.text.language import _

_SECONDS = 120.0
_MOST_FILES, _MOST_BYTES = 199, (32 << 20) - 1  # a sandbox may leave out what is more
_SHELL = "/bin/sh"


class NotBuilt(Exception):
    """A program could not be built, for a reason in one line."""


@asynccontextmanager
async def built(reactor: Any, folder: Path, command: str) -> AsyncIterator[Path]:
    """Build a program, and give a copy of its folder with all that was made there.

    Args:
        reactor: Watches the command.
        folder: The folder, which is not changed.
        command: A shell command.

    Raises:
        NotBuilt: It failed.
        SandboxFailed: The sandbox cannot be opened.
    """
    files = await _build(reactor, folder, command)
    with TemporaryDirectory(prefix="twisted-lab-build-") as name:
        copy = Path(name, "work")
        try:
            copytree(folder, copy, ignore=partial(_left_out, folder))
            for path, content in files.items():
                made = copy / path
                made.parent.mkdir(parents=True, exist_ok=True)
                made.write_bytes(content)
                made.chmod(0o755)
        except OSError as error:
            raise NotBuilt(_("cannot copy the folder: {reason}", reason=error)) from error
        yield copy


def _left_out(folder: Path, parent: str, names: list[str]) -> set[str]:
    """Return what is not copied: through a symbolic link, files elsewhere would be written."""
    if len(Path(parent).relative_to(folder).parts) > DEEPEST:
        return set(names)  # `copytree` recurs for each level
    modes = {name: Path(parent, name).lstat().st_mode for name in names}
    plain = {name for name, mode in modes.items() if stat.S_ISREG(mode) or stat.S_ISDIR(mode)}
    return modes.keys() - plain | SKIPPED


async def _build(reactor: Any, folder: Path, command: str) -> dict[str, bytes]:
    sandbox = open_sandbox(folder, (_SHELL,))
    try:
        activity = Activity(reactor)
        program = Program(reactor, activity, sandbox.start((_SHELL, "-c", command)))
        try:
            if not await activity.until(lambda: program.has_ended, _SECONDS):
                raise NotBuilt(_("the build command did not end in {n:.0f} s", n=_SECONDS))
        finally:
            program.terminal.close()
        if program.status:
            lines = program.terminal.text.splitlines() or [""]
            said = next((line for line in lines if "error" in line.lower()), lines[0])
            raise NotBuilt(_("the build command failed: {said}", said=said[:500]))
        files = sandbox.files(_MOST_BYTES + 1, _MOST_BYTES + 1)
    finally:
        sandbox.close()
    if len(files) > _MOST_FILES or sum(map(len, files.values())) > _MOST_BYTES:
        # Without what was left out, the program would fail, and its author be blamed.
        raise NotBuilt(_("the build made {n} files or {mb} MB, or more", n=200, mb=32))
    return files
