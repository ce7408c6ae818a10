"""Options of ``python -m twisted_lab.check class``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from shutil import which

from twisted.python.usage import UsageError

from twisted_lab.check.catalogue import Catalogue
from twisted_lab.check.language_option import LanguageOption
from twisted_lab.check.option_values import existing_file, existing_folder, require_known
from twisted_lab.check.own_tasks import add_own_tasks
from twisted_lab.check.reports.marks import read_marks
from twisted_lab.check.task import Task
from twisted_lab.text import option
from twisted_lab.text.command_line import as_started
from twisted_lab.text.language import N_, _
from twisted_lab.text.nearest import with_nearest

PER_CORE = 3  # checks at the same time: most of the time, programs wait


def _command(text: str) -> str:
    words = shlex.split(text)  # an open quote is a ValueError
    if "{file}" not in words:
        raise UsageError(
            _(
                "expected a command with {{file}}, such as '{{python}} {{file}}', not {text!r}",
                text=text,
            )
        )
    return text


def _python(text: str) -> str:
    if not (found := which(text)):
        raise UsageError(_("expected a program that exists, not {text!r}", text=text))
    return str(Path(found).absolute()) if "/" in text else text


class ClassOptions(LanguageOption):
    """What to check in a class.

    Attributes:
        catalogue: All tasks.
        submissions: The folder with a folder for each submission.
        chosen: The tasks.
    """

    command = "twisted_lab.check class"
    submissions = Path()
    chosen: tuple[Task, ...] = ()

    task = option.text(
        N_("Check these tasks, with commas between them."),
        default="echo-server,echo-client",
        metavar="TASKS",
    )
    tasks = option.parsed(
        N_("Add the tasks of this Python file. It runs with your rights."),
        existing_file,
        default=None,
        metavar="FILE",
    )
    report = option.parsed(
        N_("Folder of the results and reports."),
        Path,
        default=Path("class-report"),
        metavar="FOLDER",
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
    verdicts = option.parsed(
        N_("File with verdicts by hand, which count more than the checker's."),
        existing_file,
        default=None,
        metavar="FILE",
    )
    anonymous = option.flag(N_("Show numbers instead of names in the reports."))
    jobs = option.number(
        N_("Run this many checks at the same time. [default: 3 for each core]"),
        default=None,
        most=1000,
    )
    python = option.parsed(
        N_("The Python that runs the programs."), _python, default=sys.executable, metavar="FILE"
    )
    server = option.parsed(
        N_("The command for servers, such as '{python} -u {file}'. [default: as the file says]"),
        _command,
        default=None,
        metavar="COMMAND",
    )
    client = option.parsed(
        N_(
            "The command for clients, in which {host} and {port} are the server's. "
            "[default: as the file says]"
        ),
        _command,
        default=None,
        metavar="COMMAND",
    )
    template = option.parsed(
        N_("Folder with the course's templates: unchanged, they are no submission."),
        existing_folder,
        default=None,
        metavar="FOLDER",
    )

    def __init__(self) -> None:
        super().__init__()
        self.catalogue = Catalogue()

    def parseArgs(self, submissions: str = "", *others: str) -> None:
        """Take the folder of the submissions.

        Raises:
            UsageError: There is none, or more.
        """
        if not submissions:
            raise UsageError(_("name the folder with the submissions"))
        if others:
            raise UsageError(_("unexpected {word!r}", word=others[0]))
        self.submissions = existing_folder(submissions)

    def postOptions(self) -> None:
        """Look the tasks up.

        Raises:
            UsageError: One does not exist.
        """
        if self.tasks:
            try:
                add_own_tasks(self.tasks, self.catalogue)
            except ValueError as error:
                raise UsageError(f"--tasks: {error}") from None
        known = self.catalogue.tasks
        names = dict.fromkeys(each.strip() for each in self.task.split(","))
        if unknown := [name for name in names if name not in known]:
            problem = _(
                "--task: expected tasks of {tasks}, not {task!r}",
                tasks=", ".join(known),
                task=unknown[0],
            )
            raise UsageError(with_nearest(problem, unknown[0], known))
        require_known("--marks", self.marks.ids, self.catalogue)
        self.chosen = tuple(known[name] for name in names)

    def getSynopsis(self) -> str:
        """See `twisted.python.usage.Options`."""
        return as_started(_("Usage: python -m twisted_lab.check class SUBMISSIONS [options]"))

    def getUsage(self, width: int | None = None) -> str:
        """See `twisted.python.usage.Options`."""
        self.longdesc = _(
            "Checks the programs of a class: SUBMISSIONS has one folder for each submission. Rules "
            "find the server and the client; check.toml in a folder names them otherwise. Results "
            "are stored, so that a second run checks only what has changed. The exit status is 0 "
            "once everything is checked, whatever the verdicts, 2 for wrong usage, and 130 after "
            "Ctrl-C. docs/checking-a-class.md explains more."
        )
        return super().getUsage(width)
