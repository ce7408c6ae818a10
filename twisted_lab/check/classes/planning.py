"""Planning the check of a class: what is to be checked, and what each result depends on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from twisted_lab import __version__
from twisted_lab.check.classes.choosing import Choice, NoProgram, NothingFound, Rules, choose
from twisted_lab.check.classes.folders import is_archive, read
from twisted_lab.check.classes.overrides import WrongOverrides
from twisted_lab.check.plain_files import plain_files
from twisted_lab.check.task import Task


@dataclass(frozen=True, slots=True)
class Planned:
    """One task of one submission.

    Attributes:
        submission: The name of the submission.
        folder: Its folder.
        task: The task.
        choice: What to check; it may have no programs.
        problem: Why there is nothing, in one line.
        is_missing: Whether no file looks like a program for the task.
        key: Another one as soon as the result may be another one.
        options: The options of its checks.
        python: The Python that runs programs.
    """

    submission: str
    folder: Path
    task: Task
    choice: Choice
    problem: str
    is_missing: bool
    key: str
    options: tuple[str, ...]
    python: str


def submissions(folder: Path, reports: Path) -> list[Path]:
    """Return the folders of all submissions, in the order of their names.

    Args:
        folder: The folder with the submissions.
        reports: The folder of the reports, which is none, wherever it is.
    """
    return sorted(
        each
        for each in folder.iterdir()
        if each.is_dir() and each.name[0] != "." and each.resolve() != reports.resolve()
    )


def strays(folder: Path, others: Iterable[Path]) -> list[str]:
    """Return the names of files that no submission holds, in their order.

    Args:
        folder: The folder with the submissions.
        others: Files of the teacher, which are none of them.
    """
    own = {each.resolve() for each in others}
    return sorted(
        each.name
        for each in folder.iterdir()
        if not each.is_dir() and each.name[0] != "." and each.resolve() not in own
    )


def archives(planned: Iterable[Planned]) -> list[str]:
    """Return the paths of archives beside which a program is missing, in their order."""
    lacking = dict.fromkeys(each.folder for each in planned if not each.choice.programs)
    return [
        path.relative_to(folder.parent).as_posix()
        for folder in lacking
        for path in plain_files(folder)
        if is_archive(path.name)
    ]


def templates(folder: Path) -> frozenset[str]:
    """Return the texts of a course's templates, see `Source.squeezed`."""
    return frozenset(each.squeezed for each in read(folder)[0]) - {""}


def plan(
    folders: Iterable[Path], tasks: Sequence[Task], rules: Rules, lang: str, own_tasks: Path | None
) -> Iterator[Planned]:
    """Yield what is to be checked, task by task of each submission.

    Args:
        folders: The folders of the submissions.
        tasks: The tasks.
        rules: How programs are chosen and started.
        lang: The language of the reports.
        own_tasks: The file with the course's own tasks, if there is one.
    """
    options = (f"--lang={lang}", *([f"--tasks={own_tasks}"] if own_tasks else []))
    own = own_tasks.read_bytes() if own_tasks else b""
    for folder in folders:
        sources, digest = read(folder)
        for task in tasks:
            choice, problem, is_missing = Choice(), "", False
            try:
                choice = choose(sources, task, rules)
            except (NothingFound, WrongOverrides) as reason:
                problem, is_missing = str(reason), isinstance(reason, NoProgram)
            depends_on = repr((__version__, digest, task.name, choice, options, own))
            key = blake2b(depends_on.encode(errors="backslashreplace"), digest_size=16).hexdigest()
            yield Planned(
                folder.name,
                folder,
                task,
                choice,
                problem,
                is_missing,
                key,
                options,
                rules.python,
            )
