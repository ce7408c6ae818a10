"""Conversion of server output into text that is safe to show on a terminal."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from datetime import datetime

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from twisted_lab.text.escaping import escape


def visible() -> Callable[[bytes, bool], str]:
    """Return a decoder of UTF-8 in pieces of any size.

    Control characters and bytes that are not UTF-8 become visible escapes; newlines and tabs stay.
    If ``final`` is set, no more input follows, and an incomplete character becomes escapes too.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")

    def read(data: bytes, final: bool) -> str:
        return escape(decoder.decode(data, final), keep="\n\t")

    return read


def time_text(when: float | None, now: float) -> str:
    """Return the local time of day, preceded by the date unless it is today's.

    Args:
        when: The time, in seconds of Unix time. None and times outside the calendar mean `now`.
        now: The current time, in seconds of Unix time.
    """
    today = datetime.fromtimestamp(now).astimezone()
    try:
        local = datetime.fromtimestamp(now if when is None else when).astimezone()
    except (ValueError, OverflowError, OSError):
        local = today
    return local.strftime("%H:%M:%S" if local.date() == today.date() else "%Y-%m-%d %H:%M:%S")


# Longer lines, in characters, are shown in pieces.
LONGEST_LINE = 65_536


class WholeLines:
    """Shows text in whole lines, so that it can appear above the line being typed.

    Args:
        clock: Times the wait for the end of a line.
        show: Called with one or more whole lines, each with its newline.
        patience: The seconds without more text after which an incomplete line is shown.
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
        """Add a piece of text."""
        self._stop_waiting()
        lines, newline, self._begun = (self._begun + text).rpartition("\n")
        if newline:
            self._show(lines + newline)
        if len(self._begun) > LONGEST_LINE:
            self.flush()
        elif self._begun:
            self._waiting = self._clock.callLater(self._patience, self.flush)

    def flush(self) -> None:
        """Show the incomplete line, if there is one."""
        self._stop_waiting()
        if self._begun:
            self._show(self._begun + "\n")
            self._begun = ""

    def _stop_waiting(self) -> None:
        if self._waiting is not None and self._waiting.active():
            self._waiting.cancel()
        self._waiting = None
