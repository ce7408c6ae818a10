"""Text framing: lines ended by LF or CRLF."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from twisted_lab.codecs.errors import MAX_MESSAGE, too_long
from twisted_lab.codecs.stream import StreamDecoder

NEWLINES = {"lf": b"\n", "crlf": b"\r\n", "none": b""}
"""The line endings that a sender can choose."""


def byte_length(text: str) -> int:
    """Return the size of `text` as a message, in bytes."""
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


@cache
def line_encoder(newline: bytes) -> Callable[[str], bytes]:
    """Return an encoder of lines; a lone surrogate, which UTF-8 cannot encode, becomes ``?``."""

    def encode_line(text: str) -> bytes:
        try:
            return text.encode() + newline
        except UnicodeEncodeError:
            return text.encode(errors="replace") + newline

    return encode_line


class LineDecoder(StreamDecoder):
    """Splits a stream into lines; the limit does not include LF or CRLF."""

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        super().__init__(limit)
        # The parts without an LF: _data from _start on, and the first _fresh_searched bytes of
        # _fresh.
        self._data_searched = False
        self._fresh_searched = 0

    def feed(self, data: bytes) -> None:
        """See `StreamDecoder.feed`."""
        if self._fresh or self._start < len(self._data):
            self._fresh += data
        else:
            self._data, self._start, self._data_searched = data, 0, False

    def take(self, most: int) -> list[bytes]:
        """See `StreamDecoder.take`."""
        lines: list[bytes] = []
        while len(lines) < most:
            data, start = self._data, self._start
            end = -1 if self._data_searched else data.find(b"\n", start)
            if end < 0:
                self._data_searched = True
                if self._fresh.find(b"\n", self._fresh_searched) >= 0:
                    self._join()
                    continue
                self._fresh_searched = len(self._fresh)
                if not lines:
                    self._check_rest()
                break
            stop = end - 1 if end > start and data[end - 1] == 13 else end
            if stop - start > self.limit:
                if not lines:
                    raise too_long(stop - start, self.limit)
                break
            lines.append(data[start:stop])
            self._start = end + 1
            if self._start == len(data):
                self._data, self._start = b"", 0  # Release the memory of a long line.
        return lines

    def _check_rest(self) -> None:
        # One byte over the limit may be the CR of a CRLF.
        if self.size > self.limit + 1:
            raise too_long(None, self.limit)

    def _join(self) -> None:
        super()._join()
        self._data_searched = False
        self._fresh_searched = 0
