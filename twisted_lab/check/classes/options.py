"""Options of ``python -m twisted_lab.check class``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from shutil import which

from twisted.python.usage import UsageError

from twisted_lab.check.catalogue import Catalogue
from twisted_lab.check.task import Task
from twisted_lab.text import command_line, option

PER_CORE = 3  # checks at the same time: most of the time, programs wait


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise UsageError(f"expected a folder that exists, not {text!r}")
    return Path(text)


def _command(text: str) -> str:
    words = shlex.split(text)  # an open quote is a ValueError
    if "{file}" not in words:
        raise UsageError(
            f"expected a command with {{file}}, such as '{{python}} {{file}}', not {text!r}"
        )
    return text


def _python(text: str) -> str:
    if not (found := which(text)):
        raise UsageError(f"expected a program that exists, not {text!r}")
    return str(Path(found).absolute()) if "/" in text else text


class ClassOptions(command_line.Options):
    """What to check in a class.

    Attributes:
        catalogue: All tasks.
        submissions: The folder with a folder for each submission.
        chosen: The tasks.
    """

    command = "twisted_lab.check class"
    exit_status = 2
    synopsis = "Usage: python -m twisted_lab.check class SUBMISSIONS [options]"
    longdesc = (
        "Checks the programs of a class: SUBMISSIONS has one folder for each submission. Rules "
        "find the server and the client; check.toml in a folder names them otherwise. Results are "
        "stored, so that a second run checks only what has changed. The exit status is 0 once "
        "everything is checked, whatever the verdicts, 2 for wrong usage, and 130 after Ctrl-C. "
        "docs/checking.md explains more."
    )
    submissions = Path()
    chosen: tuple[Task, ...] = ()

    task = option.text(
        "Check these tasks, with commas between them.", default="echo-server,echo-client"
    )
    jobs = option.number(
        f"Check so many programs at the same time. [default: {PER_CORE} for each core]",
        default=None,
        most=1000,
    )
    report = option.parsed("Folder of the results and reports.", Path, default=Path("class-report"))
    python = option.parsed("The Python that runs the programs.", _python, default=sys.executable)
    server = option.parsed(
        "The command for servers, such as '{python} -u {file}'. [default: as the file says]",
        _command,
        default="",
    )
    client = option.parsed(
        "The command for clients, in which {host} and {port} are the server's. "
        "[default: as the file says]",
        _command,
        default="",
    )
    template = option.parsed(
        "Folder with the course's templates: unchanged, they are no submission.",
        _folder,
        default=None,
    )

    def __init__(self) -> None:
        super().__init__()
        self.catalogue = Catalogue()

    def parse(self, options: list[str]) -> None:
        """See `Options.parse`; options may stand behind the folder."""
        super().parse(self.options_first(options))

    def parseArgs(self, submissions: str = "", *others: str) -> None:
        """Take the folder of the submissions.

        Raises:
            UsageError: There is none, or more.
        """
        if not submissions:
            raise UsageError("name the folder with the submissions")
        if others:
            raise UsageError(f"unexpected {others[0]!r}")
        self.submissions = _folder(submissions)

    def postOptions(self) -> None:
        """Look the tasks up.

        Raises:
            UsageError: One does not exist.
        """
        known = self.catalogue.tasks
        names = dict.fromkeys(each.strip() for each in self.task.split(","))
        if unknown := [name for name in names if name not in known]:
            raise UsageError(f"--task: expected tasks of {', '.join(known)}, not {unknown[0]!r}")
        self.chosen = tuple(known[name] for name in names)
