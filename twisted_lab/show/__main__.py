"""Entry point of ``python -m twisted_lab.show``: runs a demonstration, or prints its program."""

from __future__ import annotations

import runpy
import sys
from io import TextIOWrapper

from twisted.python.usage import UsageError

from twisted_lab.show.catalogue import DEMONSTRATIONS, path_of
from twisted_lab.show.narration import COMMAND
from twisted_lab.show.plain_program import plain_program
from twisted_lab.text import option
from twisted_lab.text.command_line import Options, as_started, complain, write_out
from twisted_lab.text.language import N_, _
from twisted_lab.text.nearest import with_nearest
from twisted_lab.text.tables import table

_INTERRUPTED = 130  # as shells say it of a program that Ctrl-C has ended


class ShowOptions(Options):
    """The demonstration, and whether to run it."""

    command = COMMAND
    exit_status = 2
    synopsis = "Usage: python -m twisted_lab.show [NAME] [options]"
    demonstration: str

    code = option.flag(N_("Print the program instead of running it."))

    def getUsage(self, width: int | None = None) -> str:
        """Explain the arguments, in the language of the run."""
        self.longdesc = _(
            "Runs a small program with sockets, which prints each call and what the kernel "
            "answers. NAME may be the number of a control question. Without a NAME all are listed."
        )
        return super().getUsage(width)

    def parseArgs(self, name: str = "", *others: str) -> None:
        """Take the name of the demonstration, or its number; without one all are listed."""
        if others:
            raise UsageError(_("one demonstration at a time, not also {name!r}", name=others[0]))
        numbered = {
            str(each.number): known for known, each in DEMONSTRATIONS.items() if each.number
        }
        name = numbered.get(name, name)
        if name and name not in DEMONSTRATIONS:
            problem = _(
                "there is no demonstration {name!r}; {command} lists all",
                name=name,
                command=as_started("python -m twisted_lab.show"),
            )
            raise UsageError(with_nearest(problem, name, DEMONSTRATIONS))
        if self.code and not name:
            raise UsageError(_("--code needs the name of a demonstration"))
        self.demonstration = name


def _list() -> str:
    return table(
        [
            (_("name"), _("#"), _("what it answers (with a number: a control question)")),
            *((name, each.number or "", _(each.question)) for name, each in DEMONSTRATIONS.items()),
        ]
    )


def main() -> None:
    """Do what the command line says."""
    options = ShowOptions()
    options.parseOptions()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a locale may not have all letters
    name = options.demonstration
    if not name:
        write_out(COMMAND, _list())
    elif options.code:
        question = _(DEMONSTRATIONS[name].question)
        write_out(COMMAND, plain_program(path_of(name).read_text("utf-8"), question))
    else:
        _run(name)


def _run(name: str) -> None:
    demonstration = DEMONSTRATIONS[name]
    if demonstration.needs_linux and sys.platform != "linux":
        complain(COMMAND, _("{name} shows how Linux answers, and runs only there", name=name))
        raise SystemExit(1)
    write_out(COMMAND, _(demonstration.question))
    try:
        runpy.run_path(str(path_of(name)))
    except KeyboardInterrupt:
        raise SystemExit(_INTERRUPTED) from None
    except OSError as error:  # not one that belongs to the demonstration
        complain(COMMAND, _("{name} cannot go on: {problem}", name=name, problem=error))
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
