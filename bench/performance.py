"""Speed of the services, compared with others; writes docs/performance.md and its picture.

    python -m bench.performance [--rounds N] [--quick]

With --quick it measures only the echo, writes nothing, and exits with status 1 if a ratio misses
its target by more than a third.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date

from bench.measure import measure
from bench.plan import full_plan, quick_plan
from bench.servers import ROOT
from bench.targets import Finding, cpu_findings, echo_findings

SLACK = 2 / 3


def show(findings: list[Finding]) -> None:
    """Print a line for each finding."""
    for finding in findings:
        print(finding)


def quick(rounds: int) -> None:
    """Measure the echo; exit with status 1 if it misses a target by more than a third."""
    results = measure(quick_plan(), rounds)
    findings = echo_findings(results) + cpu_findings(results)
    show(findings)
    bad = [finding for finding in findings if not finding.reached(SLACK)]
    for finding in bad:
        print(f"TOO SLOW: {finding}", file=sys.stderr)
    sys.exit(bool(bad))


def full(rounds: int) -> None:
    """Measure everything, and write the document."""
    from bench.databases import measure as measure_databases
    from bench.document import write
    from bench.event_log import measure as measure_log
    from bench.machine import machine
    from bench.rooms import measure as measure_rooms

    what = machine()
    log = measure_log(rounds)
    databases = measure_databases(rounds)
    rooms = measure_rooms(rounds)
    results = measure(full_plan(), rounds)
    show(write(results, log, databases, rooms, what, ROOT / "docs", date.today(), rounds))


def main() -> None:
    """Measure the echo or everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    if arguments.quick:
        quick(arguments.rounds or 5)
    else:
        full(arguments.rounds or 7)


if __name__ == "__main__":
    main()
