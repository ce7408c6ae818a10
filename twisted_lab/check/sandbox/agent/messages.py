"""Messages for people. The checker translates them, because the agent starts without its code."""

from __future__ import annotations

from typing import NamedTuple


class Message(NamedTuple):
    """A message, as the checker gets it.

    Attributes:
        text: The message in English, with names in braces; without values, any text.
        values: What the names stand for.
    """

    text: str
    values: dict[str, object]

    def __str__(self) -> str:
        return self.text.format(**self.values) if self.values else self.text


def N_(text: str, **values: object) -> Message:  # noqa: N802 (gettext's name)
    """Return a message, and mark its text for translation."""
    return Message(text, values)
