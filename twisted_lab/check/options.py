"""Options of the checker."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from twisted.python.usage import UsageError

from twisted_lab.check import option_values
from twisted_lab.check.catalogue import Catalogue
from twisted_lab.check.language_option import LanguageOption
from twisted_lab.check.own_tasks import add_own_tasks
from twisted_lab.check.profiles.known import PROFILES
from twisted_lab.check.profiles.profile import Profile
from twisted_lab.check.reports.formats import FORMATS
from twisted_lab.check.reports.marks import read_marks
from twisted_lab.check.requirements.requirement import Requirement
from twisted_lab.check.task import Role, Task
from twisted_lab.text import option
from twisted_lab.text.command_line import as_started
from twisted_lab.text.language import N_, _
from twisted_lab.text.nearest import advice, nearest

_CLASS = "class"  # in place of a task: another command
_EXAMPLE = "python -m twisted_lab.check echo-server -- python server.py"


class Options(LanguageOption):
    """What to check, and how to report it.

    Attributes:
        catalogue: All tasks.
        task: The task; None if there is none, with --list or --explain.
        program: The command to check, and its arguments; empty with --connect.
        run_seed: The seed of this run: that of `seed`, or a random one.
        printed: The name of the format that replaces the text on the standard output.
    """

    command = "twisted_lab.check"
    task: Task | None = None
    program: tuple[str, ...] = ()
    run_seed = 0
    printed = ""

    connect = option.parsed(
        N_("Check the server that runs there, HOST:PORT, instead of a command."),
        option_values.server,
        default=None,
        metavar="HOST:PORT",
    )
    folder = option.parsed(
        N_("Folder of the program, with its data files. It runs in a copy."),
        option_values.existing_folder,
        default=Path(),
        metavar="FOLDER",
    )
    tasks = option.parsed(
        N_("Add the tasks of this Python file. It runs with your rights."),
        option_values.existing_file,
        default=None,
        metavar="FILE",
    )
    answer = option.repeated(
        N_("Answer the questions that hold WORDS: WORDS=ANSWER; {host} and {port} are replaced."),
        option_values.answer,
        metavar="WORDS=ANSWER",
    )
    only = replace(
        option.parsed(
            N_("Check these requirements alone: ES-4 or ES-4,ES-5. [default: all of the task]"),
            option_values.ids,
            default=(),
            metavar="IDS",
        ),
        repeats=True,
    )
    strict = option.flag(N_("Treat SHOULD like MUST in the exit status."))
    profile = option.choice(
        N_(
            "Check other programs than those of the lab: netlab, for services that follow "
            "docs/protocols.md. Without a command our own are checked, and without a task all of "
            "them."
        ),
        *PROFILES,
        default=None,
    )
    seed = option.number(
        N_("Repeat the chance of the run with this seed. [default: a random one]"),
        default=None,
        least=0,
    )
    hint = option.flag(N_("Show the answer to each hint, not the question alone."))
    picture = option.flag(N_("Draw what was sent in each check that failed."))
    watch = option.flag(N_("Show each step as it happens."))
    json = option.path(
        N_("Write the report to this file as JSON; - is the standard output, without the text."),
        default=None,
    )
    html = option.path(N_("Write the report to this file as a page for browsers."), default=None)
    junit = option.path(N_("Write the report to this file as JUnit's XML."), default=None)
    gradescope = option.path(
        N_("Write the report to this file as Gradescope's results.json."), default=None
    )
    marks = option.parsed(
        N_(
            "The mark that each verdict gives, such as flaky=1, and how much requirements count, "
            "such as must=3,ES-4=none."
        ),
        read_marks,
        default=read_marks(),
        metavar="MARKS",
    )
    progress = option.path(
        N_("Keep your own progress in this file, and name the next requirement."), default=None
    )
    list = option.flag(N_("List the requirements, of the task if one is given, and exit."))
    explain = option.parsed(
        N_("Explain a requirement, such as ES-4, and exit."),
        option_values.ids,
        default=(),
        metavar="IDS",
    )

    def __init__(self) -> None:
        super().__init__()
        self.catalogue = Catalogue()

    def parse(self, options: Sequence[str]) -> None:
        """See `Options.parse`; what follows ``--`` is the command."""
        if "--" in options:
            end = options.index("--")
            self.program = tuple(options[end + 1 :])
            options = options[:end]
        try:
            super().parse(options)
        except UsageError as problem:  # maybe about an option of the other command
            word = options[0] if options else ""
            if word in self.catalogue.tasks or nearest(word, self._words) != _CLASS:
                raise
            raise UsageError(self._no_task(word)) from problem

    def parseArgs(self, task: str = "", *others: str) -> None:
        """Take the task.

        Raises:
            UsageError: It does not exist, or a command follows without ``--``.
        """
        if self.profile:
            self.catalogue = Catalogue(PROFILES[self.profile].tasks)
        if task == _CLASS:
            raise UsageError(_("the word class comes before all options"))
        if self.tasks:
            try:
                add_own_tasks(self.tasks, self.catalogue)
            except ValueError as problem:
                raise UsageError(f"--tasks: {problem}") from None
        tasks = self.catalogue.tasks
        if task and task not in tasks:
            raise UsageError(self._no_task(task))
        if others:
            raise UsageError(
                _(
                    "unexpected {word!r}; put -- before the command, as in {example}",
                    word=others[0],
                    example=self._example,
                )
            )
        self.task = tasks.get(task)

    def postOptions(self) -> None:
        """Check what depends on several options.

        Raises:
            UsageError: Options do not fit together, or one is missing.
        """
        self.run_seed = secrets.randbits(32) if self.seed is None else self.seed
        printed = [name for name in FORMATS if self[name] == "-"]
        if printed[1:]:
            one, other = (f"--{name} -" for name in printed[:2])
            raise UsageError(_("{one} and {other} exclude each other", one=one, other=other))
        self.printed = "".join(printed)
        for name, ids in (
            ("--only", self.only),
            ("--explain", self.explain),
            ("--marks", self.marks.ids),
        ):
            option_values.require_known(name, ids, self.catalogue)
        if self.list or self.explain:
            return
        if self.profile:
            self._choose_of(PROFILES[self.profile])
        if self.task is None:
            raise UsageError(_("name the task first, as in {example}", example=self._example))
        if self.connect and self.program:
            raise UsageError(_("--connect and a command exclude each other"))
        if self.connect and "folder" in self.given:
            raise UsageError(_("--connect and --folder exclude each other"))
        if self.connect and self.task.role is Role.CLIENT:
            raise UsageError(
                _("--connect works with servers only, not with {task}", task=self.task.name)
            )
        if not self.connect and not self.program:
            raise UsageError(_("give the command after --, as in {example}", example=self._example))
        option_values.require_whole_places(self.program)
        for each in self.only:
            if self.catalogue.requirements[each] not in self.task.requirements:
                raise UsageError(
                    _("--only: {id} is no requirement of {task}", id=each, task=self.task.name)
                )

    def getSynopsis(self) -> str:
        """See `twisted.python.usage.Options`."""
        return as_started(_("Usage: python -m twisted_lab.check TASK [options] -- COMMAND..."))

    def getUsage(self, width: int | None = None) -> str:
        """See `twisted.python.usage.Options`."""
        self.longdesc = _(
            "Starts the program COMMAND again and again, and checks whether it does what the task "
            "asks for. {{host}} and {{port}} in COMMAND are replaced by the server to connect to. "
            "The task is one of {tasks}; the word class in its place checks the programs of a "
            "whole class, see class --help. The exit status is 0 if nothing failed, 1 if a MUST "
            "failed, 2 for wrong usage, and 3 if a MUST could not be checked. docs/checking.md "
            "explains more.",
            tasks=", ".join(self.catalogue.tasks),
        )
        return super().getUsage(width)

    def _choose_of(self, profile: Profile) -> None:
        if self.connect:
            raise UsageError(_("--connect and --profile exclude each other: servers are restarted"))
        if not self.program:
            self.program = profile.command
            self.task = self.task or profile.whole

    @property
    def _words(self) -> Sequence[str]:
        return *self.catalogue.tasks, _CLASS

    def _no_task(self, word: str) -> str:
        question = advice(word, self._words)
        return _("there is no task {task!r}; {advice}", task=word, advice=question)

    @property
    def _example(self) -> str:
        return PROFILES[self.profile].example if self.profile else _EXAMPLE

    @property
    def listed(self) -> Iterable[Requirement]:
        """The requirements that --list shows."""
        return self.task.requirements if self.task else self.catalogue.requirements.values()
