"""check.toml: what a submission's folder says about how it is checked."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from twisted_lab.check.task import Role, Task
from twisted_lab.text.language import _
from twisted_lab.text.nearest import with_nearest

NAME = "check.toml"
_KEYS = ("file", "interpreter", "build", "answers")
_MOST_ANSWERS = 20
_MOST_TEXT, _LONGEST = 1_000, 20_000  # characters of a value, and of the file
# No path: the sandbox shows a program the folder of its interpreter, and a student may have
# written the file.
_INTERPRETER = re.compile(r"[\w.+-]{1,40}")


class WrongOverrides(Exception):
    """A check.toml is wrong, for a reason in one line."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """How one program is checked; what is empty or None is found by rules.

    Attributes:
        file: Its path in the submission.
        interpreter: The program that runs it, from ``PATH``; "" if it runs by itself.
        build: A shell command that makes it, in the submission's folder.
        answers: Words of its questions, and what to answer to each.
    """

    file: str = ""
    interpreter: str | None = None
    build: str = ""
    answers: tuple[tuple[str, str], ...] = ()


def overrides(text: str, task: Task, tasks: Sequence[str]) -> Overrides:
    """Return what a check.toml says about the program for a task.

    The table of the task's name counts; without one, the table ``server`` or ``client``.

    Args:
        text: The text of the file.
        task: The task.
        tasks: The names of all tasks.

    Raises:
        WrongOverrides: The file is wrong.
    """
    if len(text) > _LONGEST:
        raise WrongOverrides(_("{file} is longer than {n:,} characters", file=NAME, n=_LONGEST))
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise WrongOverrides(_("{file}: {reason}", file=NAME, reason=error)) from None
    known = (*(each.value for each in Role), *tasks)
    if unknown := content.keys() - set(known):
        name = min(unknown)[:100]
        tables = _("the tables are {tables}", tables=", ".join(known))
        raise _wrong(name, with_nearest(tables, name, known))
    name = task.name if task.name in content else task.role.value
    table = content.get(name, {})
    if not isinstance(table, dict):
        raise _wrong(name, _("a table is expected"))
    for key, value in table.items():
        _examine(f"{name}.{key[:100]}", key, value)
    return Overrides(**table | {"answers": tuple(table.get("answers", {}).items())})


def _examine(place: str, key: str, value: Any) -> None:
    """Look at one value.

    Raises:
        WrongOverrides: It, or its key, is wrong.
    """
    if key not in _KEYS:
        raise _wrong(place, _("the keys are {keys}", keys=", ".join(_KEYS)))
    if key == "answers":
        if not isinstance(value, dict) or len(value) > _MOST_ANSWERS:
            raise _wrong(place, _("a table of at most {n} answers is expected", n=_MOST_ANSWERS))
        for words, line in value.items():
            if not words or "=" in words or not (_is_text(words) and _is_text(line)):
                raise _wrong(place, _("words without =, and a short text, are expected"))
    elif not _is_text(value):
        raise _wrong(place, _("a short text is expected"))
    elif key == "interpreter" and value and not _INTERPRETER.fullmatch(value):
        raise _wrong(place, _("the name of a program without its path is expected"))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _MOST_TEXT and "\0" not in value


def _wrong(place: str, reason: str) -> WrongOverrides:
    return WrongOverrides(_("{file}: {place!r}: {reason}", file=NAME, place=place, reason=reason))
