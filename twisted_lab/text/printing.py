"""Output of lines to a user at the console."""

from __future__ import annotations

from typing import TextIO


def print_line(text: str = "", file: TextIO | None = None, end: str = "\n") -> None:
    """Write a line and flush it, by default to the current `sys.stdout`."""
    print(text, file=file, end=end, flush=True)
