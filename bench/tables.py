"""The tables of the document, in Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Callable

from bench.measure import Results
from bench.plan import CONNECTIONS, LARGE
from bench.servers import ECHO
from bench.targets import Finding

SMALL = [f"1 KiB, {count}" for count in CONNECTIONS]
BIG = [f"{size} KiB, 10" for size in LARGE]
MISSING = "-"

Show = Callable[[str, str], str]  # the text for a cell and a peer


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def promises(findings: list[Finding]) -> str:
    """Return what was promised, what was measured, and whether that is enough."""
    rows = [
        [
            finding.what,
            finding.promise or MISSING,
            f"{finding.measured}{'' if finding.promise else finding.unit}",
            (("yes" if finding.reached() else "**no**") if finding.promise else MISSING),
        ]
        for finding in findings
    ]
    return _markdown(["what", "promised", "measured: median (min to max)", "reached"], rows)


def _table(results: Results, name: str, cells: list[str], peers: list[str], show: Show) -> str:
    rows = [
        [peer] + [show(cell, peer) if results.has(name, cell, peer) else MISSING for cell in cells]
        for peer in peers
        if any(results.has(name, cell, peer) for cell in cells)
    ]
    return _markdown([name, *cells], rows)


def rates(results: Results, name: str, cells: list[str], peers: list[str]) -> str:
    """Return how many a second."""
    return _table(
        results,
        name,
        cells,
        peers,
        lambda cell, peer: f"{results.median(name, cell, peer, 'per_second'):,.0f}",
    )


def ratios(results: Results, name: str, cells: list[str], peers: list[str], mine: str) -> str:
    """Return how many times as many ours does, round by round."""

    def show(cell: str, peer: str) -> str:
        found = results.ratios(name, cell, mine, peer, "per_second")
        return f"{statistics.median(found):.2f} ({min(found):.2f} to {max(found):.2f})"

    return _table(results, name, cells, [peer for peer in peers if peer != mine], show)


def costs(results: Results, name: str, cells: list[str], peers: list[str]) -> str:
    """Return the CPU seconds of the server for a million messages."""
    return _table(
        results,
        name,
        cells,
        peers,
        lambda cell, peer: f"{results.median(name, cell, peer, 'cpu_us'):.2f}",
    )


def latencies(results: Results) -> str:
    """Return the percentiles of the echo, in microseconds."""

    def show(cell: str, peer: str) -> str:
        figures = ("p50_us", "p99_us", "p999_us")
        return " / ".join(f"{results.median('echo', cell, peer, name):,.0f}" for name in figures)

    return _table(results, "echo", SMALL, list(ECHO), show)


def busy(results: Results) -> str:
    """Return how much of the two cores was used."""

    def show(cell: str, peer: str) -> str:
        pairs = zip(
            results.all("echo", cell, peer, "server_cpu"),
            results.all("echo", cell, peer, "seconds"),
            strict=True,
        )
        server = statistics.median(cpu / seconds for cpu, seconds in pairs)
        generator = results.median("echo", cell, peer, "generator_busy")
        return f"{server:.0%} / {generator:.0%}"

    return _table(results, "echo", SMALL + BIG, list(ECHO), show)


def memory(results: Results) -> str:
    """Return the resident memory of an idle connection."""
    rows = []
    for peer in ECHO:
        if results.has("memory", "idle", peer):
            sizes = [size / 1024 for size in results.all("memory", "idle", peer, "bytes")]
            middle = statistics.median(sizes)
            rows.append([peer, f"{middle:.2f} ({min(sizes):.2f} to {max(sizes):.2f})"])
    return _markdown(["memory", "KiB: median (min to max)"], rows)


def behind(results: Results, findings: list[Finding]) -> str:
    """Say which promises are not kept, and which peers echo more than ours."""
    lines = [
        f"- Not reached: {finding.what}: {finding.measured}{finding.unit}, "
        f"promised {finding.promise}."
        for finding in findings
        if not finding.reached()
    ]
    for cell in SMALL:
        faster = []
        for peer in ECHO:
            if results.has("echo", cell, peer) and not peer.startswith("ours"):
                ratio = statistics.median(results.ratios("echo", cell, "ours", peer, "per_second"))
                faster += [f"{peer} ({ratio:.2f})"] * (ratio < 1)
        if faster:
            lines.append(f"- Faster than ours, {cell} connection(s): {', '.join(faster)}.")
    return "\n".join(lines or ["Nowhere that was measured."])
