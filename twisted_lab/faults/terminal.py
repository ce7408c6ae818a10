"""Lines on a terminal, above a status line that is always the last one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from twisted_lab.process.counts import Counts

STATUS_SECONDS = 0.5  # between two updates of the status line
_CLEAR = "\r\x1b[K"


class Screen:
    """A terminal; without one, it writes lines and has no status line.

    Args:
        stream: The output, which must not block.
        columns: Returns the width of the terminal, in characters.
    """

    def __init__(self, stream: TextIO, columns: Callable[[], int]) -> None:
        self.is_terminal = stream.isatty()
        self._stream = stream
        self._columns = columns
        self._status = ""

    def show(self, line: str) -> None:
        """Write a line."""
        self._stream.write(f"{_CLEAR}{line}\n{self._status}" if self._status else f"{line}\n")

    def set_status(self, text: str) -> None:
        """Replace the status line, cut to one line; "" removes it."""
        text = text[: max(self._columns() - 1, 0)]
        if self.is_terminal and text != self._status:
            self._status = text
            self._stream.write(_CLEAR + text)


def status(counts: Counts, before: Counts, seconds: float) -> str:
    """Return a line that sums up traffic and faults.

    Args:
        counts: The counts of the service now.
        before: Those of the last line.
        seconds: The time since then.
    """
    totals = counts.counters + counts.gauges
    traffic = counts.traffic.bytes_in + counts.traffic.bytes_out
    moved = traffic - before.traffic.bytes_in - before.traffic.bytes_out
    parts = [
        f"{counts.open} links",
        f"{amount(moved / seconds)}B/s",
        f"{totals['units']:.0f} units",
        f"{totals['faulted_units']:.0f} with faults",
        f"{totals['lost_units']:.0f} lost",
        f"{amount(totals['held_bytes'])}B held now",
    ]
    return "  ".join(parts)


def amount(number: float) -> str:
    """Return a number with three digits and a prefix: ``12.3 k``."""
    for prefix in ("", "k", "M"):
        if number < 999.5:  # else .3g would write 1e+03
            return f"{number:.3g} {prefix}"
        number /= 1000
    return f"{number:.3g} G"
