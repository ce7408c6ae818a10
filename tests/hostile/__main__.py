"""Runs the catalogue of attacks, and prints a table of their costs.

    python -m tests.hostile [--small] [ATTACK ...]

ATTACK is a part of a name. The exit status is 1 if an attack exceeds a bound.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.hostile.attacks import CATALOGUE
from tests.hostile.measure import Result, measure
from tests.hostile.target import FULL, SMALL, Target
from twisted_lab.ports.file_reserve import raise_file_limit

COLUMNS = {
    "cpu": ("CPU", "s"),
    "delay": ("echo delay", "s"),
    "lookup": ("login delay", "s"),
    "memory": ("memory", "B"),
    "messages": ("messages", ""),
    "sent": ("sent", "B"),
    "logged": ("logged", "B"),
    "stored": ("stored", "B"),
    "rows": ("rows", ""),
}
PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n"))
NAME, CELL = 40, 11


def short(value: float, unit: str) -> str:
    """Return a number with two digits and an SI prefix."""
    for size, prefix in PREFIXES:
        if abs(value) >= size:
            return f"{float(f'{value / size:.2g}'):g} {prefix}{unit}".strip()
    return "0"


def row(name: str, received: str, cells: list[str]) -> str:
    """Return a row of the table."""
    return f"{name:{NAME}}" + "".join(f"{cell:>{CELL}}" for cell in (received, *cells))


def rows(result: Result) -> list[str]:
    """Return three rows: the costs, their bounds, and the costs per received byte."""
    cost, bounds = vars(result.cost), vars(result.bounds)
    received = max(result.received, 1)
    measured = [
        short(cost[key], unit) + ("!" if key in result.exceeded else " ")
        for key, (_, unit) in COLUMNS.items()
    ]
    limits = [short(bounds[key], unit) + " " for key, (_, unit) in COLUMNS.items()]
    each = [
        "" if unit == "s" and key != "cpu" else short(cost[key] / received, unit) + " "
        for key, (_, unit) in COLUMNS.items()
    ]
    lines = [
        row(result.attack.name, short(result.received, "B") + " ", measured),
        row("  bound", "", limits),
        row("  per received byte", "", each),
    ]
    return [*lines, f"  {result.failure}"] if result.failure else lines


def main() -> None:
    """Run the chosen attacks."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.hostile", description="Run attacks, and print a table of their costs."
    )
    parser.add_argument("--small", action="store_true", help="fewer peers, less data")
    parser.add_argument("attacks", nargs="*", help="a part of a name; all attacks by default")
    options = parser.parse_args()
    chosen = [
        attack
        for attack in CATALOGUE
        if not options.attacks or any(part in attack.name for part in options.attacks)
    ]
    raise_file_limit()
    exceeding = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        Target(Path(folder), SMALL if options.small else FULL, not options.small) as target,
    ):
        print(row("", "received ", [f"{title} " for title, _ in COLUMNS.values()]))
        for attack in chosen:
            result = measure(target, attack)
            exceeding += result.exceeds
            print("\n".join(rows(result)), flush=True)
    print(f"{len(chosen)} attacks, {exceeding} of which exceed a bound (!)")
    sys.exit(exceeding > 0)


if __name__ == "__main__":
    main()
