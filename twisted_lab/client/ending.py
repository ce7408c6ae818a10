"""Exception that any part of the client raises to end it."""

from __future__ import annotations


class Ended(Exception):
    """The client ends.

    Args:
        lines: The last lines to show to the user.
        status: The exit status.
    """

    def __init__(self, *lines: str, status: int = 1) -> None:
        super().__init__(*lines)
        self.lines = lines
        self.status = status
