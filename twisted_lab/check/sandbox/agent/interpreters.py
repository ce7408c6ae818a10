"""Which folders a program's interpreter needs, to stay visible in a hidden home."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

_EXECUTABLES = ("bin", "sbin", "shims")
_DEEPEST = 40  # links and interpreters of interpreters
_MOST_READ = 1000  # bytes


def needed(program: str, folder: str, search: str, home: str) -> list[Path]:
    """Return what a program needs of the folders that the sandbox hides.

    A name such as ~/.pyenv/shims/python needs ~/.pyenv. The same holds for each name to which
    its symbolic links lead, for the interpreter in its `#!` line, and for a virtual environment's
    original Python. Where a home itself contains the `bin`, only the file is needed.

    Args:
        program: The first word of a command.
        folder: The current directory of the command.
        search: The folders in which it is looked for, as in `PATH`.
        home: The home of the checker's user.
    """
    return [_installation(name, home) for name in _names(program, [folder], search.split(":"))]


def _installation(name: Path, home: str) -> Path:
    prefix = name.parent.parent
    is_shared = str(prefix) in (home, f"{home}/.local") or prefix.parent == Path("/home")
    return name if name.parent.name not in _EXECUTABLES or is_shared else prefix


def _names(program: str, current: list[str], search: list[str]) -> Iterator[Path]:
    waiting = [program]
    for _ in range(_DEEPEST):
        if not waiting:
            return
        name = waiting.pop()
        found = _find(name, current if "/" in name else search)
        if found is None:
            continue
        yield found
        if found.is_symlink():
            waiting.append(str(found.parent / found.readlink()))
        # Its folder may be behind a link, such as a .venv that two projects share.
        links = (found.parent.resolve() / found.name, found.resolve())
        waiting += [str(each) for each in links if each != found]
        waiting += [*_interpreter(found), *_original_python(found)]


def _find(program: str, folders: list[str]) -> Path | None:
    if "\0" in program:  # from a file that is no script
        return None
    names = (Path(os.path.normpath(Path(folder) / program)) for folder in folders)
    return next((name for name in names if name.is_absolute() and os.access(name, os.X_OK)), None)


def _beginning(path: Path) -> str:
    """Return the first bytes of a file; "" if it is none: a FIFO or device may have no end."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY), "rb") as file:  # noqa: PTH123
            is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            return file.read(_MOST_READ).decode(errors="replace") if is_file else ""
    except OSError:
        return ""


def _interpreter(program: Path) -> list[str]:
    """Return the words of the `#!` line that may be programs."""
    first = _beginning(program).partition("\n")[0]
    return first[2:].split()[:3] if first.startswith("#!") else []


def _original_python(program: Path) -> list[str]:
    lines = _beginning(program.parent.parent / "pyvenv.cfg").splitlines()
    fields = (line.partition("=") for line in lines)
    return [f"{value.strip()}/python3" for name, _, value in fields if name.strip() == "home"]
