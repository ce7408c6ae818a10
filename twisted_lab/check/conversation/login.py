"""What a client answers to a server that asks before it echoes. Pure."""

from __future__ import annotations

from twisted_lab.check.prompts.question import Kind
from twisted_lab.check.prompts.reading import read_question

PASSWORD = "Str0ng-pass7"  # noqa: S105 (long enough, with a digit and a capital letter)
_FIXED = {Kind.PASSWORD: PASSWORD, Kind.YES_NO: "y", Kind.MENU: "1", Kind.CONTINUE: ""}


def asks_for_login(heard: bytes) -> bool:
    """Return whether a server asks for something other than a message."""
    return read_question(heard.decode(errors="replace")).kind in {Kind.NAME, *_FIXED}


def reply_to(heard: bytes, name: str, number: int) -> bytes:
    """Return the answer to what a server says before it echoes.

    Args:
        heard: What the server has said; b"" if it waits without a question.
        name: The client's name.
        number: How many answers it has had from this client.
    """
    question = read_question(heard.decode(errors="replace"))
    if question.kind in _FIXED:
        return (question.choices[0] if question.choices else _FIXED[question.kind]).encode()
    if question.kind is Kind.NAME or number == 0:
        return name.encode()
    return PASSWORD.encode()
