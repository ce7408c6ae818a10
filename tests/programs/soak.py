"""Runs all services for long: memory and files stay flat, and each log line is expected.

Run it with ``make soak MINUTES=60``.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import fmean
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.task import LoopingCall, deferLater, react

from tests.processes import Server
from tests.programs.soak_peers import Crowd

PEERS = 60
SAMPLE_SECONDS = 5.0
PERCENT_AN_HOUR = 2.0
# SQLite caches up to 2 MiB of a database's pages, which the chat's history fills within 23 minutes:
# until then memory has to rise.
WARM_UP = 0.4
# The expected events with their levels, and their reasons if they have any.
EXPLAINED = {
    ("database created", "warn"): "",
    ("server started", "info"): "",
    ("listening", "info"): "",
    ("client connected", "info"): "",
    ("received", "info"): "",
    ("sent", "info"): "",
    ("relayed", "info"): "",
    (
        "client disconnected",
        "info",
    ): r"closed by the (client|server)|connection reset|cut off by the "
    r"server|silent|replaced by another peer at its address",
    (
        "hung up",
        "warn",
    ): r"nothing heard for \d+ s|message of \d+ bytes is over the limit of 65536"
    r"(; this looks like .*)?|not UTF-8 at byte \d+|no text: .*|a name has .*",
    ("logged in", "info"): "",
    ("login failed", "warn"): "",
    ("client dropped", "warn"): "",
    ("server stopped", "info"): "",
}


class Samples:
    """The server's memory, files and threads over time."""

    def __init__(self, pid: int) -> None:
        self._process = Path(f"/proc/{pid}")
        self._begun = time.monotonic()
        self.rows: list[tuple[float, float, int, int]] = []

    def take(self) -> None:
        """Record the time in minutes, memory in MiB, open files and threads."""
        status = (self._process / "status").read_text()
        memory, threads = (
            int(re.findall(rf"^{key}:\s+(\d+)", status, re.MULTILINE)[0])
            for key in ("VmRSS", "Threads")
        )
        files = len(list((self._process / "fd").iterdir()))
        minutes = (time.monotonic() - self._begun) / 60
        self.rows.append((minutes, memory / 1024, files, threads))


def slope(points: list[tuple[float, float]]) -> tuple[float, float]:
    """Fit a line; return its slope in percent of the mean per hour, and the standard error."""
    mean_x, mean_y = fmean(x for x, _ in points), fmean(y for _, y in points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    rise = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    rest = sum((y - mean_y - rise * (x - mean_x)) ** 2 for x, y in points)
    # Adjacent samples are correlated: those of a minute count as one.
    alike = 60 / SAMPLE_SECONDS
    error = (rest / max(len(points) / alike - 2, 1) / (spread / alike)) ** 0.5
    return rise * 6000 / mean_y, error * 6000 / mean_y


def unexplained(log: Path) -> Counter[str]:
    """Return the unexpected lines of the log, without their figures."""
    found: Counter[str] = Counter()
    with log.open() as lines:
        for event in map(json.loads, lines):
            reason = EXPLAINED.get((event["event"], event["level"]))
            if reason is None or (reason and not re.fullmatch(reason, event["reason"])):
                found[re.sub(r"\d+", "N", event["message"])] += 1
    return found


async def churn(
    reactor: Any, crowd: Crowd, seconds: float, samples: Samples
) -> tuple[Counter[str], list[str]]:
    """Let peers connect and leave; return the number of each kind, and the errors."""
    visits: Counter[str] = Counter()
    problems: list[str] = []
    end = reactor.seconds() + seconds

    async def one() -> None:
        while reactor.seconds() < end:
            try:
                visits[await crowd.visit()] += 1
            except Exception as error:
                problems.append(f"{type(error).__name__}: {error}")
            await deferLater(reactor, crowd.chance.random())

    sampling = LoopingCall(samples.take)
    sampling.start(SAMPLE_SECONDS)
    await DeferredList([Deferred.fromCoroutine(one()) for _ in range(PEERS)])
    sampling.stop()
    return visits, problems


def plot(rows: list[tuple[float, float, int, int]], path: Path) -> None:
    """Draw memory and open files over time."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    minutes = [row[0] for row in rows]
    figure, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(9, 5))
    above.plot(minutes, [row[1] for row in rows])
    above.set_ylabel("memory, MiB")
    above.set_ylim(bottom=0)
    below.plot(minutes, [row[2] for row in rows], label="open files")
    below.plot(minutes, [row[3] for row in rows], label="threads")
    below.set_xlabel("minutes")
    below.set_ylim(bottom=0)
    below.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=100)


async def soak(reactor: Any, options: argparse.Namespace) -> None:
    """Run the server and its peers, and print the results.

    Raises:
        SystemExit: A check failed.
    """
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        arguments = [
            *("netlab", "--base-port", "0", "--interface", "127.0.0.1", "--idle-timeout", "5"),
            *("--log-file", "events.log", "--log-format", "json"),
            # Every line is checked, so none may be rotated away or summed up.
            *("--log-rotate-bytes", "10000000000", "--log-rate", "1000000000"),
            # All members have one address.
            *("--chat-address-joins", "1000", "--chat-address-members", "1000"),
            *("--auth-max-registrations", "1000000"),
            # Without this the log would consist mostly of portions of echoes.
            *("--echo-chunk-size", "65536"),
        ]
        with Server(directory, *arguments) as server:
            server.wait_for("how to connect")
            ports = {
                name: int(server.wait_for(rf"^{name} +\S+:(\d+) ")[1])
                for name in ("echo", "messages", "ident", "auth", "broadcast", "chat")
            }
            samples = Samples(server.process.pid)
            crowd = Crowd(reactor, ports, random.Random(options.seed))
            visits, problems = await churn(reactor, crowd, options.minutes * 60, samples)
            # The server closes the last connections.
            await deferLater(reactor, 15)
            samples.take()
            server.process.terminate()
            try:
                if status := server.process.wait(30):
                    wrong.append(f"the server ended with status {status}")
            except subprocess.TimeoutExpired:
                wrong.append("the server did not end")
        odd = unexplained(directory / "events.log")
    rows = samples.rows
    warm = max(options.minutes * WARM_UP, 2.0)
    after = [row for row in rows[:-1] if row[0] >= warm]
    print(
        f"{visits.total()} peers: " + ", ".join(f"{name} {n}" for name, n in visits.most_common())
    )
    print(f"memory: {rows[0][1]:.1f} MiB at the start, {rows[-1][1]:.1f} MiB at the end")
    print(
        f"open files: {rows[0][2]} at the start, at most {max(row[2] for row in rows)}, "
        f"{rows[-1][2]} at the end"
    )
    if len(after) > 2 * 60 / SAMPLE_SECONDS:
        rise, error = slope([(row[0], row[1]) for row in after])
        print(
            f"memory after {warm:.0f} minutes rises by {rise:.1f} % an hour "
            f"(standard error {error:.1f})"
        )
        if rise - 2 * error > PERCENT_AN_HOUR:
            wrong.append("memory rises")
    if rows[-1][2] > rows[0][2] + 3:
        wrong.append("files stay open")
    for name, found in (("wrong answer", Counter(problems)), ("unexpected line", odd)):
        wrong += [f"{name}, {count} times: {text}" for text, count in found.most_common(20)]
    if options.plot:
        plot(rows, options.plot)
    for line in wrong:
        print(line)
    if wrong:
        raise SystemExit(1)


def main() -> None:
    """Run with the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.programs.soak")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    react(soak, (options,))


if __name__ == "__main__":
    main()
