"""Entry point of ``netlab WORD ...``: the word chooses the program."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from typing import NamedTuple

from twisted_lab import __version__
from twisted_lab.defaults import DEFAULTS
from twisted_lab.memory import hook_for
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
    "run": Program("twisted_lab.command.run", "run all services, or one of them, until Ctrl-C"),
    "client": Program("twisted_lab.client.__main__", "talk to a service"),
    "check": Program("twisted_lab.check.__main__", "check a program, or those of a whole class"),
    "show": Program("twisted_lab.show.__main__", "run a small program that shows what sockets do"),
    "faults": Program("twisted_lab.faults.__main__", "put a bad network before a server"),
    "accounts": Program(
        "twisted_lab.accounts.__main__", "list and change what ident and auth keep"
    ),
    "control": Program("twisted_lab.control", "look after services that run"),
    "completion": Program(
        "twisted_lab.command.completion", "print the completion for bash, zsh or fish"
    ),
}
WRONG_USAGE = 2  # exit status


def nearest(word: str, known: Iterable[str]) -> str:
    """Return advice for an unknown word: the most similar known one, or all of them."""
    from difflib import get_close_matches

    known = list(known)
    [*found] = get_close_matches(word, known, 1)
    return f"did you mean {found[0]}?" if found else f"expected one of {', '.join(known)}"


def _help() -> str:
    width = max(map(len, PROGRAMS))
    rows = (f"  {word:{width}}  {program.doc}" for word, program in PROGRAMS.items())
    return "\n".join(
        [
            "Usage: netlab COMMAND [arguments]",
            "",
            *rows,
            "",
            "netlab COMMAND --help explains a command, and netlab --version tells the version.",
        ]
    )


def _advice(word: str) -> str:
    if word in DEFAULTS:
        return f"netlab run {word} starts this service, and netlab client {word} connects to it"
    return nearest(word, PROGRAMS)


def main() -> None:
    """Start the program that the first word names."""
    word, *arguments = sys.argv[1:] or ["--help"]
    if word in ("--help", "-h"):
        print_line(_help())
    elif word == "--version":
        print_line(f"twisted_lab {__version__}")
    elif word not in PROGRAMS:
        print_line(f"netlab: there is no command {word!r}; {_advice(word)}", sys.stderr)
        raise SystemExit(WRONG_USAGE)
    else:
        hook_for(f"netlab {word}")
        sys.argv[1:] = arguments
        import_module(PROGRAMS[word].module).main()
