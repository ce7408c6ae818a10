"""Measures a plan in rounds: each round measures every peer once, in another order."""

from __future__ import annotations

import statistics
import sys
from subprocess import CalledProcessError

from bench.load import Sample, idle_memory, put_load
from bench.plan import Cell, Table
from bench.servers import Server, running

Key = tuple[str, str, str]  # table, cell, peer


class Results:
    """The samples of each peer, one per round."""

    def __init__(self) -> None:
        self._samples: dict[Key, list[Sample]] = {}

    def add(self, key: Key, sample: Sample) -> None:
        """Add the sample of a round."""
        self._samples.setdefault(key, []).append(sample)

    def has(self, table: str, cell: str, peer: str) -> bool:
        """Return whether there are samples of `peer` in `cell`."""
        return (table, cell, peer) in self._samples

    def cells(self, table: str) -> list[str]:
        """Return the cells of `table` that have samples, in the order of the plan."""
        return list(dict.fromkeys(cell for name, cell, _ in self._samples if name == table))

    def peers(self, table: str, cell: str) -> list[str]:
        """Return the peers that were measured in `cell`."""
        return [peer for name, other, peer in self._samples if (name, other) == (table, cell)]

    def all(self, table: str, cell: str, peer: str, figure: str) -> list[float]:
        """Return the figure of each round."""
        return [sample[figure] for sample in self._samples[table, cell, peer]]

    def median(self, table: str, cell: str, peer: str, figure: str) -> float:
        """Return the median of a figure."""
        return statistics.median(self.all(table, cell, peer, figure))

    def ratios(self, table: str, cell: str, first: str, second: str, figure: str) -> list[float]:
        """Return the ratio of `first` to `second` in each round."""
        pairs = zip(
            self.all(table, cell, first, figure),
            self.all(table, cell, second, figure),
            strict=True,
        )
        return [one / other for one, other in pairs]


def _sample(cell: Cell, server: Server) -> Sample:
    if cell.mode == "start":
        return {"seconds": server.seconds}
    if cell.mode == "idle":
        return idle_memory(server, int(cell.options["connections"]))
    return put_load(cell.mode, server, cell.options)


def rotated(names: list[str], turn: int) -> list[str]:
    """Return the peers with another one first in each turn."""
    turn %= len(names)
    return names[turn:] + names[:turn]


def _measure_table(table: Table, rounds: int, results: Results) -> None:
    rounds = min(rounds, table.most_rounds)
    with running(table.commands, [] if table.fresh else table.peers) as servers:
        for turn in range(rounds):
            print(f"{table.name}: round {turn + 1} of {rounds}", file=sys.stderr, flush=True)
            for cell in table.cells:
                for peer in rotated(cell.peers, turn):
                    with running(table.commands, [peer] if table.fresh else []) as new:
                        try:
                            sample = _sample(cell, (new or servers)[peer])
                        except CalledProcessError as error:
                            raise SystemExit(f"{peer}, {cell.name}: {error}") from None
                    results.add((table.name, cell.name, peer), sample)


def measure(plan: list[Table], rounds: int) -> Results:
    """Measure the whole plan."""
    results = Results()
    for table in plan:
        _measure_table(table, rounds, results)
    return results
