"""Choosing what to check for a task: by check.toml, by options, or by rules."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from twisted_lab.check.classes.finding import Found, find, unbuilt, variants
from twisted_lab.check.classes.folders import is_archive
from twisted_lab.check.classes.overrides import NAME, Overrides, WrongOverrides, overrides
from twisted_lab.check.classes.sources import COMPILED, Source
from twisted_lab.check.reports.style import shown
from twisted_lab.check.task import Role, Task
from twisted_lab.text.language import _

_MOST_NAMES, _MOST_NAME = 8, 60  # files that are named, and characters of each


class NothingFound(Exception):
    """There is nothing to check for a task, for a reason in one line."""


class NoProgram(NothingFound):
    """The work is missing: no file looks like a program for the task."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How programs are chosen and started.

    Attributes:
        python: The Python that runs them.
        commands: The command for each role, with ``{python}`` and ``{file}``; the rules' if "".
        templates: The texts of the course's templates, see `Source.squeezed`.
        tasks: The names of all tasks.
    """

    python: str
    commands: dict[Role, str]
    templates: frozenset[str]
    tasks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The programs to check for one task of a submission.

    Attributes:
        programs: The programs, the likeliest first; their commands are complete.
        given: What check.toml says.
    """

    programs: tuple[Found, ...] = ()
    given: Overrides = field(default_factory=Overrides)


def choose(sources: Sequence[Source], task: Task, rules: Rules) -> Choice:
    """Return what to check for a task.

    Raises:
        NothingFound: There is nothing to check for it.
        WrongOverrides: The submission's check.toml is wrong.
    """
    text = next((each.text for each in sources if each.path == NAME), "")
    given = overrides(text, task, rules.tasks)
    if given.file or given.build:
        found = _given(sources, given, task.role)
    else:
        own = [each for each in sources if each.squeezed not in rules.templates]
        others = [each for each in rules.tasks if each != task.name]
        found = find(own, task.role, task.name, others)
        if not found:
            raise _nothing(own, task)
    template = rules.commands[task.role] if given.interpreter is None else ""
    completed = (_completed(each, given, template, rules.python) for each in found)
    return Choice(tuple(dict.fromkeys(completed)), given)  # a template has its own arguments


def _given(sources: Sequence[Source], given: Overrides, role: Role) -> list[Found]:
    """Return the program that check.toml names, with all arguments that it may take.

    One that is built need not be there yet.
    """
    path = PurePosixPath(given.file)
    source = next((each for each in sources if each.path == str(path)), None)
    if path.is_absolute() or ".." in path.parts or not (source or (given.build and given.file)):
        raise WrongOverrides(
            _("{file}: there is no file {name} in the folder", file=NAME, name=repr(given.file))
        )
    interpreter, texts = "", [each for each in sources if each.suffix in COMPILED]
    if source and not given.build and not source.is_binary:
        interpreter, texts = source.interpreter or "", [source]
    start = (interpreter, f"./{path.name}") if interpreter else (f"./{path.name}",)
    every = (each.arguments(role is Role.CLIENT) for each in texts)
    arguments = next(filter(None, every), ())
    why = _("{file} names it.", file=NAME)
    return [Found(str(path), (*start, *each), why) for each in variants(arguments)]


def _nothing(sources: Sequence[Source], task: Task) -> NothingFound:
    if path := unbuilt(sources, task.role, task.name):
        return NothingFound(
            _("{source!r} has to be built first: {file} can say how", source=path, file=NAME)
        )
    archive = next((each.path for each in sources if is_archive(each.path)), "")
    if archive and not any(each.is_program for each in sources):
        return NothingFound(_("{source!r} has to be unpacked first", source=archive))
    if task.role is Role.SERVER:
        lacking = _("no program: no file looks like a server")
    else:
        lacking = _("no program: no file looks like a client")
    names = [shown(each.path, _MOST_NAME) for each in sources[:_MOST_NAMES]]
    files = ", ".join(names + ["..."] * (len(sources) > _MOST_NAMES))
    return NoProgram(f"{lacking} ({files})" if files else lacking)


def _completed(found: Found, given: Overrides, template: str, python: str) -> Found:
    name = f"./{PurePosixPath(found.file).name}"
    command = found.command
    if given.interpreter is not None:
        after = command[command.index(name) + 1 :]
        command = (*([given.interpreter] if given.interpreter else []), name, *after)
    elif template:
        command = tuple(word.replace("{file}", name) for word in shlex.split(template))
    return replace(found, command=tuple(word.replace("{python}", python) for word in command))
