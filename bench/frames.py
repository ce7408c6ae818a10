"""Speed of Int32 frames, compared with Twisted's Int32StringReceiver.

Each figure is a ratio from alternating rounds of one run, since absolute figures mean little on a
shared machine.

    python -m bench.frames [--rounds N]
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import LogLevel
from twisted.protocols.basic import Int32StringReceiver

from twisted_lab.channels import Channel, ConversationFactory, Int32Channel
from twisted_lab.codecs import encode_frame
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.interfaces import global_reactor

FRAME = encode_frame(b"x" * 60)
FRAMES = 200_000
PEER = IPv4Address("TCP", "127.0.0.1", 1)


heard: list[int] = []


async def answer(channel: Channel) -> None:
    """Answer each message with the same text."""
    while True:
        channel.say(await channel.hear())


async def listen(channel: Channel) -> None:
    """Record the length of each message."""
    while True:
        heard.append(len(await channel.hear()))


class StockEcho(Int32StringReceiver):
    """The same service on stock Twisted; it also decodes and encodes the text."""

    def stringReceived(self, string: bytes) -> None:  # noqa: N802
        """Answer."""
        self.sendString(string.decode().encode())


def factory_for(kind: str, clock: IReactorTime, limit: int = 65_536) -> Factory:
    """Return the factory of our or the stock server."""
    if kind == "stock":
        return Factory.forProtocol(StockEcho)
    events = ServiceEvents("bench", lambda event: None, LogLevel.warn)
    converse = answer if kind == "ours" else listen
    return ConversationFactory(clock, events, converse, lambda: Int32Channel(600, limit))


def serve(kind: str) -> None:
    """Serve on a free port, and print it; run until the parent ends."""
    os.sched_setaffinity(0, {0})
    reactor = global_reactor()
    port = reactor.listenTCP(0, factory_for(kind, reactor), interface="127.0.0.1")
    print(port.getHost().port, flush=True)
    reactor.run()


def pipelined(kind: str) -> float:
    """Return frames per second, sent without waiting for answers."""
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.frames", "--serve", kind], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    os.sched_setaffinity(0, {(os.cpu_count() or 1) - 1})
    block = FRAME * 1000
    expected = len(FRAME) * FRAMES
    try:
        with socket.create_connection(("127.0.0.1", int(server.stdout.readline()))) as client:
            sender = os.fork()
            started = time.perf_counter()
            if sender == 0:
                for _ in range(FRAMES // 1000):
                    client.sendall(block)
                os._exit(0)
            received = 0
            while received < expected:
                received += len(client.recv(1 << 20))
            seconds = time.perf_counter() - started
            os.waitpid(sender, 0)
    finally:
        server.kill()
        server.communicate()
    return FRAMES / seconds


def one_message(mebibytes: int) -> float:
    """Return the seconds to receive one message in pieces of 1 KiB.

    Each message has a new process: in a warm one the smaller message would reuse memory, while the
    larger one always needs new pages.
    """
    command = [sys.executable, "-m", "bench.frames", "--receive", str(mebibytes)]
    return float(subprocess.check_output(command))


def receive(mebibytes: int) -> float:
    """Receive one message; return the seconds."""
    frame = encode_frame(b"x" * (mebibytes << 20))
    channel = factory_for("listening", Clock(), 1 << 30).buildProtocol(PEER)
    assert channel is not None
    channel.makeConnection(StringTransport())
    started = time.perf_counter()
    for start in range(0, len(frame), 1024):
        channel.dataReceived(frame[start : start + 1024])
    seconds = time.perf_counter() - started
    assert heard == [mebibytes << 20]
    return seconds


def rounds(count: int, first: Callable[[], float], second: Callable[[], float]) -> list[float]:
    """Return the ratio of `first` to `second` in each round."""
    return [first() / second() for _ in range(count)]


def report(what: str, ratios: list[float], wanted: str = "") -> None:
    """Print a line of results."""
    target = f"; wanted {wanted}" if wanted else ""
    print(
        f"{what}: {statistics.median(ratios):.2f} "
        f"(median of {len(ratios)}, {min(ratios):.2f} to {max(ratios):.2f}{target})"
    )


def main() -> None:
    """Measure, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--serve", choices=["ours", "stock"], help=argparse.SUPPRESS)
    parser.add_argument("--receive", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.receive:
        print(receive(arguments.receive))
        return
    if arguments.serve:
        serve(arguments.serve)
        return
    report(
        "60-byte frames, pipelined, frames a second, ours to stock",
        rounds(arguments.rounds, lambda: pipelined("ours"), lambda: pipelined("stock")),
        "at least 1.5",
    )
    report(
        "one message in pieces of 1 KiB, time of 64 MiB to that of 16 MiB",
        rounds(arguments.rounds, lambda: one_message(64), lambda: one_message(16)),
        "under 5",
    )


if __name__ == "__main__":
    main()
