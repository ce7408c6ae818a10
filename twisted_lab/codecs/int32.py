"""Int32 framing: four bytes of length, big-endian and unsigned, then that many bytes."""

from __future__ import annotations

from struct import Struct

from twisted_lab.codecs.errors import MAX_MESSAGE, too_long
from twisted_lab.codecs.stream import StreamDecoder

_LENGTH = Struct(">I")


def encode_frame(data: bytes) -> bytes:
    """Put the length before `data`, which is at most 2**32 - 1 bytes."""
    return _LENGTH.pack(len(data)) + data


class FrameDecoder(StreamDecoder):
    """Cuts a stream into frames; the limit counts their bytes without the length.

    Attributes:
        needed: How many bytes make the next frame whole, with its length, as far as is known.
    """

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        super().__init__(limit)
        self.needed = 4

    def next(self) -> bytes | None:
        """See `StreamDecoder.next`."""
        while True:
            data, start = self._data, self._start
            held = len(data) - start
            if held < self.needed:
                if held + len(self._fresh) < self.needed:
                    return None
                self._join()
                continue
            (size,) = _LENGTH.unpack_from(data, start)
            if size > self._limit:
                raise too_long(size, self._limit)
            end = start + 4 + size
            if end > len(data):
                self.needed = 4 + size
                continue
            self.needed = 4
            self._start = end
            return data[start + 4 : end]
