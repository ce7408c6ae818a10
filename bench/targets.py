"""Targets of the speed, and whether they are reached."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from bench.measure import Results
from bench.plan import CHUNKS, CONNECTIONS, LARGE, LOGGED, echo_name


@dataclass(frozen=True)
class Finding:
    """A result and its target.

    Attributes:
        values: The results, one per round.
        wanted: The target; None if there is none.
        unit: A suffix of the values, such as " x stock Twisted".
        is_limit: Whether less is better.
    """

    what: str
    values: list[float]
    wanted: float | None
    unit: str
    is_limit: bool = False

    @property
    def median(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.values)

    def reached(self, slack: float = 1.0) -> bool:
        """Return whether the median reaches the target, or `slack` of it."""
        if self.wanted is None:
            return True
        if self.is_limit:
            return self.median <= self.wanted / slack
        return self.median >= self.wanted * slack

    @property
    def measured(self) -> str:
        """The median, with minimum and maximum."""
        low, high = min(self.values), max(self.values)
        return f"{self.median:.2f} ({low:.2f} to {high:.2f})"

    def __str__(self) -> str:
        return f"{self.what}: {self.measured}{self.unit}" + (
            f"; target {self.target}" if self.target else ""
        )

    @property
    def target(self) -> str:
        """The target in words."""
        if self.wanted is None:
            return ""
        return f"at {'most' if self.is_limit else 'least'} {self.wanted:g}{self.unit}"


def _versus(
    results: Results, where: tuple[str, str], what: str, names: tuple[str, str], wanted: float
) -> Finding:
    mine, other = names
    return Finding(what, results.ratios(*where, mine, other, "per_second"), wanted, f" x {other}")


def echo_findings(results: Results) -> list[Finding]:
    """Return the findings about the echo."""
    small = [echo_name(count, 1) for count in CONNECTIONS[1:]]
    large = [echo_name(10, size) for size in LARGE]
    rows = [
        (cell, "", ("ours", other), wanted)
        for cell in small
        for other, wanted in (("uvloop protocol", 1.0), ("stock Twisted", 3.0), ("C epoll", 0.6))
    ]
    rows += [(cell, ", `--chunk-size 65536`", (CHUNKS, "uvloop protocol"), 1.0) for cell in large]
    rows += [(cell, ", every event to a file", (LOGGED, "stock Twisted"), 1.0) for cell in small]
    return [
        _versus(results, ("echo", cell), f"echo, {cell}{how}", names, wanted)
        for cell, how, names, wanted in rows
    ]


def cpu_findings(results: Results) -> list[Finding]:
    """Return the CPU time per message on uvloop, divided by ours."""
    return [
        Finding(
            f"CPU time per message, {cell}",
            results.ratios("echo", cell, "uvloop protocol", "ours", "cpu_us"),
            1.0,
            " x uvloop protocol",
        )
        for cell in (echo_name(count, 1) for count in CONNECTIONS[1:])
    ]


def other_findings(results: Results) -> list[Finding]:
    """Return the findings that only the full run measures."""
    found = []
    for cell in results.cells("messages"):
        other, wanted = ("uvloop streams", 1.0)
        if cell.startswith("pipelined"):
            other, wanted = ("stock Int32StringReceiver", 2.0)
        what = f"`netlab-messages`, 60-byte frames, {cell}"
        found.append(_versus(results, ("messages", cell), what, ("ours", other), wanted))
    for where, what, other, wanted in (
        (("broadcast", "1,000 members"), "broadcast, 1,000 members", "stock Twisted", 2.0),
        (("accept", "16 at a time"), "accepting", "uvloop protocol", 1.0),
    ):
        found.append(_versus(results, where, what, ("ours", other), wanted))
    memory = [size / 1024 for size in results.all("memory", "idle", "ours", "bytes")]
    found.append(Finding("memory of an idle echo connection", memory, 4, " KiB", True))
    pair = [results.all("start", "start", name, "seconds") for name in ("ours", "empty service")]
    later = [1000 * (one - other) for one, other in zip(*pair, strict=True)]
    what = "start to `listening`, beyond `twistd -n` with an empty service"
    found.append(Finding(what, later, 100, " ms", True))
    return found
