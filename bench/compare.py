"""Compares the CPU time of a message in this checkout with that in another commit.

    make bench-compare REV=main [LIMIT=3]

Each of the 15 rounds starts a server of each checkout and puts the same load on both. Only one of
them may run at a time, and they take turns every 2 ms, so other load on the machine affects both
alike. A process keeps the memory layout and the hash seed that it started with, and they can
change its speed: so each round has new processes.
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
SLICE = 0.002  # seconds that a server runs before it is the other one's turn
TIMES = {"seconds": 3.0, "warmup": 0.5}  # of the two together
# Frames are pipelined: then nearly all of their cost is in our code, and the figures are steadier
# than with a system call or two for each. The echo has the system calls. Broadcast is the least
# steady, so it is measured for longer.
KINDS: dict[str, tuple[str, str, dict[str, float]]] = {
    "echo": ("netlab-echo", "echo", {"connections": 50, "size": 1024}),
    "frames": ("netlab-messages", "pipelined", {"connections": 10}),
    "broadcast": ("netlab-broadcast", "broadcast", {"connections": 200, "seconds": 6.0}),
}
# The interval is from the 4th lowest to the 4th highest of the 15 rounds. It holds the true median
# with a probability of 96.5 %, whatever the distribution is (the binomial interval of the median:
# David and Nagaraja, Order Statistics, 3rd edition, section 7.1).
EDGE = 4


@dataclass(frozen=True)
class Comparison:
    """The ratios of all rounds for one kind of message.

    Attributes:
        ratios: The CPU time of a message here, divided by that in the other commit: one a round.
    """

    kind: str
    ratios: list[float]

    @property
    def median(self) -> float:
        """The middle one."""
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
        """Return whether all of the interval is beyond `limit`, in percent."""
        return self.low > 1 + limit / 100

    def line(self, limit: float) -> str:
        """Return figures and verdict."""
        if self.is_slower(limit):
            verdict = f"SLOWER by more than {limit:g}%"
        elif self.high > 1 + limit / 100:
            verdict = f"may be more than {limit:g}% slower"
        else:
            verdict = f"no more than {limit:g}% slower"
        interval = f"({self.low:.3f} to {self.high:.3f})"
        return f"{self.kind}: {self.median:.3f} times the CPU time {interval}: {verdict}"


def percent(text: str) -> float:
    """Read the limit.

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
    """Return the output of git."""
    command = ["git", *arguments]
    return subprocess.check_output(command, cwd=ROOT, stderr=subprocess.DEVNULL)


def find(rev: str) -> str:
    """Return the commit's hash.

    Raises:
        SystemExit: There is none, or no git to ask.
    """
    if not rev:
        raise SystemExit("say what to compare with, such as: make bench-compare REV=main")
    if not (ROOT / ".git").exists():
        raise SystemExit("this tree has no git history, and so no commit to compare with")
    ask = ("rev-parse", "--verify", "--short", "--end-of-options")
    try:
        return git(*ask, f"{rev}^{{commit}}").decode().strip()
    except FileNotFoundError:
        raise SystemExit("git is not installed, and the other commit cannot be had") from None
    except subprocess.CalledProcessError:
        raise SystemExit(f"REV: no commit here is called {rev!r}") from None


def check_out(commit: str, here: Path, there: Path) -> None:
    """Copy this checkout as it is now, changes included, to `here`, and `commit` to `there`."""
    for part in PARTS:
        shutil.copytree(ROOT / part, here / part)
    with tarfile.open(fileobj=io.BytesIO(git("archive", commit, *PARTS))) as archive:
        archive.extractall(there, filter="data")


def command(checkout: Path, service: str) -> Command:
    """Start a service with the options that all commits have."""
    options = ("--port", "0", "--interface", "127.0.0.1", "--log-level", "warn")
    script = str(ROOT / "bench" / "checkout.py")
    return (sys.executable, script, str(checkout), "-n", "--pidfile=", service, *options)


def take_turns(servers: list[Server], generators: list[subprocess.Popen[bytes]]) -> None:
    """Let one server run at a time, until all generators have ended."""
    time.sleep(TIMES["warmup"] / 2)  # The connections are opened without a break.
    while any(generator.poll() is None for generator in generators):
        for server in servers:
            os.kill(server.pid, signal.SIGCONT)
            time.sleep(SLICE)
            os.kill(server.pid, signal.SIGSTOP)


def ratio(kind: str, checkouts: list[Path], turn: int) -> float:
    """Measure both once, and return the first's CPU time of a message divided by the second's."""
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
    """Compare; end with status 1 if something is slower than the limit allows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("rev", help="the other commit")
    parser.add_argument("--limit", type=percent, default=3.0, help="in percent")
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
    """Compare, or end with one line if that is interrupted."""
    try:
        compare()
    except KeyboardInterrupt:
        raise SystemExit("interrupted") from None


if __name__ == "__main__":
    main()
