"""Entry point of ``netlab WORD ...``: the word chooses the program."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import NamedTuple

from twisted_lab import __version__
from twisted_lab.defaults import DEFAULTS
from twisted_lab.memory import hook_for
from twisted_lab.text import language
from twisted_lab.text.language import N_, _
from twisted_lab.text.nearest import advice
from twisted_lab.text.printing import print_line


class Program(NamedTuple):
    """A program that a word starts.

    Attributes:
        module: The module whose `main` it is, imported only when it is used.
        doc: What it does, for --help.
    """

    module: str
    doc: str


PROGRAMS = {
    "run": Program("twisted_lab.command.run", N_("run all services, or one of them, until Ctrl-C")),
    "client": Program("twisted_lab.client.__main__", N_("talk to a service")),
    "check": Program(
        "twisted_lab.check.__main__", N_("check a program, or those of a whole class")
    ),
    "show": Program(
        "twisted_lab.show.__main__", N_("run a small program that shows what sockets do")
    ),
    "faults": Program("twisted_lab.faults.__main__", N_("put a bad network before a server")),
    "accounts": Program(
        "twisted_lab.accounts.__main__", N_("list and change what ident and auth keep")
    ),
    "control": Program("twisted_lab.control", N_("look after services that run")),
    "completion": Program(
        "twisted_lab.command.completion", N_("print the completion for bash, zsh or fish")
    ),
}
WRONG_USAGE = 2  # exit status


def _help() -> str:
    width = max(map(len, PROGRAMS))
    rows = (f"  {word:{width}}  {_(program.doc)}" for word, program in PROGRAMS.items())
    return "\n".join(
        [
            _("Usage: netlab COMMAND [arguments]"),
            "",
            *rows,
            "",
            _("netlab COMMAND --help explains a command, and netlab --version tells the version."),
        ]
    )


def _advice(word: str) -> str:
    if word in DEFAULTS:
        return _(
            "netlab run {word} starts this service, and netlab client {word} connects to it",
            word=word,
        )
    return advice(word, ["--help", "--version"] if word.startswith("-") else PROGRAMS)


def main() -> None:
    """Start the program that the first word names."""
    language.use(language.of_locale(os.environ))
    word, *arguments = sys.argv[1:] or ["--help"]
    if word in ("--help", "-h", "help"):
        print_line(_help())
    elif word in ("--version", "version"):
        print_line(f"twisted_lab {__version__}")
    elif word not in PROGRAMS:
        print_line(
            _("netlab: there is no command {word!r}; {advice}", word=word, advice=_advice(word)),
            sys.stderr,
        )
        raise SystemExit(WRONG_USAGE)
    else:
        hook_for(f"netlab {word}")
        sys.argv[1:] = arguments
        import_module(PROGRAMS[word].module).main()
