"""Runs the catalogue and prints a table; the exit status is 1 if a bound is broken.

    python -m tests.hostile [--small] [ATTACK ...]

An attack is chosen by a part of its name.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.hostile.attacks import CATALOGUE
from tests.hostile.lab import FULL, SMALL, Lab
from tests.hostile.measure import Result, measure
from twisted_lab.ports.file_reserve import raise_file_limit

COLUMNS = {
    "cpu": ("CPU", "s"),
    "delay": ("echo late", "s"),
    "lookup": ("login late", "s"),
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
    """Return a number with two digits and a prefix of the SI."""
    for size, prefix in PREFIXES:
        if abs(value) >= size:
            return f"{float(f'{value / size:.2g}'):g} {prefix}{unit}".strip()
    return "0"


def row(name: str, received: str, cells: list[str]) -> str:
    """Return a line of the table."""
    return f"{name:{NAME}}" + "".join(f"{cell:>{CELL}}" for cell in (received, *cells))


def rows(result: Result) -> list[str]:
    """Return three lines: the costs, their bounds, and the costs per byte received."""
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
        row("  for a byte received", "", each),
    ]
    return [*lines, f"  {result.failure}"] if result.failure else lines


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("attacks", nargs="*")
    options = parser.parse_args()
    chosen = [
        attack
        for attack in CATALOGUE
        if not options.attacks or any(part in attack.name for part in options.attacks)
    ]
    raise_file_limit()
    broken = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        Lab(Path(folder), SMALL if options.small else FULL, not options.small) as lab,
    ):
        print(row("", "received ", [f"{title} " for title, _ in COLUMNS.values()]))
        for attack in chosen:
            result = measure(lab, attack)
            broken += result.is_broken
            print("\n".join(rows(result)), flush=True)
    print(f"{len(chosen)} attacks, {broken} of them break a bound (!)")
    sys.exit(broken > 0)


if __name__ == "__main__":
    main()
