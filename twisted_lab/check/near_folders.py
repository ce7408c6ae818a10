"""Folders near the one that was named, where a program may be."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from twisted_lab.check.plain_files import SKIPPED
from twisted_lab.text.language import _


def folders_in(folder: Path) -> Iterator[Path]:
    """Yield the folders directly in a folder, in the order of their names."""
    try:
        found = sorted(folder.iterdir())
    except OSError:
        return
    for each in found:
        if each.name[0] != "." and each.name not in SKIPPED and each.is_dir():
            yield each


def folder_advice(folder: Path, file: str) -> str:
    """Return a question that names a folder near `folder` that has a file; "" if none has it."""
    parent = folder.absolute().parent
    for near in (*folders_in(folder), parent, *folders_in(parent)):
        if (near / file).is_file():
            option = f"--folder {shlex.quote(str(near))}"
            return _("did you mean {word}?", word=option)
    return ""


def file_advice(command: Sequence[str], folder: Path, file: str) -> str:
    """Return a question that tells where a file is that an interpreter has not found.

    Args:
        command: The interpreter and its arguments.
        folder: The folder of the program.
        file: The file, as the command names it; the folder may be a part of its name.
    """
    name = Path(file).name
    if file in command and (folder / name).is_file():
        words = [name if each == file else each for each in command]
        return _("did you mean {word}?", word=shlex.join(words))
    return folder_advice(folder, file)
