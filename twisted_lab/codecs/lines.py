"""Text framing: lines ended by LF or CRLF, and what is left of one when its sender falls silent."""

from __future__ import annotations

from twisted_lab.codecs.errors import MAX_MESSAGE, too_long
from twisted_lab.codecs.stream import StreamDecoder

NEWLINES = {"lf": b"\n", "crlf": b"\r\n", "none": b""}
"""What a sender can end its lines with."""


class LineDecoder(StreamDecoder):
    """Cuts a stream into lines; the limit counts their bytes without LF or CRLF."""

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        super().__init__(limit)
        # What is known to have no LF: _data from _start on, and so many bytes of _fresh.
        self._data_searched = False
        self._searched = 0

    def feed(self, data: bytes) -> None:
        """See `StreamDecoder.feed`."""
        if not self.size:
            self._data_searched = False
        super().feed(data)

    def next(self) -> bytes | None:
        """See `StreamDecoder.next`."""
        data, start = self._data, self._start
        end = -1 if self._data_searched else data.find(b"\n", start)
        if end < 0:
            self._data_searched = True
            if self._fresh.find(b"\n", self._searched) < 0:
                self._searched = len(self._fresh)
                # One byte over the limit may yet turn out to be the CR of a CRLF.
                if self.size > self._limit + 1:
                    raise too_long(None, self._limit)
                return None
            self._join()
            data, start = self._data, self._start
            end = data.index(b"\n")
        self._start = end + 1
        if end > start and data[end - 1] == 13:
            end -= 1
        if end - start > self._limit:
            self._start = start
            raise too_long(end - start, self._limit)
        return data[start:end]

    def _join(self) -> None:
        super()._join()
        self._data_searched = False
        self._searched = 0
