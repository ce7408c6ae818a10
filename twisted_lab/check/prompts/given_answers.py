"""Answers that were given for a program's questions, and count more than all others."""

from __future__ import annotations

from collections.abc import Sequence

from twisted_lab.check.prompts.question import Question


def given_answer(
    given: Sequence[tuple[str, str]], question: Question, host: str, port: int
) -> str | None:
    """Return what was given for a question; None if nothing was.

    Args:
        given: Words of questions, in any case, and the answers; ``{host}`` and ``{port}`` in them
            stand for the address.
        question: The question.
        host: The host to give.
        port: The port to give.
    """
    text = question.text.casefold()
    for words, line in given:
        if words.casefold() in text:
            return line.replace("{host}", host).replace("{port}", str(port))
    return None
