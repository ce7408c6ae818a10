"""docs/performance.md: a constant text with the figures of a run."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from string import Template

from bench import tables
from bench.measure import Results
from bench.plan import CHUNKS, IDLE, TIMES
from bench.plot import draw
from bench.targets import Finding, cpu_findings, echo_findings, other_findings

TEXT = Path(__file__).with_name("performance.md.in")


def write(
    results: Results,
    log: list[Finding],
    databases: list[Finding],
    rooms: list[Finding],
    machine: str,
    directory: Path,
    today: date,
    rounds: int,
) -> list[Finding]:
    """Write performance.md and performance.png, and return the findings."""
    findings = [*echo_findings(results), *other_findings(results), *log]
    start = {
        name: 1000 * results.median("start", "start", name, "seconds")
        for name in ("ours", "empty service")
    }
    sections = {
        "targets": tables.targets(findings),
        "behind": tables.behind(results, findings),
        "small": tables.compared(results, "echo", tables.SMALL),
        "large": tables.compared(results, "echo", tables.BIG, CHUNKS),
        "costs": tables.costs(results),
        "cpu": tables.targets(cpu_findings(results)),
        "busy": tables.busy(results),
        "latencies": tables.latencies(results),
        "messages": tables.compared(results, "messages", results.cells("messages")),
        "broadcast": tables.compared(results, "broadcast", results.cells("broadcast")),
        "accept": tables.compared(results, "accept", results.cells("accept")),
        "memory": tables.memory(results),
        "databases": tables.targets(databases),
        "rooms": tables.targets(rooms),
        "start": f"{start['ours']:.0f} ms, and the empty service {start['empty service']:.0f} ms",
    }
    text = Template(TEXT.read_text()).substitute(
        sections,
        machine=machine,
        date=today.isoformat(),
        rounds=f"{rounds} round{'s' * (rounds > 1)}",
        idle=f"{IDLE:,}",
        **{name: str(value) for name, value in TIMES.items()},
    )
    (directory / "performance.md").write_text(text)
    draw(results, directory / "performance.png")
    return findings
