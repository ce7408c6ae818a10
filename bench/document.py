"""Writes the document: a text that stays, and figures that are new each time."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from string import Template

from bench import tables
from bench.measure import Results
from bench.plan import IDLE, TIMES
from bench.plot import draw
from bench.servers import BROADCAST, ECHO, MESSAGES
from bench.targets import Finding, cpu_findings, echo_findings, other_findings

TEXT = Path(__file__).with_name("performance.md.in")


def write(
    results: Results, log: list[Finding], machine: str, directory: Path, today: date, rounds: int
) -> list[Finding]:
    """Write performance.md and performance.png, and return what became of the promises."""
    findings = [*echo_findings(results), *other_findings(results), *log]
    talks = ["request and reply, 10", "request and reply, 200", "pipelined, 1", "pipelined, 10"]
    start = {
        name: 1000 * results.median("start", "start", name, "seconds")
        for name in ("ours", "empty service")
    }
    sections = {
        "promises": tables.promises(findings),
        "behind": tables.behind(results, findings),
        "rates": tables.rates(results, "echo", tables.SMALL, list(ECHO)),
        "ratios": tables.ratios(results, "echo", tables.SMALL, list(ECHO), "ours"),
        "large": tables.rates(results, "echo", tables.BIG, list(ECHO)),
        "costs": tables.costs(results, "echo", tables.SMALL + tables.BIG, list(ECHO)),
        "cpu": tables.promises(cpu_findings(results)),
        "busy": tables.busy(results),
        "latencies": tables.latencies(results),
        "messages": tables.rates(results, "messages", talks, list(MESSAGES)),
        "broadcast": tables.rates(results, "broadcast", ["1,000 members"], list(BROADCAST)),
        "accept": tables.rates(results, "accept", ["16 at a time"], list(ECHO)),
        "memory": tables.memory(results),
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
