"""The source text of a program that is checked."""

from __future__ import annotations

from contextlib import suppress

from twisted_lab.check.bench import Bench
from twisted_lab.check.conversation.compared_words import MOST_SOURCE


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
