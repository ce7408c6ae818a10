"""Entry point of ``python -m twisted_lab.check class``."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import SystemRandom
from typing import NoReturn

from twisted.internet.defer import CancelledError, Deferred, FirstError, gatherResults
from twisted.internet.interfaces import IReactorCore

from twisted_lab.check.classes.checks import check_all
from twisted_lab.check.classes.choosing import Rules
from twisted_lab.check.classes.folders import is_archive
from twisted_lab.check.classes.given import Given, read_given
from twisted_lab.check.classes.model import ClassReport, Submission, TaskResult
from twisted_lab.check.classes.options import PER_CORE, ClassOptions
from twisted_lab.check.classes.planning import (
    Planned,
    archives,
    plan,
    strays,
    submissions,
    templates,
)
from twisted_lab.check.classes.reporting import students_of, write_class
from twisted_lab.check.classes.storing import Store, claim
from twisted_lab.check.classes.summary import ClassProgress, class_table, remarks
from twisted_lab.check.reports.csv_table import TABLE, given_before
from twisted_lab.check.reports.style import shown, style_of
from twisted_lab.check.sandbox.limits import DEFAULT_LIMITS
from twisted_lab.check.sandbox.opening import how_to_allow
from twisted_lab.check.sandbox.remote import NotAllowed, RemoteSandbox
from twisted_lab.check.sandbox.sandbox import SandboxFailed
from twisted_lab.check.task import Role
from twisted_lab.eventlog.console import Console
from twisted_lab.faults.terminal import Screen, error_columns
from twisted_lab.text import language
from twisted_lab.text.command_line import complain, write_out
from twisted_lab.text.language import N_, _, ngettext

_INTERRUPTED = 130  # as shells say it of a program that Ctrl-C has ended
_GOES_ON = N_("interrupted; the next run goes on here")
_MOST_NAMES, _MOST_NAME = 20, 100  # files that are named, and characters of each
Results = dict[tuple[str, str], TaskResult]  # by submission and task


def main(arguments: Sequence[str]) -> None:
    """Check a class.

    Args:
        arguments: What follows the word ``class`` on the command line.
    """
    options = ClassOptions()
    options.parseOptions(list(arguments))
    _require_isolation()
    folders = submissions(options.submissions, options.report)
    own = (each for each in (options.verdicts, options.tasks) if each)
    outside = strays(options.submissions, own)
    if not folders:
        problem = _("there are no folders in {folder!r}", folder=str(options.submissions))
        _end("; ".join((problem, *(_outside(outside)))))
    given = _given(options, [each.name for each in folders])
    try:
        claimed = claim(options.report)
    except (OSError, ValueError) as problem:
        _end(str(problem))
    with claimed:
        try:
            lines = _check_class(folders, options, given, outside)
        except KeyboardInterrupt:  # the reactor, which handles Ctrl-C otherwise, does not run
            _end(_(_GOES_ON), _INTERRUPTED)
    for line in lines:
        complain(ClassOptions.command, line)


def _given(options: ClassOptions, names: Sequence[str]) -> Given:
    if options.verdicts is None:
        return {}
    try:
        return read_given(options.verdicts.read_text("utf-8"), names, options.catalogue.tasks)
    except (OSError, ValueError) as problem:
        _end(f"--verdicts: {problem}")


def _outside(names: Sequence[str]) -> list[str]:
    """Return a line about files that no submission holds; none if there are none."""
    if not names:
        return []
    files = _listed(names)
    if any(map(is_archive, names)):
        return [
            _("no folder holds these files: {files}; unpack archives into folders", files=files)
        ]
    return [_("no folder holds these files: {files}", files=files)]


def _packed(paths: Sequence[str]) -> list[str]:
    """Return a line about archives that may hold a missing program; none if there are none."""
    if not paths:
        return []
    said = _(
        "programs are missing beside these archives: {files}; unpack those that hold one",
        files=_listed(paths),
    )
    return [said]


def _listed(names: Sequence[str]) -> str:
    words = [shown(name, _MOST_NAME) for name in names[:_MOST_NAMES]]
    return ", ".join(words + ["..."] * (len(names) > _MOST_NAMES))


def _lost(options: ClassOptions) -> list[str]:
    """Return a line about verdicts by hand that the report before had, and the new one has not."""
    count = 0 if options.verdicts else given_before(options.report / TABLE)
    if not count:
        return []
    return [
        ngettext(
            "the report before had {n:,} verdict by hand: --verdicts FILE keeps it",
            "the report before had {n:,} verdicts by hand: --verdicts FILE keeps them",
            count,
        )
    ]


def _check_class(
    folders: Sequence[Path], options: ClassOptions, given: Given, outside: Sequence[str]
) -> list[str]:
    """Check a class, write the reports, and return what the user has to know, one line each."""
    lang = options.lang or language.of_locale(os.environ)
    planned = list(plan(folders, options.chosen, _rules(options), lang, options.tasks))
    results = _check(planned, Store(options.report), options)
    report = ClassReport(
        tuple(each.name for each in options.chosen),
        tuple(
            Submission(
                folder.name, tuple(results[folder.name, each.name] for each in options.chosen)
            )
            for folder in folders
        ),
    )
    students = students_of(report, given, options.catalogue.tasks)
    files = [*_outside(outside), *_packed(archives(planned))]
    lost = _lost(options)  # the new reports replace those before
    try:
        random = SystemRandom() if options.anonymous else None
        written = write_class(students, options.report, options.marks, files, random)
    except (OSError, ValueError) as problem:
        _end(_("cannot write the reports: {reason}", reason=problem))
    table = class_table(students, report.tasks, style_of(sys.stdout, os.environ), options.marks)
    write_out(ClassOptions.command, "\n".join((table, "", *map(str, written))))
    return [*remarks(students), *lost, *files]


def _end(problem: str, status: int = ClassOptions.exit_status) -> NoReturn:
    complain(ClassOptions.command, shown(problem))
    raise SystemExit(status)


def _require_isolation() -> None:
    """End the program if programs of others cannot be isolated here."""
    with tempfile.TemporaryDirectory() as empty:
        try:
            RemoteSandbox(Path(empty), (sys.executable,), DEFAULT_LIMITS, is_isolated=True).close()
        except NotAllowed as lack:
            reason = f"{lack}{how_to_allow()}"
            _end(
                _(
                    "programs of others are checked in isolation only, which is not possible here: "
                    "{reason}",
                    reason=reason,
                )
            )
        except SandboxFailed as problem:
            _end(str(problem))


def _rules(options: ClassOptions) -> Rules:
    return Rules(
        python=options.python,
        commands={Role.SERVER: options.server or "", Role.CLIENT: options.client or ""},
        templates=templates(options.template) if options.template else frozenset(),
        tasks=tuple(options.catalogue.tasks),
    )


def _check(planned: Sequence[Planned], store: Store, options: ClassOptions) -> Results:
    """Return all results: those that are stored, and those of new checks."""
    from twisted.internet import reactor
    from twisted.internet.task import react

    results: Results = {}
    waiting: list[Planned] = []
    for each in planned:
        stored = store.load(each.submission, each.task.name, each.key)
        if not each.choice.programs:
            results[each.submission, each.task.name] = TaskResult(
                each.task.name, (), each.problem, each.is_missing
            )
        elif stored:
            results[each.submission, each.task.name] = stored
        else:
            waiting.append(each)
    console = Console(2)
    screen = Screen(console, error_columns, os.environ.get("TERM", ""))
    progress = ClassProgress(screen, len(waiting))
    count = options.jobs or PER_CORE * len(os.sched_getaffinity(0))
    problems: list[tuple[str, int]] = []  # with the exit status

    async def work(left: Iterable[Planned]) -> None:
        for each in left:
            progress.begin(each.submission, each.task.name)
            result = TaskResult(each.task.name, await check_all(reactor, each))
            store.save(each.submission, result, each.key)
            results[each.submission, each.task.name] = result
            progress.end(each.submission, result)

    async def work_all() -> None:
        left = iter(waiting)  # one for all workers
        workers = [Deferred.fromCoroutine(work(left)) for _each in range(count)]
        try:
            await gatherResults(workers, consumeErrors=True)
        except FirstError as error:
            if error.subFailure.check(CancelledError):  # Ctrl-C
                problems.append((_(_GOES_ON), _INTERRUPTED))
            else:
                error.subFailure.trap(OSError)
                reason = error.subFailure.value
                said = _("cannot write a result: {reason}", reason=reason)
                problems.append((said, ClassOptions.exit_status))
        finally:
            for each in workers:
                each.cancel()  # the others' checks end, too

    def start(reactor: IReactorCore) -> Deferred[None]:
        done = Deferred.fromCoroutine(work_all())
        reactor.addSystemEventTrigger("before", "shutdown", done.cancel)
        return done

    try:
        react(start)
    except SystemExit as end:
        if end.code:  # after a bug, which the reactor has logged
            raise
    finally:
        screen.set_status("")
        console.settle()
    if problems:
        _end(*problems[0])
    return results
