"""The tables of the document, in Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Callable

from bench.measure import Results
from bench.plan import CHUNKS, CONNECTIONS, LARGE, echo_name
from bench.targets import Finding

SMALL = [echo_name(count, 1) for count in CONNECTIONS]
BIG = [echo_name(10, size) for size in LARGE]
MISSING = "-"

Show = Callable[[str, str], str]  # the text for a cell and a peer


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def targets(findings: list[Finding]) -> str:
    """Return the targets, the results, and whether they are reached."""
    rows = [
        [
            finding.what,
            finding.target or MISSING,
            f"{finding.measured}{'' if finding.target else finding.unit}",
            (("yes" if finding.reached() else "**no**") if finding.target else MISSING),
        ]
        for finding in findings
    ]
    return _markdown(["measurement", "target", "result: median (min to max)", "reached"], rows)


def _table(
    results: Results, name: str, cells: list[str], show: Show, without: str | None = None
) -> str:
    peers = dict.fromkeys(peer for cell in cells for peer in results.peers(name, cell))
    rows = [
        [peer] + [show(cell, peer) if results.has(name, cell, peer) else MISSING for cell in cells]
        for peer in peers
        if peer != without
    ]
    return _markdown([name, *cells], rows)


def compared(results: Results, name: str, cells: list[str], mine: str = "ours") -> str:
    """Return the rates per second, and the ratios of ours to each server."""

    def rate(cell: str, peer: str) -> str:
        return f"{results.median(name, cell, peer, 'per_second'):,.0f}"

    def ratio(cell: str, peer: str) -> str:
        found = results.ratios(name, cell, mine, peer, "per_second")
        return f"{statistics.median(found):.2f} ({min(found):.2f} to {max(found):.2f})"

    rates = _table(results, name, cells, rate)
    ratios = _table(results, name, cells, ratio, without=mine)
    title = f'Rate of "{mine}" divided by that of each server, in each round: median (min to max):'
    return f"{rates}\n\n{title}\n\n{ratios}"


def costs(results: Results) -> str:
    """Return the server's CPU seconds per million messages."""

    def show(cell: str, peer: str) -> str:
        return f"{results.median('echo', cell, peer, 'cpu_us'):.2f}"

    return _table(results, "echo", SMALL + BIG, show)


def latencies(results: Results) -> str:
    """Return the percentiles of the echo, in microseconds."""

    def show(cell: str, peer: str) -> str:
        figures = ("p50_us", "p99_us", "p999_us")
        return " / ".join(f"{results.median('echo', cell, peer, name):,.0f}" for name in figures)

    return _table(results, "echo", SMALL + BIG, show)


def busy(results: Results) -> str:
    """Return the usage of both cores."""

    def show(cell: str, peer: str) -> str:
        pairs = zip(
            results.all("echo", cell, peer, "server_cpu"),
            results.all("echo", cell, peer, "seconds"),
            strict=True,
        )
        server = statistics.median(cpu / seconds for cpu, seconds in pairs)
        generator = results.median("echo", cell, peer, "generator_busy")
        return f"{server:.0%} / {generator:.0%}"

    return _table(results, "echo", SMALL + BIG, show)


def memory(results: Results) -> str:
    """Return the resident memory per idle connection."""
    rows = []
    for peer in results.peers("memory", "idle"):
        sizes = [size / 1024 for size in results.all("memory", "idle", peer, "bytes")]
        middle = statistics.median(sizes)
        rows.append([peer, f"{middle:.2f} ({min(sizes):.2f} to {max(sizes):.2f})"])
    return _markdown(["memory", "KiB: median (min to max)"], rows)


def behind(results: Results, findings: list[Finding]) -> str:
    """Return the missed targets, and the peers that are faster than ours."""
    lines = [
        f"- Target {finding.target}, result {finding.measured}: {finding.what}."
        for finding in findings
        if not finding.reached()
    ]
    for table in ("echo", "messages", "broadcast", "accept"):
        for cell in results.cells(table):
            mine = CHUNKS if cell in BIG else "ours"
            faster = []
            for peer in results.peers(table, cell):
                ratio = statistics.median(results.ratios(table, cell, mine, peer, "per_second"))
                if ratio < 1 and not peer.startswith("ours"):
                    faster.append(f"{peer} ({ratio:.2f})")
            if faster:
                lines.append(f"- Faster than ours at {table}, {cell}: {', '.join(faster)}.")
    return "\n".join(lines or ["Ours is slower in no measurement."])
