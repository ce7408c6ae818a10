"""Lines on a terminal, above a status line that is always the last one."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from io import TextIOBase

from twisted_lab.process.counts import Counts
from twisted_lab.text.language import ngettext

STATUS_SECONDS = 0.5  # between two updates of the status line
_CLEAR = "\r\x1b[K"


def error_columns() -> int:
    """Return the width of the terminal on standard error, in characters."""
    with suppress(OSError):
        return os.get_terminal_size(2).columns or 80
    return 1000  # not a terminal: nothing needs to be cut


class Screen:
    """A terminal; without one, or if its type is ``dumb``, it has no status line.

    Args:
        stream: The output, which must not block.
        columns: Returns the width of the terminal, in characters.
        kind: The type of the terminal, from ``TERM``.

    Attributes:
        columns: See above.
        is_terminal: Whether it has a status line.
    """

    def __init__(self, stream: TextIOBase, columns: Callable[[], int], kind: str) -> None:
        self.is_terminal = stream.isatty() and kind != "dumb"
        self._stream = stream
        self.columns = columns
        self._status = ""

    def show(self, line: str) -> None:
        """Write a line."""
        self._stream.write(f"{_CLEAR}{line}\n{self._status}" if self._status else f"{line}\n")

    def set_status(self, text: str) -> None:
        """Replace the status line, cut to one line; "" removes it."""
        # The terminal itself writes ^C or ^Z behind it. A line that wraps could not be removed.
        text = text[: max(self.columns() - 3, 0)]
        if self.is_terminal and text != self._status:
            self._status = text
            self._stream.write(_CLEAR + text)


def status(counts: Counts, rate: float) -> str:
    """Return a line that sums up traffic and faults.

    Args:
        counts: The counts of the service.
        rate: Bytes a second in both directions.
    """
    units = counts.counters
    return ngettext(
        "{n} link  {rate}B/s  {units} units  {faulted} with faults  {lost} lost  {held}B held now",
        "{n} links  {rate}B/s  {units} units  {faulted} with faults  {lost} lost  {held}B held now",
        counts.open,
        rate=amount(rate),
        units=units["units"],
        faulted=units["faulted_units"],
        lost=units["lost_units"],
        held=amount(counts.gauges["held_bytes"]),
    )


def amount(number: float) -> str:
    """Return a number with three digits and a prefix: ``12.3 k``."""
    for prefix in ("", "k", "M"):
        if number < 999.5:  # else .3g would write 1e+03
            return f"{number:.3g} {prefix}"
        number /= 1000
    return f"{number:.3g} G"
