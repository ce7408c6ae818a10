"""Options of the checker."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

from twisted.python.usage import UsageError

from twisted_lab.check.catalogue import BUILT_IN, Catalogue
from twisted_lab.check.profiles.known import PROFILES
from twisted_lab.check.profiles.profile import Profile
from twisted_lab.check.requirements.requirement import Requirement
from twisted_lab.check.task import Role, Task
from twisted_lab.ports.addresses import host_and_port
from twisted_lab.text import command_line, option

_EXAMPLE = "python -m twisted_lab.check echo-server -- python server.py"


def _server(text: str) -> tuple[str, int]:
    host, port = host_and_port(text)
    if not port:
        raise UsageError(f"a server is HOST:PORT, such as localhost:9090, not {text!r}")
    return host, port


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise UsageError(f"expected a folder that exists, not {text!r}")
    return Path(text)


def _ids(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.upper().split(","))


class Options(command_line.Options):
    """What to check, and how to report it.

    Attributes:
        catalogue: All tasks.
        task: The task; None if there is none, with --list or --explain.
        program: The command to check, and its arguments; empty with --connect.
        run_seed: The seed of this run: that of `seed`, or a random one.
    """

    command = "twisted_lab.check"
    exit_status = 2
    synopsis = "Usage: python -m twisted_lab.check TASK [options] -- COMMAND..."
    longdesc = (
        "Starts the program COMMAND again and again, and checks whether it does what the task asks "
        "for. {host} and {port} in COMMAND are replaced by the server to connect to. The task is "
        f"one of {', '.join(each.name for each in BUILT_IN)}. The exit status is 0 if nothing "
        "failed, 1 if a MUST failed, 2 for wrong usage, and 3 if a MUST could not be checked. "
        "docs/checking.md explains more."
    )
    task: Task | None = None
    program: tuple[str, ...] = ()
    run_seed = 0

    connect = option.parsed(
        "Check the server that runs there, HOST:PORT, instead of a command.", _server, default=None
    )
    folder = option.parsed(
        "Folder of the program, with its data files. It runs in a copy.", _folder, default=Path()
    )
    only = option.parsed(
        "Check these requirements alone: ES-4 or ES-4,ES-5. [default: all of the task]",
        _ids,
        default=(),
    )
    strict = option.flag("Treat SHOULD like MUST in the exit status.")
    profile = option.choice(
        "Check other programs than those of the lab: netlab, for services that follow "
        "docs/protocols.md. Without a command our own are checked, and without a task all of them.",
        *PROFILES,
        default=None,
    )
    seed = option.number(
        "Repeat the chance of the run with this seed. [default: a random one]",
        default=None,
        least=0,
    )
    hint = option.flag("Show the answer to each hint, not the question alone.")
    picture = option.flag("Draw what was sent in each check that failed.")
    watch = option.flag("Show each step as it happens.")
    json = option.path(
        "Write the report to this file as JSON; - is the standard output, without the text.",
        default=None,
    )
    list = option.flag("List the requirements, of the task if one is given, and exit.")
    explain = option.parsed("Explain a requirement, such as ES-4, and exit.", _ids, default=())

    def __init__(self) -> None:
        super().__init__()
        self.catalogue = Catalogue()

    def parse(self, options: Sequence[str]) -> None:
        """See `Options.parse`; what follows ``--`` is the command."""
        if "--" in options:
            end = options.index("--")
            self.program = tuple(options[end + 1 :])
            options = options[:end]
        super().parse(self.options_first(options))

    def parseArgs(self, task: str = "", *others: str) -> None:
        """Take the task.

        Raises:
            UsageError: It does not exist, or a command follows without ``--``.
        """
        if self.profile:
            self.catalogue = Catalogue(PROFILES[self.profile].tasks)
        tasks = self.catalogue.tasks
        if task and task not in tasks:
            raise UsageError(f"the task is one of {', '.join(tasks)}, not {task!r}")
        if others:
            raise UsageError(
                f"unexpected {others[0]!r}; put -- before the command, as in {_EXAMPLE}"
            )
        self.task = tasks.get(task)

    def postOptions(self) -> None:
        """Check what depends on several options.

        Raises:
            UsageError: Options do not fit together, or one is missing.
        """
        self.run_seed = secrets.randbits(32) if self.seed is None else self.seed
        for name, ids in (("--only", self.only), ("--explain", self.explain)):
            for each in ids:
                if each not in self.catalogue.requirements:
                    raise UsageError(
                        f"{name}: no requirement has the id {each!r}; --list shows all"
                    )
        if self.list or self.explain:
            return
        if self.profile:
            self._choose_of(PROFILES[self.profile])
        if self.task is None:
            raise UsageError(f"name the task first, as in {_EXAMPLE}")
        if self.connect and self.program:
            raise UsageError("--connect and a command exclude each other")
        if self.connect and "folder" in self.given:
            raise UsageError("--connect and --folder exclude each other")
        if self.connect and self.task.role is Role.CLIENT:
            raise UsageError(f"--connect works with servers only, not with {self.task.name}")
        if not self.connect and not self.program:
            raise UsageError(f"give the command after --, as in {_EXAMPLE}")
        for each in self.only:
            if self.catalogue.requirements[each] not in self.task.requirements:
                raise UsageError(f"--only: {each} is no requirement of {self.task.name}")

    def _choose_of(self, profile: Profile) -> None:
        if self.connect:
            raise UsageError("--connect and --profile exclude each other: servers are restarted")
        if not self.program:
            self.program = profile.command
            self.task = self.task or profile.whole

    @property
    def listed(self) -> Iterable[Requirement]:
        """The requirements that --list shows."""
        return self.task.requirements if self.task else self.catalogue.requirements.values()
