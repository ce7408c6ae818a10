"""Copies a program's folder, and finds what has changed in the copy."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from .messages import N_, Message

MOST_FILES, MOST_BYTES = 1_000, 64 << 20  # to copy
MOST_CHANGED = 200  # files to return
_SKIPPED = frozenset((".git", ".venv", "node_modules", "__pycache__"))
_DEEPEST, _MOST_ENTRIES = 16, 10_000
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_FOLDER = _READ | os.O_DIRECTORY


class TooLarge(Exception):
    """The folder has too many files, or too much in them.

    Args:
        message: Says so; it lacks the name of the folder, which is not known here.
    """

    def __init__(self, message: Message) -> None:
        super().__init__(message.text)
        self.message = message

    def about(self, folder: str) -> Message:
        """Return the message about the folder of a name."""
        return Message(self.message.text, {**self.message.values, "folder": folder})


def _walk(
    folder: int, prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, int, str, os.stat_result]]:
    """Yield everything below a folder, without following symbolic links.

    Yields:
        The name, the descriptor of the folder that it is in, its name there, and what it is.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                status = entry.stat(follow_symlinks=False)
                is_folder = stat.S_ISDIR(status.st_mode)
                if entry.name in _SKIPPED or (is_folder and depth == _DEEPEST):
                    continue
                yield prefix + entry.name, folder, entry.name, status
                if not is_folder:
                    continue
                inner = os.open(entry.name, _FOLDER, dir_fd=folder)
            except OSError:  # it is gone, or not for our eyes
                continue
            try:
                yield from _walk(inner, f"{prefix}{entry.name}/", depth + 1)
            finally:
                os.close(inner)


def copy(source: int, target: str, owner: int | None) -> int:
    """Copy a folder; symbolic links stay links.

    Args:
        source: The descriptor of the folder.
        target: The name of the copy, which is made.
        owner: The user and group of the copies; None: the present ones.

    Returns:
        The descriptor of the copy, which leads to it also after a program has moved it.

    Raises:
        TooLarge: There are more than `MOST_FILES` files or `MOST_BYTES` bytes.
        OSError: A file cannot be copied.
    """
    Path(target).mkdir(mode=0o755)
    made = [target]
    free = MOST_BYTES
    for name, folder, own_name, status in islice(_walk(source), MOST_FILES + 1):
        if len(made) > MOST_FILES:
            raise TooLarge(
                N_(
                    "the folder {folder} has more than {n:,} files, too many to copy it; put the "
                    "program and its data into a folder of their own",
                    n=MOST_FILES,
                )
            )
        path = f"{target}/{name}"
        if stat.S_ISDIR(status.st_mode):
            Path(path).mkdir(mode=0o755)
        elif stat.S_ISLNK(status.st_mode):
            Path(path).symlink_to(os.readlink(own_name, dir_fd=folder))
        elif stat.S_ISREG(status.st_mode):
            free -= _copy_file(folder, own_name, path, free)
        else:
            continue
        made.append(path)
    if owner is not None:
        for path in made:
            os.chown(path, owner, owner, follow_symlinks=False)
    return os.open(target, _FOLDER)


def _copy_file(folder: int, name: str, path: str, free: int) -> int:
    """Copy a file, and return its length."""
    source = os.open(name, _READ, dir_fd=folder)
    try:
        mode = 0o755 if os.fstat(source).st_mode & 0o100 else 0o644
        target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            copied = 0
            while sent := os.sendfile(target, source, copied, 1 << 20):
                copied += sent
                if copied > free:
                    raise TooLarge(
                        N_(
                            "the folder {folder} has more than {n} MB, too many to copy it; put "
                            "the program and its data into a folder of their own",
                            n=MOST_BYTES >> 20,
                        )
                    )
        finally:
            os.close(target)
    finally:
        os.close(source)
    return copied


def snapshot(folder: int) -> dict[str, tuple[int, ...]]:
    """Return of each plain file in a folder its length in bytes, and what a change changes."""
    return {
        name: (status.st_size, status.st_ino, status.st_ctime_ns)
        for name, _, _, status in islice(_walk(folder), _MOST_ENTRIES)
        if stat.S_ISREG(status.st_mode)
    }


def changed(
    folder: int, before: dict[str, tuple[int, ...]], of_each: int, of_all: int
) -> Iterator[tuple[str, bytes]]:
    """Yield new and changed plain files, at most `MOST_CHANGED`.

    Args:
        folder: The folder, in which anything may have happened.
        before: Its `snapshot`.
        of_each: The most bytes of each file, from its beginning.
        of_all: The most bytes of all files together.
    """
    found, free = 0, of_all
    for name, parent, own_name, status in islice(_walk(folder), _MOST_ENTRIES):
        now = (status.st_size, status.st_ino, status.st_ctime_ns)
        if not stat.S_ISREG(status.st_mode) or before.get(name) == now:
            continue
        if found == MOST_CHANGED or not free:
            return
        try:
            file = os.open(own_name, _READ, dir_fd=parent)
        except OSError:
            continue
        try:
            if stat.S_ISREG(os.fstat(file).st_mode):
                found += 1
                content = os.pread(file, min(of_each, free), 0)
                free -= len(content)
                yield name, content
        finally:
            os.close(file)
