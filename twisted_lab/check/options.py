"""Options of the checker."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

from twisted.python.usage import UsageError

from twisted_lab.check import language
from twisted_lab.check.catalogue import Catalogue
from twisted_lab.check.language import N_, _
from twisted_lab.check.own_tasks import add_own_tasks
from twisted_lab.check.profiles.known import PROFILES
from twisted_lab.check.profiles.profile import Profile
from twisted_lab.check.reports.formats import FORMATS
from twisted_lab.check.reports.marks import read_marks
from twisted_lab.check.requirements.requirement import Requirement
from twisted_lab.check.task import Role, Task
from twisted_lab.ports.addresses import host_and_port
from twisted_lab.text import command_line, option

_EXAMPLE = "python -m twisted_lab.check echo-server -- python server.py"
# Words that `command_line.Options` and Twisted add to the help.
_ADDED = (
    N_("Options:"),
    N_("[default:"),
    N_("Display this help and exit."),
    N_("Display the version and exit."),
)
# What getopt says, word for word.
_OF_GETOPT = (
    N_("option {name} not recognized"),
    N_("option {name} not a unique prefix"),
    N_("option {name} requires argument"),
    N_("option {name} must not have an argument"),
)


def _server(text: str) -> tuple[str, int]:
    host, port = host_and_port(text)
    if not port:
        raise UsageError(
            _("a server is HOST:PORT, such as localhost:9090, not {text!r}", text=text)
        )
    return host, port


def existing_folder(text: str) -> Path:
    """Return a folder.

    Raises:
        UsageError: It does not exist.
    """
    if not Path(text).is_dir():
        raise UsageError(_("expected a folder that exists, not {text!r}", text=text))
    return Path(text)


def existing_file(text: str) -> Path:
    """Return a file.

    Raises:
        UsageError: It does not exist.
    """
    if not Path(text).is_file():
        raise UsageError(_("expected a file that exists, not {text!r}", text=text))
    return Path(text)


def _answer(text: str) -> tuple[str, str]:
    words, sign, line = text.partition("=")
    if not words or not sign:
        raise UsageError(
            _("an answer is WORDS=ANSWER, such as port={{port}}, not {text!r}", text=text)
        )
    return words, line


def _language(text: str) -> str:
    if text not in language.LANGUAGES:
        known = ", ".join(language.LANGUAGES)
        raise UsageError(_("expected one of {known}, not {text!r}", known=known, text=text))
    return text


def _ids(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.upper().split(","))


class TranslatedOptions(command_line.Options):
    """Options whose help and errors are in the checker's language."""

    lang = option.parsed(
        N_("Language of the messages: en or ru. [default: that of the locale]"),
        _language,
        default=None,
        metavar="en|ru",
    )

    def parse(self, options: Sequence[str]) -> None:
        """See `Options.parse`; options may stand behind words."""
        # Before anything is said, also about options that stand before --lang.
        for lang in re.findall("--lang[= ](\\w+)", " ".join(options)):
            if lang in language.LANGUAGES:
                language.use(lang)
        super().parse(self.options_first(options))

    def options_first(self, arguments: Sequence[str]) -> list[str]:
        """See `Options.options_first`."""
        try:
            return super().options_first(arguments)
        except UsageError as error:
            text = str(error)
        for message in _OF_GETOPT:
            start, end = message.split("{name}")
            if text.startswith(start) and text.endswith(end):
                text = _(message, name=text[len(start) : -len(end)])
                break
        raise UsageError(text)

    def help_hint(self) -> str:
        """See `Options.help_hint`."""
        return _("--help lists the options")

    def getUsage(self, width: int | None = None) -> str:
        """See `twisted.python.usage.Options`; the words that Twisted adds are translated, too."""
        self.docs = {name: _(doc) for name, doc in self.docs.items()}
        text = super().getUsage(width)
        for words in _ADDED:
            text = text.replace(words, _(words))
        return text


class Options(TranslatedOptions):
    """What to check, and how to report it.

    Attributes:
        catalogue: All tasks.
        task: The task; None if there is none, with --list or --explain.
        program: The command to check, and its arguments; empty with --connect.
        run_seed: The seed of this run: that of `seed`, or a random one.
        printed: The name of the format that replaces the text on the standard output.
    """

    command = "twisted_lab.check"
    exit_status = 2
    task: Task | None = None
    program: tuple[str, ...] = ()
    run_seed = 0
    printed = ""

    connect = option.parsed(
        N_("Check the server that runs there, HOST:PORT, instead of a command."),
        _server,
        default=None,
        metavar="HOST:PORT",
    )
    folder = option.parsed(
        N_("Folder of the program, with its data files. It runs in a copy."),
        existing_folder,
        default=Path(),
        metavar="FOLDER",
    )
    tasks = option.parsed(
        N_("Add the tasks of this Python file. It runs with your rights."),
        existing_file,
        default=None,
        metavar="FILE",
    )
    answer = option.repeated(
        N_("Answer the questions that hold WORDS: WORDS=ANSWER; {host} and {port} are replaced."),
        _answer,
        metavar="WORDS=ANSWER",
    )
    only = option.parsed(
        N_("Check these requirements alone: ES-4 or ES-4,ES-5. [default: all of the task]"),
        _ids,
        default=(),
        metavar="IDS",
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
    html = option.path(N_("The same as a page for browsers."), default=None)
    junit = option.path(N_("The same as JUnit's XML."), default=None)
    gradescope = option.path(N_("The same as Gradescope's results.json."), default=None)
    marks = option.parsed(
        N_("The mark that each verdict gives, such as pass=2,flaky=1."),
        read_marks,
        default=read_marks(),
        metavar="MARKS",
    )
    progress = option.path(
        N_("Keep your own progress in this file, and name the next requirement."), default=None
    )
    list = option.flag(N_("List the requirements, of the task if one is given, and exit."))
    explain = option.parsed(
        N_("Explain a requirement, such as ES-4, and exit."), _ids, default=(), metavar="IDS"
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
        super().parse(options)

    def parseArgs(self, task: str = "", *others: str) -> None:
        """Take the task.

        Raises:
            UsageError: It does not exist, or a command follows without ``--``.
        """
        if self.profile:
            self.catalogue = Catalogue(PROFILES[self.profile].tasks)
        if self.tasks:
            try:
                add_own_tasks(self.tasks, self.catalogue)
            except ValueError as problem:
                raise UsageError(f"--tasks: {problem}") from None
        tasks = self.catalogue.tasks
        if task and task not in tasks:
            raise UsageError(
                _("the task is one of {tasks}, not {task!r}", tasks=", ".join(tasks), task=task)
            )
        if others:
            raise UsageError(
                _(
                    "unexpected {word!r}; put -- before the command, as in {example}",
                    word=others[0],
                    example=_EXAMPLE,
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
        for name, ids in (("--only", self.only), ("--explain", self.explain)):
            for each in ids:
                if each not in self.catalogue.requirements:
                    raise UsageError(
                        _(
                            "{option}: no requirement has the id {id!r}; --list shows all",
                            option=name,
                            id=each,
                        )
                    )
        if self.list or self.explain:
            return
        if self.profile:
            self._choose_of(PROFILES[self.profile])
        if self.task is None:
            raise UsageError(_("name the task first, as in {example}", example=_EXAMPLE))
        if self.connect and self.program:
            raise UsageError(_("--connect and a command exclude each other"))
        if self.connect and "folder" in self.given:
            raise UsageError(_("--connect and --folder exclude each other"))
        if self.connect and self.task.role is Role.CLIENT:
            raise UsageError(
                _("--connect works with servers only, not with {task}", task=self.task.name)
            )
        if not self.connect and not self.program:
            raise UsageError(_("give the command after --, as in {example}", example=_EXAMPLE))
        for each in self.only:
            if self.catalogue.requirements[each] not in self.task.requirements:
                raise UsageError(
                    _("--only: {id} is no requirement of {task}", id=each, task=self.task.name)
                )

    def getSynopsis(self) -> str:
        """See `twisted.python.usage.Options`."""
        return _("Usage: python -m twisted_lab.check TASK [options] -- COMMAND...")

    def getUsage(self, width: int | None = None) -> str:
        """See `twisted.python.usage.Options`."""
        self.longdesc = _(
            "Starts the program COMMAND again and again, and checks whether it does what the task "
            "asks for. {{host}} and {{port}} in COMMAND are replaced by the server to connect to. "
            "The task is one of {tasks}. The exit status is 0 if nothing failed, 1 if a MUST "
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
    def listed(self) -> Iterable[Requirement]:
        """The requirements that --list shows."""
        return self.task.requirements if self.task else self.catalogue.requirements.values()
