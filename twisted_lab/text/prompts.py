"""Prompts for a person, with a default and a second chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from twisted.python.usage import UsageError

from twisted_lab.text.printing import print_line

Value = TypeVar("Value")


def ask(
    question: str,
    default: Value,
    parse: Callable[[str], Value],
    *,
    read: Callable[[str], str] = input,
    tell: Callable[[str], None] = print_line,
) -> Value:
    """Ask until the answer is good; an empty one, or the end of input, takes the default.

    Args:
        question: What to ask; the default is shown behind it in brackets.
        default: The answer if the person just presses Enter.
        parse: Turns the text into a value, or raises UsageError with what is wrong.
        read: Shows a prompt and returns a line; EOFError at the end of input.
        tell: Shows a line.

    Raises:
        SystemExit: With status 130, if the person interrupts (Ctrl-C).
    """
    while True:
        try:
            answer = read(f"{question} [{default}]: ").strip()
        except (EOFError, RuntimeError):  # RuntimeError: there is no standard input at all.
            tell("")
            return default
        except KeyboardInterrupt:
            tell("")
            raise SystemExit(130) from None
        if not answer:
            return default
        try:
            return parse(answer)
        except UsageError as error:
            tell(str(error))
