"""Lines for a person at the console."""

from __future__ import annotations

from typing import TextIO


def print_line(text: str = "", file: TextIO | None = None, end: str = "\n") -> None:
    """Write a line at once, by default to what `sys.stdout` is just now."""
    print(text, file=file, end=end, flush=True)
