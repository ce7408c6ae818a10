"""The source text of a program that is checked."""

from __future__ import annotations

import re
from contextlib import suppress

from twisted_lab.check.bench import Bench
from twisted_lab.check.conversation.compared_words import MOST_SOURCE

_SENDS = re.compile(r"send|makefile|fileno|detach")
_IMPORTS = re.compile(r"^[ \t]*(?:from|import)[ \t]+(.+)", re.MULTILINE)
# Whatever else is imported may send.
_SEND_NOTHING = {"csv", "datetime", "hashlib", "json", "logging", "random", "socket", "time"}


def never_sends(source: str) -> bool:
    """Return whether a program in Python has nothing by which it could send to its clients.

    Args:
        source: Its text; "" if it is unknown.
    """
    names = {
        each.split()[0]
        for line in _IMPORTS.findall(source)
        for each in line.split(" import ")[0].split(",")
        if each.strip()
    }
    return "socket" in names and names <= _SEND_NOTHING and not _SENDS.search(source)


def source_of(bench: Bench) -> str:
    """Return the source text of the program, if the command names it; else ""."""
    folder = bench.folder.resolve()
    for word in bench.command:
        with suppress(OSError, ValueError):
            path = (folder / word).resolve()
            if path.is_relative_to(folder) and path.is_file():
                with path.open(errors="replace") as file:
                    return file.read(MOST_SOURCE)
    return ""
