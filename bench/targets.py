"""What was promised of the speed, and whether it is kept."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from bench.measure import Results
from bench.plan import CHUNKS, CONNECTIONS, LARGE, LOGGED


@dataclass(frozen=True)
class Finding:
    """One line of the promises.

    Attributes:
        values: One a round.
        wanted: None if nothing was promised.
        unit: Behind the values, such as " x stock Twisted".
        is_limit: Whether less is better.
    """

    what: str
    values: list[float]
    wanted: float | None
    unit: str
    is_limit: bool = False

    @property
    def median(self) -> float:
        """The middle one of the rounds."""
        return statistics.median(self.values)

    def reached(self, slack: float = 1.0) -> bool:
        """Return whether the median is at least `slack` times what was promised."""
        if self.wanted is None:
            return True
        if self.is_limit:
            return self.median <= self.wanted / slack
        return self.median >= self.wanted * slack

    @property
    def measured(self) -> str:
        """The median, and from where to where it went."""
        low, high = min(self.values), max(self.values)
        return f"{self.median:.2f} ({low:.2f} to {high:.2f})"

    def __str__(self) -> str:
        return f"{self.what}: {self.measured}{self.unit}" + (
            f"; promised {self.promise}" if self.promise else ""
        )

    @property
    def promise(self) -> str:
        """What was promised."""
        if self.wanted is None:
            return ""
        return f"at {'most' if self.is_limit else 'least'} {self.wanted:g}{self.unit}"


def _versus(
    results: Results, table: str, cell: str, what: str, figure: str = "per_second"
) -> Callable[[str, str, float], Finding]:
    def versus(mine: str, other: str, wanted: float) -> Finding:
        pair = (other, mine) if figure == "cpu_us" else (mine, other)
        ratios = results.ratios(table, cell, *pair, figure)
        return Finding(what, ratios, wanted, f" x {other}")

    return versus


def echo_findings(results: Results) -> list[Finding]:
    """Return the first three lines of the promises."""
    found = []
    for count in CONNECTIONS[1:]:
        cell = f"1 KiB, {count}"
        versus = _versus(results, "echo", cell, f"echo, 1 KiB, {count:,} connections")
        found.append(versus("ours", "uvloop protocol", 1.0))
        found.append(versus("ours", "stock Twisted", 3.0))
        found.append(versus("ours", "C epoll", 0.6))
    for size in LARGE:
        what = f"echo, {size} KiB, `--chunk-size 65536`, 10 connections"
        versus = _versus(results, "echo", f"{size} KiB, 10", what)
        found.append(versus(CHUNKS, "uvloop protocol", 1.0))
    for count in CONNECTIONS[1:]:
        what = f"echo, 1 KiB, every event to a file, {count:,} connections"
        versus = _versus(results, "echo", f"1 KiB, {count}", what)
        found.append(versus(LOGGED, "stock Twisted", 1.0))
    return found


def cpu_findings(results: Results) -> list[Finding]:
    """Return the CPU time of a message on uvloop, divided by that on ours."""
    return [
        _versus(results, "echo", f"1 KiB, {count}", f"CPU time a message, {count:,}", "cpu_us")(
            "ours", "uvloop protocol", 1.0
        )
        for count in CONNECTIONS[1:]
    ]


def other_findings(results: Results) -> list[Finding]:
    """Return the lines that only the full run measures."""
    found = []
    for count in (10, 200):
        cell = f"request and reply, {count}"
        what = f"`netlab-messages`, 60-byte frames, {cell} connections"
        found.append(_versus(results, "messages", cell, what)("ours", "uvloop streams", 1.0))
    for count in (1, 10):
        what = f"the same, pipelined, {count} connection{'s' * (count > 1)}"
        versus = _versus(results, "messages", f"pipelined, {count}", what)
        found.append(versus("ours", "stock Int32StringReceiver", 2.0))
    versus = _versus(results, "broadcast", "1,000 members", "broadcast, 1,000 members")
    found.append(versus("ours", "stock Twisted", 2.0))
    memory = [size / 1024 for size in results.all("memory", "idle", "ours", "bytes")]
    found.append(Finding("memory of an idle echo connection", memory, 4, " KiB", True))
    versus = _versus(results, "accept", "16 at a time", "accepting")
    found.append(versus("ours", "uvloop protocol", 1.0))
    pair = [results.all("start", "start", name, "seconds") for name in ("ours", "empty service")]
    later = [1000 * (one - other) for one, other in zip(*pair, strict=True)]
    what = "start to `listening`, beyond `twistd -n` with an empty service"
    found.append(Finding(what, later, 100, " ms", True))
    return found
