"""Entry point of ``python -m twisted_lab.check``."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorCore

from twisted_lab.check import class_command
from twisted_lab.check.activity import Activity
from twisted_lab.check.bench import Bench
from twisted_lab.check.checking import Interrupted, check
from twisted_lab.check.command_advice import command_advice
from twisted_lab.check.conversation.data_files import read_files, secrets_in
from twisted_lab.check.judging import with_needs
from twisted_lab.check.options import Options
from twisted_lab.check.reports.explanation import explanation, requirement_list
from twisted_lab.check.reports.formats import FORMATS
from twisted_lab.check.reports.own_progress import update
from twisted_lab.check.reports.progress import Progress
from twisted_lab.check.reports.redaction import redacted
from twisted_lab.check.reports.style import shown, style_of
from twisted_lab.check.reports.terminal_report import terminal_report
from twisted_lab.check.sandbox.opening import open_sandbox
from twisted_lab.check.sandbox.sandbox import SandboxFailed
from twisted_lab.check.task import Task
from twisted_lab.check.trials.missing_file import missing_file
from twisted_lab.check.verdicts import Report
from twisted_lab.eventlog.console import Console
from twisted_lab.faults.recordings.recording import open_for_writing
from twisted_lab.faults.terminal import Screen, error_columns
from twisted_lab.resources import NotReady
from twisted_lab.text.command_line import complain, write_out
from twisted_lab.text.language import _
from twisted_lab.text.printing import print_line

_ROOT = Path(__file__).parents[2]
_INTERRUPTED = 130  # as shells say it of a program that Ctrl-C has ended


def main() -> None:
    """Check a program, and end with the status of the report; after ``class``, check a class."""
    if sys.argv[1:2] == ["class"]:
        class_command.main(sys.argv[2:])
        return
    options = Options()
    options.parseOptions()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a locale may have no check mark
    style = style_of(sys.stdout, os.environ)
    if options.list:
        _print(requirement_list(options.listed, style))
    elif options.explain:
        known = options.catalogue.requirements
        _print("\n\n".join(explanation(known[each], known, style) for each in options.explain))
    elif options.task:
        sys.exit(_check(options, options.task))


def _check(options: Options, task: Task) -> int:
    # Opened before anything is checked, so that a wrong path is known at once.
    files = {name: _open(path) for name in FORMATS if (path := options[name]) and path != "-"}
    ids = [each.id for each in task.requirements]
    wanted = with_needs(task.requirements, frozenset(options.only or ids))
    total = len(wanted)
    report = _run(options, task, total)
    if not options.connect:
        report = redacted(report, secrets_in(read_files(options.folder)))
    if len(report.findings) < total:
        done = {each.requirement.id for each in report.findings}
        return _say_stopped(options, report, [each for each in ids if each in wanted - done])
    status = report.status(options.strict)
    for name, file in files.items():
        try:
            with file:
                file.write(FORMATS[name](report, options.marks, options.strict) + "\n")
        except OSError as error:
            status = Options.exit_status
            _complain(
                _("cannot write {file!r}: {reason}", file=options[name], reason=error.strerror)
            )
    if options.printed:
        _print(FORMATS[options.printed](report, options.marks, options.strict))
    else:
        style = style_of(sys.stdout, os.environ)
        _print(terminal_report(report, style, options.hint, options.picture, only=options.only))
    if options.progress:
        print_line(shown(update(Path(options.progress), task, report)), sys.stderr)
    return status


def _say_stopped(options: Options, report: Report, unchecked: Sequence[str]) -> int:
    # Not to files: programs that read them take each report for a whole one.
    if report.findings and not options.printed:
        style = style_of(sys.stdout, os.environ)
        _print(
            terminal_report(report, style, options.hint, options.picture, unchecked, options.only)
        )
    done = len(report.findings)
    _complain(_("stopped after {done} of {total}", done=done, total=done + len(unchecked)))
    return _INTERRUPTED


def _print(text: str) -> None:
    try:
        write_out(Options.command, text)
    except SystemExit:
        raise SystemExit(Options.exit_status) from None  # 1 would be the program's failure


def _complain(problem: object) -> None:
    complain(Options.command, shown(str(problem)))


def _open(path: str) -> TextIO:
    try:
        return os.fdopen(open_for_writing(path), "w", encoding="utf-8")
    except NotReady as problem:
        _complain(problem)
        raise SystemExit(Options.exit_status) from None


def _resolve(address: tuple[str, int] | None) -> tuple[str, int] | None:
    if address is None:
        return None
    try:
        found = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)
    except OSError as error:
        _complain(_("cannot find {host!r}: {reason}", host=address[0], reason=error.strerror))
        raise SystemExit(Options.exit_status) from None
    host, port = min(found)[4][:2]  # IPv4 first
    return str(host), int(port)


def _run(options: Options, task: Task, total: int) -> Report:
    from twisted.internet import reactor
    from twisted.internet.task import deferLater, react

    bench = Bench(
        reactor=reactor,
        activity=Activity(reactor),
        command=options.program,
        folder=options.folder,
        address=_resolve(options.connect),
        # Programs of a profile may be started by this project's own modules.
        open_sandbox=partial(open_sandbox, modules=[_ROOT]) if options.profile else open_sandbox,
        seed=options.run_seed,
        answers=options.answer,
        watch=lambda _step: None,
    )
    console = Console(2)
    screen = Screen(console, error_columns, os.environ.get("TERM", ""))
    progress = Progress(screen, style_of(sys.stderr, os.environ), total, options.watch)
    reports: list[Report] = []
    problems: list[str] = []

    async def run() -> None:
        await deferLater(reactor, 0)  # from then on the reactor handles Ctrl-C
        try:
            report = await check(
                bench, task, options.only, progress.show_step, progress.show_finding
            )
        except Interrupted as end:  # by Ctrl-C
            reports.append(end.report)
        except SandboxFailed as problem:
            # Also if the folder is too large to be copied: it may be the wrong one.
            missing = missing_file(options.program, options.folder)
            advice = command_advice(options.program, options.folder)
            told = f"{problem}; {advice}" if advice else str(problem)
            problems.append(missing or told)
        else:
            reports.append(report)

    def start(reactor: IReactorCore) -> Deferred[None]:
        work = Deferred.fromCoroutine(run())
        reactor.addSystemEventTrigger("before", "shutdown", work.cancel)  # closes sandboxes
        return work

    try:
        react(start)
    except SystemExit as end:
        if end.code:  # also after a bug, which the reactor has logged
            raise SystemExit(Options.exit_status) from None
    finally:
        progress.end()
        console.settle()  # before anything else is written to the terminal
    if problems:
        _complain(problems[0])
        raise SystemExit(Options.exit_status)
    return reports[0]


if __name__ == "__main__":
    main()
