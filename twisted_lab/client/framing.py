"""Typed lines to what a service reads, and what it sends to lines to show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from twisted_lab.codecs import FrameDecoder, LineDecoder, encode_frame

# A server may say more in one message than it takes in one; this is where the client stops.
MAX_INCOMING = 2**20
# So many lines travel together.
BATCH = 1000


class Framing(Protocol):
    """How lines travel.

    Attributes:
        incomplete: Whether a message has begun to come and not ended.
    """

    @property
    def incomplete(self) -> bool: ...  # noqa: D102

    def outgoing(self, typed: bytes) -> Iterator[bytes]:
        """Yield what to send for the next piece of input.

        Raises:
            twisted_lab.codecs.MessageError: A line is too long for a message.
        """
        ...

    def last(self) -> Iterator[bytes]:
        """Yield what to send at the end of the input, for a last line without its end."""
        ...

    def incoming(self, data: bytes) -> Iterator[bytes]:
        """Yield what to show for the next piece that came.

        Raises:
            twisted_lab.codecs.MessageError: A message is too long.
        """
        ...


class Unchanged:
    """Bytes travel as they are: echo, and the text framing, whose messages are lines already."""

    incomplete = False

    def outgoing(self, typed: bytes) -> Iterator[bytes]:
        """See `Framing`."""
        yield typed

    def last(self) -> Iterator[bytes]:
        """See `Framing`."""
        return iter(())

    def incoming(self, data: bytes) -> Iterator[bytes]:
        """See `Framing`."""
        yield data


class Int32:
    """Each line travels as an Int32 frame, and each frame is shown as a line."""

    def __init__(self) -> None:
        self._typed = LineDecoder()
        self._came = FrameDecoder(MAX_INCOMING)

    @property
    def incomplete(self) -> bool:
        """See `Framing`."""
        return self._came.size > 0

    def outgoing(self, typed: bytes) -> Iterator[bytes]:
        """See `Framing`."""
        self._typed.feed(typed)
        while lines := self._typed.take(BATCH):
            yield b"".join(map(encode_frame, lines))

    def last(self) -> Iterator[bytes]:
        """See `Framing`."""
        if self._typed.size:
            yield from self.outgoing(b"\n")

    def incoming(self, data: bytes) -> Iterator[bytes]:
        """See `Framing`."""
        self._came.feed(data)
        while frames := self._came.take(BATCH):
            yield b"".join(frame + b"\n" for frame in frames)
