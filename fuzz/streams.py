"""Bytes of a connection: lines, Int32 frames, and PROXY headers."""

from __future__ import annotations

from collections.abc import Iterator

from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from tests.doubles.recording import Recorder, Wire, recorded_events
from tests.programs.fuzz import LIMIT, try_one
from twisted_lab.channels import Channel, ConversationFactory, Int32Channel, TextChannel
from twisted_lab.codecs import FrameDecoder, MessageError, encode_frame
from twisted_lab.ports.proxy import ProxiedFactory

FOREVER = 1e9  # seconds of silence, which never run out here


def pieces(data: bytes) -> Iterator[bytes]:
    """Cut `data` as its first byte says: into pieces of 1 to 16 bytes, or not at all."""
    size = data[0] % 17 or len(data) if data else 1
    for start in range(1, len(data), size):
        yield data[start : start + size]


def text(data: bytes) -> None:
    """Lines in any pieces are heard whole and in order, or the peer gets an error."""
    try_one(TextChannel(FOREVER, LIMIT), Clock(), list(pieces(data)), Recorder())


def int32(data: bytes) -> None:
    """Frames in any pieces are heard whole and in order; encoded again they are the same."""
    try_one(Int32Channel(FOREVER, LIMIT), Clock(), list(pieces(data)), Recorder())
    decoder = FrameDecoder(LIMIT)
    again = b""
    try:
        for piece in pieces(data):
            decoder.feed(piece)
            while frames := decoder.take(3):
                again += b"".join(map(encode_frame, frames))
    except MessageError:
        pass
    assert data[1:].startswith(again)


async def _say_who(channel: Channel) -> None:
    channel.say(f"{channel.peer.text} {channel.peer.host}")
    channel.say(await channel.hear())


def _through_proxy(came: list[bytes]) -> tuple[bytes, bool]:
    clock = Clock()
    events, recorder = recorded_events()
    inner = ConversationFactory(clock, events, _say_who, lambda: TextChannel(60, LIMIT))
    connection = ProxiedFactory(inner, clock, events).buildProtocol(None)
    assert connection is not None
    wire = Wire()
    connection.makeConnection(wire)
    for piece in came:
        if not wire.disconnected:
            connection.dataReceived(piece)
    is_cut_off = wire.disconnected
    connection.connectionLost(Failure(ConnectionDone()))
    clock.pump([1.0] * 70)
    assert not clock.getDelayedCalls(), "a timer is left"
    assert "conversation failed" not in recorder.names, recorder.messages
    return wire.value(), is_cut_off


def proxy(data: bytes) -> None:
    """A PROXY header in any pieces names the same client, or the connection is closed."""
    cut, whole = _through_proxy(list(pieces(data))), _through_proxy([data[1:]])
    assert cut[1] == whole[1], "whether it is a header depends on how it comes"
    assert cut[0].partition(b"\n")[0] == whole[0].partition(b"\n")[0], "the client depends on it"
