"""Prompts for a user, with a default, repeated after an invalid answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from twisted.python.usage import UsageError

from twisted_lab.text.exit_word import EXIT
from twisted_lab.text.language import _
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
    """Ask until the answer is valid; an empty answer or the end of input selects the default.

    Args:
        question: The question; the prompt shows the default behind it in brackets.
        default: The answer if the user just presses Enter.
        parse: Converts the answer to a value, or raises UsageError with the reason why it cannot.
        read: Shows a prompt and returns a line; raises EOFError at the end of input.
        tell: Shows a line.

    Raises:
        SystemExit: With status 130, if the user presses Ctrl-C; with status 0, if the answer is
            ``exit``.
    """
    while True:
        try:
            answer = read(f"{question} [{default}]: ").strip()
        except (EOFError, RuntimeError):  # RuntimeError: there is no standard input.
            tell("")
            return default
        except KeyboardInterrupt:
            tell("")
            raise SystemExit(130) from None
        if answer == EXIT:
            raise SystemExit(0)
        if not answer:
            return default
        try:
            return parse(answer)
        except UsageError as error:
            tell(_(error))
