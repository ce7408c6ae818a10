"""Framings: input lines to bytes to send, and received bytes to output lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from twisted_lab.client.exit_line import Lines
from twisted_lab.codecs import (
    MAX_INCOMING,
    MAX_MESSAGE,
    FrameDecoder,
    HeaderDecoder,
    MessageError,
    StreamDecoder,
    TextHeader,
    encode_frame,
    too_long,
)
from twisted_lab.codecs.likeness import looks_like
from twisted_lab.codecs.text_header import WIDEST
from twisted_lab.text.language import N_, _

# Maximum number of messages in one write to the output.
BATCH = 1000
_TRY = N_("this looks like {framing}: try --framing {framing}")


def framing_of(data: bytes) -> str:
    """Return the framing in which the first received bytes are one message.

    Returns:
        The framing, such as ``decimal:10``; "" if the bytes are more, less or unlike any.
    """
    if len(data) > 4 and int.from_bytes(data[:4]) == len(data) - 4:
        return "int32"
    if data.startswith((b"0", b" ")):  # padded: any text can begin with a number
        for width in range(2, min(WIDEST + 1, len(data))):
            for kind in ("decimal", "hex"):
                header = TextHeader(kind, width)
                if header.read(data[:width]) == len(data) - width:
                    return str(header)
    return ""


class Framing(Protocol):
    """Converts input lines to bytes to send, and received bytes to output.

    Attributes:
        incomplete: Whether the last received message is incomplete.
        is_foreign: Whether the received bytes show that the server uses another framing.
        refused: The number of lines that were not sent because they are too long for a message.
    """

    is_foreign: bool
    refused: int

    @property
    def incomplete(self) -> bool:
        """See above."""
        ...

    def outgoing(self, typed: bytes) -> Iterator[bytes]:
        """Yield the bytes to send for the next piece of input."""
        ...

    def last(self) -> Iterator[bytes]:
        """Yield the bytes to send at the end of the input, for a last line without a line end."""
        ...

    def incoming(self, data: bytes) -> Iterator[bytes]:
        """Yield the bytes to show for the next received piece.

        Raises:
            twisted_lab.codecs.MessageError: A message is too long.
        """
        ...


class Unchanged:
    """Framing that passes on all bytes unchanged, and recognises a server that frames messages.

    Args:
        tell: Called with a hint in that case.
    """

    incomplete = False
    is_foreign = False
    refused = 0
    _is_first = True

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell = tell

    def outgoing(self, typed: bytes) -> Iterator[bytes]:
        """See `Framing`."""
        yield typed

    def last(self) -> Iterator[bytes]:
        """See `Framing`."""
        return iter(())

    def incoming(self, data: bytes) -> Iterator[bytes]:
        """See `Framing`."""
        if self._is_first and (other := framing_of(data)):
            self._tell(_(_TRY, framing=other))
        self._is_first = False
        yield data


class _Limited:
    """Base of framings that send complete lines, and refuse lines too long for a message."""

    is_foreign = False

    def __init__(self, tell: Callable[[str], object]) -> None:
        self.refused = 0
        self._tell = tell
        self._typed = Lines(MAX_MESSAGE, self._refuse)

    def _refuse(self, size: int) -> None:
        self._report(too_long(size, MAX_MESSAGE))

    def _report(self, error: MessageError) -> None:
        self.refused += 1
        self._tell(_("not sent: {error}", error=error))


class Text(_Limited):
    """Framing that sends lines as they are, and recognises a server with another framing.

    Args:
        tell: Called with a hint in that case, and with the reason why a line is not sent.
    """

    incomplete = False
    _is_first = True

    def outgoing(self, typed: bytes) -> Iterator[bytes]:
        """See `Framing`."""
        yield b"".join(line + b"\n" for line in self._typed.feed(typed))

    def last(self) -> Iterator[bytes]:
        """See `Framing`."""
        if self._typed.in_mid_line:
            yield from self._typed.feed(b"\n")

    def incoming(self, data: bytes) -> Iterator[bytes]:
        """See `Framing`."""
        if self._is_first:
            other = "int32" if data.startswith(b"\0\0") else framing_of(data)
            if other:
                self.is_foreign = True
                self._tell(_(_TRY, framing=other))
        self._is_first = False
        yield data


class _LengthFirst(_Limited):
    """Base of framings that send each line after its length, and show each message as a line.

    Args:
        tell: Called with the reason why a line is not sent.
        frame: Returns a message after its length, or raises MessageError.
        decoder: Splits the received bytes into messages.
    """

    def __init__(
        self,
        tell: Callable[[str], object],
        frame: Callable[[bytes], bytes],
        decoder: StreamDecoder,
    ) -> None:
        super().__init__(tell)
        self._frame = frame
        self._came = decoder

    @property
    def incomplete(self) -> bool:
        """See `Framing`."""
        return self._came.size > 0

    def outgoing(self, typed: bytes) -> Iterator[bytes]:
        """See `Framing`."""
        frames = []
        for line in self._typed.feed(typed):
            try:
                frames.append(self._frame(line.removesuffix(b"\r")))
            except MessageError as error:
                self._report(error)
        yield b"".join(frames)

    def last(self) -> Iterator[bytes]:
        """See `Framing`."""
        if self._typed.in_mid_line:
            yield from self.outgoing(b"\n")

    def incoming(self, data: bytes) -> Iterator[bytes]:
        """See `Framing`."""
        self._came.feed(data)
        while frames := self._came.take(BATCH):
            yield b"".join(frame + b"\n" for frame in frames)


def _other_than_int32(data: bytes) -> str:
    if data[0] == 0:
        return ""
    other = framing_of(data)
    return N_(_TRY, framing=other) if other else looks_like(data[:4], MAX_INCOMING)


class Int32(_LengthFirst):
    """Framing of Int32 frames.

    Args:
        tell: Called with the reason why a line is not sent.
    """

    _is_first = True

    def __init__(self, tell: Callable[[str], object]) -> None:
        super().__init__(tell, encode_frame, FrameDecoder(MAX_INCOMING))

    def incoming(self, data: bytes) -> Iterator[bytes]:
        """See `Framing`."""
        # The decoder would name a length of a billion bytes first.
        if self._is_first and (guess := _other_than_int32(data)):
            raise MessageError(guess)
        self._is_first = False
        yield from super().incoming(data)


class Headed(_LengthFirst):
    """Framing of messages after a length in text.

    Args:
        tell: Called with the reason why a line is not sent.
        header: The form of the length.
    """

    def __init__(self, tell: Callable[[str], object], header: TextHeader) -> None:
        super().__init__(tell, header.frame, HeaderDecoder(header, MAX_INCOMING))
