"""Typed lines to what a service reads, and what it sends to lines to show."""

from __future__ import annotations

from typing import Protocol

from twisted_lab.codecs import FrameDecoder, LineDecoder, encode_frame

# A server may say more in one message than it takes in one; this is where the client stops.
MAX_INCOMING = 2**20
# More than a piece of input can hold.
ALL = 2**30


class Framing(Protocol):
    """How lines travel."""

    def outgoing(self, typed: bytes) -> bytes:
        """Return what to send for the next piece of input.

        Raises:
            twisted_lab.codecs.MessageError: A line is too long for a message.
        """
        ...

    def last(self) -> bytes:
        """Return what to send at the end of the input, for a last line without its end."""
        ...

    def incoming(self, data: bytes) -> bytes:
        """Return what to show for the next piece that came.

        Raises:
            twisted_lab.codecs.MessageError: A message is too long.
        """
        ...


class Unchanged:
    """Bytes travel as they are: echo, and the text framing, whose messages are lines already."""

    def outgoing(self, typed: bytes) -> bytes:
        """See `Framing`."""
        return typed

    def last(self) -> bytes:
        """See `Framing`."""
        return b""

    def incoming(self, data: bytes) -> bytes:
        """See `Framing`."""
        return data


class Int32:
    """Each line travels as an Int32 frame, and each frame is shown as a line."""

    def __init__(self) -> None:
        self._typed = LineDecoder()
        self._came = FrameDecoder(MAX_INCOMING)

    def outgoing(self, typed: bytes) -> bytes:
        """See `Framing`."""
        self._typed.feed(typed)
        return b"".join(map(encode_frame, self._typed.take(ALL)))

    def last(self) -> bytes:
        """See `Framing`."""
        return self.outgoing(b"\n") if self._typed.size else b""

    def incoming(self, data: bytes) -> bytes:
        """See `Framing`."""
        self._came.feed(data)
        return b"".join(frame + b"\n" for frame in self._came.take(ALL))
