"""The cost of an event: ours to a file, Twisted's to a file, and a filtered one.

python -m bench.event_log [--rounds N]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from twisted.internet.task import Clock
from twisted.logger import Logger, textFileLogObserver

from bench.servers import SERVER_CORE
from bench.targets import Finding
from twisted_lab.services.echo import Options
from twisted_lab.serving import EventLog

EVENTS = 20_000
PEER = "127.0.0.1:56789"

Report = Callable[[str, int], None]


@contextmanager
def _ours(path: str, level: str) -> Iterator[Report]:
    options = Options()
    options.parseOptions(["--log-file", path, "--log-level", level])
    log = EventLog(options, Clock())
    log.open()
    yield log.events.received
    log.close()


@contextmanager
def _twisteds(path: str) -> Iterator[Report]:
    with Path(path).open("a") as file:
        logger = Logger("netlab-echo", observer=textFileLogObserver(file))

        def received(peer: str, count: int) -> None:
            logger.info("received {bytes} bytes from {peer}", peer=peer, bytes=count)

        yield received


def _microseconds(path: str, log: AbstractContextManager[Report], lines: int) -> float:
    """Return the cost of an event in microseconds, including the writing of buffered lines."""
    started = time.perf_counter()
    with log as received:
        for _ in range(EVENTS):
            received(PEER, 1024)
    seconds = time.perf_counter() - started
    assert Path(path).read_bytes().count(b"\n") == lines
    Path(path).unlink()
    return 1e6 * seconds / EVENTS


def measure(rounds: int) -> list[Finding]:
    """Return the measured costs, from alternating rounds."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {SERVER_CORE})
    ours, stock, dropped = [], [], []
    with tempfile.TemporaryDirectory(prefix="bench") as directory:
        path = str(Path(directory, "events.log"))
        for _ in range(rounds):
            ours.append(_microseconds(path, _ours(path, "info"), EVENTS))
            stock.append(_microseconds(path, _twisteds(path), EVENTS))
            dropped.append(_microseconds(path, _ours(path, "warn"), 0))
    os.sched_setaffinity(0, cores)
    ratios = [one / other for one, other in zip(stock, ours, strict=True)]
    return [
        Finding("an event to the file", ours, 8, " microseconds", True),
        Finding("time of `textFileLogObserver` to ours", ratios, 4, " x"),
        Finding("a filtered event", dropped, None, " microseconds"),
    ]


def main() -> None:
    """Measure, and print a line for each finding."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=7)
    for finding in measure(parser.parse_args().rounds):
        print(finding)


if __name__ == "__main__":
    main()
