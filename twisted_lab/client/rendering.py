"""Server output, made fit for a terminal."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from datetime import datetime

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from twisted_lab.text.escaping import escape


def visible() -> Callable[[bytes, bool], str]:
    """Make a reader of UTF-8 in pieces of any size.

    Control characters and bytes that are not UTF-8 become visible escapes; lines and tabs stay.
    With ``final`` set no more input follows, and a character that has begun is shown as it is.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")

    def read(data: bytes, final: bool) -> str:
        return escape(decoder.decode(data, final), keep="\n\t")

    return read


def time_text(when: float | None, now: float) -> str:
    """Return the local time of day, behind the date if that is not today's.

    Args:
        when: A time, in seconds of Unix time. None, or one that no calendar has, becomes `now`.
        now: The present.
    """
    today = datetime.fromtimestamp(now).astimezone()
    try:
        local = datetime.fromtimestamp(now if when is None else when).astimezone()
    except (ValueError, OverflowError, OSError):
        local = today
    return local.strftime("%H:%M:%S" if local.date() == today.date() else "%Y-%m-%d %H:%M:%S")


# A line that grows longer than this is shown in pieces.
LONGEST_LINE = 65_536


class WholeLines:
    """Shows text a line at a time, so that it can stand above the line being typed.

    Args:
        clock: Waits for the end of a line.
        show: Called with one or more whole lines, each with its newline.
        patience: After this many seconds without more input, a line without its end is shown.
    """

    def __init__(
        self, clock: IReactorTime, show: Callable[[str], object], patience: float = 0.2
    ) -> None:
        self._clock = clock
        self._show = show
        self._patience = patience
        self._begun = ""
        self._waiting: IDelayedCall | None = None

    def add(self, text: str) -> None:
        """Take the next piece of text."""
        self._stop_waiting()
        lines, newline, self._begun = (self._begun + text).rpartition("\n")
        if newline:
            self._show(lines + newline)
        if len(self._begun) > LONGEST_LINE:
            self.flush()
        elif self._begun:
            self._waiting = self._clock.callLater(self._patience, self.flush)

    def flush(self) -> None:
        """Show the part of a line that has come."""
        self._stop_waiting()
        if self._begun:
            self._show(self._begun + "\n")
            self._begun = ""

    def _stop_waiting(self) -> None:
        if self._waiting is not None and self._waiting.active():
            self._waiting.cancel()
        self._waiting = None
