"""Sends random bytes to channels: each input gives messages or a documented error.

    python -m tests.programs.fuzz [--count N] [--seed N]

It prints a failing input with the seed that reproduces it.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterable

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import LogLevel
from twisted.python.failure import Failure

from tests.doubles.recording import Recorder
from twisted_lab.channels import (
    Channel,
    ConversationFactory,
    Int32Channel,
    PeerGone,
    StreamChannel,
    TextChannel,
    TextHeaderChannel,
)
from twisted_lab.codecs import MessageError, TextDecoder, TextHeader, encode_frame, text_header
from twisted_lab.eventlog.events import ServiceEvents

LIMIT = 20
HEADERS = [text_header("decimal:4"), text_header("hex:2", "characters")]
MORSELS = [
    b"",
    b"\n",
    b"\r\n",
    b"\r",
    b"\0",
    b"\0\0\0",
    b"\0\n",
    b"a\0b\0\0",
    b"\n\0",
    bytes(40),
    b"\x16\x03\x01",
    b"\xff\xff\xff\xff",
    b"\xff\xf1",
    b"\xff\xfa",
    b"\xff\xf0",
    b"\xef\xbb\xbf",
    b"exit",
    b"2 x",
    b"   3abc",
    b"a 0004",
    "ж".encode(),
    b"\xd0",
]


class Wire(StringTransport):
    """A transport that can be half-closed."""

    def loseWriteConnection(self) -> None:
        pass


def random_input(chance: random.Random) -> list[bytes]:
    """Return pieces of a peer's possible input: valid, broken and arbitrary."""
    data = b""
    frame = chance.choice((encode_frame, *(header.frame for header in HEADERS)))
    for _ in range(chance.randint(0, 6)):
        kind = chance.random()
        if kind < 0.4:
            text = "".join(chance.choices("aж☃\n", k=chance.choice((0, 1, 6))))
            data += frame(text.encode())
        elif kind < 0.8:
            data += "".join(chance.choices("aж☃ \t", k=chance.randint(0, LIMIT))).encode()
            data += chance.choice((b"\n", b"\n", b"\0"))
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


def read_lines(pieces: Iterable[bytes]) -> tuple[list[bytes], str, bool]:
    """Decode lines to their end.

    Returns:
        The lines before the first error, the error, and whether a NUL has ended a line.
    """
    ended_by_nul: list[None] = []
    decoder = TextDecoder(10**6, lambda: ended_by_nul.append(None))
    for piece in pieces:
        decoder.feed(piece)
    decoder.end_line()
    lines: list[bytes] = []
    try:
        while some := decoder.take(1):
            lines += some
    except MessageError as error:
        return lines, str(error), bool(ended_by_nul)
    return lines, "", bool(ended_by_nul)


def after_headers(header: TextHeader, data: bytes) -> list[bytes]:
    """Return the messages after headers in `data`, up to the first that is no message."""
    base, digits = (16, "0123456789abcdefABCDEF") if header.kind == "hex" else (10, "0123456789")
    messages: list[bytes] = []
    while True:
        head, data = data[: header.width], data[header.width :]
        number = head.strip(b" ")
        if len(head) < header.width or not number or number.strip(digits.encode()):
            return messages
        size = int(number, base)
        ends = range(size, 4 * LIMIT + 1) if header.count == "characters" else [size]
        fitting = [end for end in ends if end <= len(data) and is_message(header, data[:end], size)]
        if not fitting:
            return messages
        messages.append(data[: fitting[0]])
        data = data[fitting[0] :]


def is_message(header: TextHeader, data: bytes, size: int) -> bool:
    """Tell whether `data` has the length `size`."""
    if header.count == "bytes":
        return True
    try:
        return len(data.decode()) == size
    except UnicodeDecodeError:
        return False


def expected(channel: StreamChannel, pieces: list[bytes]) -> list[str]:
    """Decode the messages another way, up to the first error."""
    data = b"".join(pieces)
    messages = []
    if isinstance(channel, Int32Channel):
        while len(data) >= 4 and len(data) >= 4 + int.from_bytes(data[:4], "big"):
            end = 4 + int.from_bytes(data[:4], "big")
            messages.append(data[4:end])
            data = data[end:]
    elif isinstance(channel, TextHeaderChannel):
        messages = after_headers(channel._header, data)
    else:
        # By single bytes: text in one piece with a preceding NUL may be an error.
        by_bytes = read_lines(data[start : start + 1] for start in range(len(data)))
        by_pieces = read_lines(pieces)
        assert by_bytes == by_pieces or by_pieces[1], "the result depends on the pieces"
        messages = by_bytes[0]
    texts = []
    for message in messages:
        try:
            texts.append(message.decode())
        except UnicodeDecodeError:
            break
    return texts


def try_one(channel: StreamChannel, clock: Clock, pieces: list[bytes], recorder: Recorder) -> str:
    """Feed `pieces` to `channel`; return how the conversation ended."""
    heard: list[str] = []
    ends: list[Exception] = []
    chance = random.Random(len(b"".join(pieces)))

    def wait() -> Deferred[None]:
        waiting: Deferred[None] = Deferred()
        clock.callLater(chance.choice((0, 0.1, 1)), waiting.callback, None)
        return waiting

    async def listen(channel: Channel) -> None:
        try:
            while True:
                heard.append(await channel.hear())
                if chance.random() < 0.5:
                    await wait()
        except Exception as error:
            ends.append(error)
            raise

    # A channel that logs traffic decodes one message at a time.
    events = ServiceEvents("fuzz", recorder, chance.choice((LogLevel.info, LogLevel.warn)))
    factory = ConversationFactory(clock, events, listen, lambda: channel)
    factory.buildProtocol(None).makeConnection(Wire())
    for piece in pieces:
        channel.dataReceived(piece)
        if chance.random() < 0.3:
            clock.advance(0.01)
    # It may pause for a second after each message.
    clock.pump([0.1] * (100 + 10 * len(b"".join(pieces))))
    assert channel._decoder.size <= LIMIT + 4 or ends, "the decoder buffers too much"
    channel.readConnectionLost()
    clock.pump([0.1] * 100)
    channel.connectionLost(Failure(ConnectionDone()))
    clock.pump([0.1] * 100)
    (end,) = ends
    messages = expected(channel, pieces)
    assert isinstance(end, PeerGone | MessageError), repr(end)
    assert heard == messages[: len(heard)], "it received another message"
    if isinstance(end, PeerGone):
        assert heard == messages, "messages are missing"
    assert "conversation failed" not in recorder.names, recorder.messages
    assert not factory.connections
    assert not clock.getDelayedCalls(), "a timer is still running"
    return type(end).__name__


def main() -> None:
    """Try `--count` inputs."""
    parser = argparse.ArgumentParser(prog="python -m tests.programs.fuzz")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=time.time_ns())
    arguments = parser.parse_args()
    ends: dict[str, int] = {}
    for seed in range(arguments.seed, arguments.seed + arguments.count):
        chance = random.Random(seed)
        channel: StreamChannel = chance.choice(
            (
                Int32Channel(600, LIMIT),
                TextChannel(600, LIMIT),
                *(TextHeaderChannel(600, header, LIMIT) for header in HEADERS),
            )
        )
        pieces = random_input(chance)
        try:
            end = try_one(channel, Clock(), pieces, Recorder())
        except BaseException:
            print(f"failed: --seed {seed} --count 1, {type(channel).__name__}, {pieces!r}")
            raise
        ends[end] = ends.get(end, 0) + 1
    print(f"{arguments.count} inputs, first seed {arguments.seed}: {ends}")


if __name__ == "__main__":
    main()
