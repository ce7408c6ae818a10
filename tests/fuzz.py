"""Throws random bytes at the channels: each input gives messages or the named error, never another.

    python -m tests.fuzz [--count N] [--seed N]

A failing input is printed with its seed, which finds it again.
"""

from __future__ import annotations

import argparse
import random
import time

from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import LogLevel
from twisted.python.failure import Failure

from tests.unit.recording import Recorder
from twisted_lab.channels import (
    Channel,
    ConversationFactory,
    Int32Channel,
    PeerGone,
    StreamChannel,
    TextChannel,
)
from twisted_lab.codecs import MessageError, encode_frame
from twisted_lab.events import ServiceEvents

LIMIT = 20
MORSELS = [
    b"",
    b"\n",
    b"\r\n",
    b"\r",
    b"\0\0\0",
    b"\xff\xff\xff\xff",
    b"exit",
    "ж".encode(),
    b"\xd0",
]


class Wire(StringTransport):
    """A transport that can be half-closed."""

    def loseWriteConnection(self) -> None:
        pass


def random_input(chance: random.Random) -> list[bytes]:
    """Make pieces of what may come from a peer: sound, broken and arbitrary."""
    data = b""
    for _ in range(chance.randint(0, 6)):
        kind = chance.random()
        if kind < 0.4:
            data += encode_frame("".join(chance.choices("aж☃\n", k=chance.randint(0, 8))).encode())
        elif kind < 0.8:
            data += "".join(chance.choices("aж☃ \t", k=chance.randint(0, LIMIT))).encode() + b"\n"
        elif kind < 0.95:
            data += chance.choice(MORSELS)
        else:
            data += chance.randbytes(chance.randint(0, 2 * LIMIT))
    pieces = []
    while data:
        size = chance.choice((1, 2, 3, 5, 100))
        pieces.append(data[:size])
        data = data[size:]
    return pieces


def try_one(channel: StreamChannel, clock: Clock, pieces: list[bytes], recorder: Recorder) -> str:
    """Play `pieces` into `channel`; return how the conversation ended."""
    heard: list[str] = []
    ends: list[Exception] = []

    async def listen(channel: Channel) -> None:
        try:
            while True:
                heard.append(await channel.hear())
        except Exception as error:
            ends.append(error)
            raise

    events = ServiceEvents("fuzz", recorder, LogLevel.warn)
    factory = ConversationFactory(clock, events, listen, lambda: channel)
    factory.buildProtocol(None).makeConnection(Wire())
    for piece in pieces:
        channel.dataReceived(piece)
        assert channel._decoder.size <= LIMIT + 4 or ends, "it holds too much"
    clock.advance(1)
    channel.readConnectionLost()
    channel.connectionLost(Failure(ConnectionDone()))
    (end,) = ends
    assert isinstance(end, PeerGone | MessageError), repr(end)
    assert all(len(text.encode()) <= LIMIT for text in heard), "a message is too long"
    assert "conversation failed" not in recorder.names, recorder.messages
    assert not factory.connections
    assert not clock.getDelayedCalls(), "a timer is left"
    return type(end).__name__


def main() -> None:
    """Try as many inputs as were asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=time.time_ns())
    arguments = parser.parse_args()
    ends: dict[str, int] = {}
    for seed in range(arguments.seed, arguments.seed + arguments.count):
        chance = random.Random(seed)
        channel = Int32Channel(600, LIMIT) if seed % 2 else TextChannel(600, LIMIT)
        pieces = random_input(chance)
        try:
            end = try_one(channel, Clock(), pieces, Recorder())
        except BaseException:
            print(f"failed: --seed {seed} --count 1, {type(channel).__name__}, {pieces!r}")
            raise
        ends[end] = ends.get(end, 0) + 1
    print(f"{arguments.count} inputs from seed {arguments.seed} on: {ends}")


if __name__ == "__main__":
    main()
