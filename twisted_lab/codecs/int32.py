"""Int32 framing: a four-byte length, unsigned and big-endian, before each message."""

from __future__ import annotations

from struct import Struct

from twisted_lab.codecs.errors import MAX_MESSAGE, MessageError, too_long, with_guess
from twisted_lab.codecs.likeness import looks_like
from twisted_lab.codecs.stream import StreamDecoder
from twisted_lab.text.language import message_of

# A frame of at least this size is assembled without the bytes after it, which saves a copy.
LARGE = 1_000_000

_LENGTH = Struct(">I")
# Most messages are short, and a table lookup takes half as long as the conversion.
_LENGTHS = [size.to_bytes(4) for size in range(1024)]


def encode_frame(data: bytes) -> bytes:
    """Return `data`, which is at most 2**32 - 1 bytes, after its length."""
    try:
        return _LENGTHS[len(data)] + data
    except IndexError:
        return len(data).to_bytes(4) + data


def encode_text(text: str) -> bytes:
    """Return the frame of a text; a lone surrogate, which UTF-8 cannot encode, becomes ``?``."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        data = text.encode(errors="replace")
    return encode_frame(data)


def _foreign(size: int, limit: int) -> MessageError:
    """Return the error for a length over the limit, with a guess at the peer's protocol."""
    likeness = looks_like(size.to_bytes(4), limit)
    return MessageError(with_guess(message_of(too_long(size, limit)), likeness))


class FrameDecoder(StreamDecoder):
    """Splits a stream into frames; the limit does not include the length prefix.

    Attributes:
        needed: The size of the next frame with its length prefix, in bytes, as far as it is known.
    """

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        super().__init__(limit)
        self.needed = 4

    def take(self, most: int) -> list[bytes]:
        """See `StreamDecoder.take`."""
        frames: list[bytes] = []
        if self._fresh:
            if self.size < self.needed:
                return frames
            if self.needed > LARGE:
                return [self._take_large()]
            self._join()
        data, start, limit = self._data, self._start, self.limit
        held = len(data)
        unpack_from = _LENGTH.unpack_from
        for _ in range(most):
            body = start + 4
            if body > held:
                self.needed = 4
                break
            (size,) = unpack_from(data, start)
            if size > limit:
                if not frames:
                    raise _foreign(size, limit)
                break
            end = body + size
            if end > held:
                self.needed = 4 + size
                break
            frames.append(data[body:end])
            start = end
        else:
            self.needed = 4
        self._start = start
        if start == held:
            self._data, self._start = b"", 0  # Release the memory of a large frame.
        return frames

    def _take_large(self) -> bytes:
        begun = self._data[self._start + 4 :]
        missing = self.needed - 4 - len(begun)
        fresh = memoryview(self._fresh)
        frame = b"".join((begun, fresh[:missing]))
        self._data, self._start = bytes(fresh[missing:]), 0
        self._fresh = bytearray()
        self.needed = 4
        return frame
