"""Bytes of a connection: lines, messages after their lengths, and PROXY headers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import takewhile

from twisted.internet.task import Clock

from tests.doubles.proxy_headers import agrees, written
from tests.doubles.recording import Recorder
from tests.programs.fuzz import LIMIT, after_headers, try_one
from twisted_lab.channels import Int32Channel, TextChannel, TextHeaderChannel
from twisted_lab.codecs import (
    FrameDecoder,
    HeaderDecoder,
    MessageError,
    encode_frame,
    text_header,
)
from twisted_lab.codecs.proxy_header import LONGEST_HEADER, ProxyHeader, read_proxy_header

FOREVER = 1e9  # an idle timeout in seconds that never expires here


def pieces(data: bytes) -> Iterator[bytes]:
    """Split `data` according to its first byte: into pieces of 1 to 16 bytes, or not at all."""
    size = data[0] % 17 or len(data) if data else 1
    for start in range(1, len(data), size):
        yield data[start : start + size]


def text(data: bytes) -> None:
    """Lines in any pieces arrive whole and in order, or the peer gets an error."""
    try_one(TextChannel(FOREVER, LIMIT), Clock(), list(pieces(data)), Recorder())


def int32(data: bytes) -> None:
    """Frames in any pieces arrive whole and in order; encoding them again gives the same bytes."""
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


HEADERS = [
    text_header(framing, count)
    for framing in ("decimal:1", "decimal:4", "hex:3")
    for count in ("bytes", "characters")
]


def header(data: bytes) -> None:
    """Messages after a length in text, in any pieces, are those that a second parser finds."""
    form, data = HEADERS[data[0] % len(HEADERS) if data else 0], data[1:]
    try_one(TextHeaderChannel(FOREVER, form, LIMIT), Clock(), list(pieces(data)), Recorder())
    wanted = [*takewhile(lambda message: len(message) <= LIMIT, after_headers(form, data[1:]))]
    for came in (pieces(data), [data[1:]]):
        decoder = HeaderDecoder(form, LIMIT)
        messages: list[bytes] = []
        with suppress(MessageError):
            for piece in came:
                decoder.feed(piece)
                while some := decoder.take(3):
                    messages += some
        assert messages == wanted, (form, messages, wanted)


def _header(came: Iterable[bytes]) -> ProxyHeader | str | None:
    received = b""
    for piece in came:
        received += piece
        try:
            header = read_proxy_header(received)
        except MessageError as error:
            return str(error)
        if header is not None:
            return header
    return None


def proxy(data: bytes) -> None:
    """A PROXY header in any pieces gives the result of a second parser; written again, the same."""
    header = _header([data[1:]])
    assert _header(pieces(data)) == header, "the header depends on how it comes"
    if isinstance(header, str):
        header = None
    assert agrees(data[1:], header), header
    if header is not None:
        source, destination, size = header
        assert 0 < size <= min(len(data) - 1, LONGEST_HEADER)
        for again in written((source, destination)):
            assert read_proxy_header(again) == (source, destination, len(again)), again
