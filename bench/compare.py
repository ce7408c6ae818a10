"""Compares the CPU time per message of this checkout with another commit.

    make bench-compare REV=main [LIMIT=3]

Each of the 15 rounds starts a server of each checkout and puts the same load on both. They take
turns of 2 ms, so other load on the machine affects both equally. The memory layout and the hash
seed of a process can affect its speed, so each round starts new processes.
"""

from __future__ import annotations

import argparse
import io
import math
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.load import generator, sample_of
from bench.machine import processor
from bench.servers import ROOT, Command, Server, running

PARTS = ("twisted", "twisted_lab")
ROUNDS = 15
SLICE = 0.002  # seconds of a server's turn
TIMES = {"seconds": 3.0, "warmup": 0.5}  # of both servers together
# Frames are pipelined: nearly all of their cost is in our code, and the results vary less than with
# system calls for each frame. The echo covers the system calls. Broadcast varies most, so it is
# measured for longer.
KINDS: dict[str, tuple[str, str, dict[str, float]]] = {
    "echo": ("netlab-echo", "echo", {"connections": 50, "size": 1024}),
    "frames": ("netlab-messages", "pipelined", {"connections": 10}),
    "broadcast": ("netlab-broadcast", "broadcast", {"connections": 200, "seconds": 6.0}),
}
# The confidence interval goes from the 4th lowest to the 4th highest of the 15 rounds. It contains
# the median with a probability of 96.5%, for any distribution (binomial interval of the median:
# David and Nagaraja, Order Statistics, 3rd edition, section 7.1).
EDGE = 4


@dataclass(frozen=True)
class Comparison:
    """The ratios of all rounds for a kind of message.

    Attributes:
        ratios: CPU time per message here, divided by that of the other commit; one per round.
    """

    kind: str
    ratios: list[float]

    @property
    def median(self) -> float:
        """The median."""
        return statistics.median(self.ratios)

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return sorted(self.ratios)[EDGE - 1]

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return sorted(self.ratios)[-EDGE]

    def is_slower(self, limit: float) -> bool:
        """Return whether the whole interval is beyond `limit`, in percent."""
        return self.low > 1 + limit / 100

    def line(self, limit: float) -> str:
        """Return the figures and the verdict as a line."""
        if self.is_slower(limit):
            verdict = f"SLOWER by more than {limit:g}%"
        elif self.high > 1 + limit / 100:
            verdict = f"may be more than {limit:g}% slower"
        else:
            verdict = f"no more than {limit:g}% slower"
        interval = f"({self.low:.3f} to {self.high:.3f})"
        return f"{self.kind}: {self.median:.3f} times the CPU time {interval}: {verdict}"


def percent(text: str) -> float:
    """Parse the limit.

    Raises:
        SystemExit: It is no number.
    """
    try:
        limit = float(text)
    except ValueError:
        limit = math.nan
    if not math.isfinite(limit):
        raise SystemExit(f"LIMIT is a percentage such as 3, not {text!r}")
    return limit


def git(*arguments: str) -> bytes:
    """Run git, and return its output."""
    command = ["git", *arguments]
    return subprocess.check_output(command, cwd=ROOT, stderr=subprocess.DEVNULL)


def find(rev: str) -> str:
    """Return the commit's hash.

    Raises:
        SystemExit: There is no such commit, or no git.
    """
    if not rev:
        raise SystemExit("REV is missing, for example: make bench-compare REV=main")
    if not (ROOT / ".git").exists():
        raise SystemExit("this tree has no git history, so there is no commit to compare with")
    ask = ("rev-parse", "--verify", "--short", "--end-of-options")
    try:
        return git(*ask, f"{rev}^{{commit}}").decode().strip()
    except FileNotFoundError:
        raise SystemExit("git is not installed, so the other commit is not available") from None
    except subprocess.CalledProcessError:
        raise SystemExit(f"REV: this repository has no commit {rev!r}") from None


def check_out(commit: str, here: Path, there: Path) -> None:
    """Copy this checkout with its changes to `here`, and `commit` to `there`."""
    for part in PARTS:
        shutil.copytree(ROOT / part, here / part)
    with tarfile.open(fileobj=io.BytesIO(git("archive", commit, *PARTS))) as archive:
        archive.extractall(there, filter="data")


def command(checkout: Path, service: str) -> Command:
    """Return the command for a service, with options that all commits have."""
    options = ("--port", "0", "--interface", "127.0.0.1", "--log-level", "warn")
    script = str(ROOT / "bench" / "checkout.py")
    return (sys.executable, script, str(checkout), "-n", "--pidfile=", service, *options)


def take_turns(servers: list[Server], generators: list[subprocess.Popen[bytes]]) -> None:
    """Let the servers run in turns, until all generators have ended."""
    time.sleep(TIMES["warmup"] / 2)  # Connections are opened without turns.
    while any(generator.poll() is None for generator in generators):
        for server in servers:
            os.kill(server.pid, signal.SIGCONT)
            time.sleep(SLICE)
            os.kill(server.pid, signal.SIGSTOP)


def ratio(kind: str, checkouts: list[Path], turn: int) -> float:
    """Measure both once, and return the ratio of the first one's CPU time per message."""
    service, mode, options = KINDS[kind]
    commands = {str(checkout): command(checkout, service) for checkout in checkouts}
    order = list(commands)[:: -1 if turn % 2 else 1]
    with running(commands, order) as servers:
        generators = {
            name: generator(mode, server, {**TIMES, **options}) for name, server in servers.items()
        }
        take_turns(list(servers.values()), list(generators.values()))
    try:
        here, there = (sample_of(generators[name])["cpu_us"] for name in commands)
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{kind}: {error}") from None
    return here / there


def compare() -> None:
    """Compare; exit with status 1 if a kind of message is slower than the limit allows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("rev", help="the other commit")
    parser.add_argument("--limit", type=percent, default=3.0, help="allowed slowdown, in percent")
    arguments = parser.parse_args()
    limit: float = arguments.limit
    commit = find(arguments.rev)
    print(f"This checkout and {commit} take turns, in {ROUNDS} rounds: about 4 minutes.")
    print(processor(), flush=True)
    ratios: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory(prefix="bench") as directory:
        checkouts = [Path(directory, "a"), Path(directory, "b")]
        check_out(commit, *checkouts)
        for turn in range(ROUNDS):
            print(f"round {turn + 1} of {ROUNDS}", file=sys.stderr, flush=True)
            for kind, found in ratios.items():
                found.append(ratio(kind, checkouts, turn))
    comparisons = [Comparison(kind, found) for kind, found in ratios.items()]
    for comparison in comparisons:
        print(comparison.line(limit))
    sys.exit(any(comparison.is_slower(limit) for comparison in comparisons))


def main() -> None:
    """Compare; exit with one line after an interrupt."""
    try:
        compare()
    except KeyboardInterrupt:
        raise SystemExit("interrupted") from None


if __name__ == "__main__":
    main()
