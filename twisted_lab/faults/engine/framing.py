"""Framings of a stream, seen from the middle: units keep the bytes of their framing."""

from __future__ import annotations

from twisted_lab.codecs import text_header
from twisted_lab.codecs.text_header import TextHeader

# A larger message passes in portions, as the network delivers them, and so does the rest of its
# stream: its sender does not use the framing. It is less than a lane holds, or else a message that
# has not arrived as a whole would stop the reading of its rest.
MOST_UNIT = 131_072
# A line without a newline is a unit after this many seconds without further bytes: lab scripts send
# messages without newlines.
QUIET_SECONDS = 0.03


class Framing:
    """The framing of a stream; this base class has none.

    Attributes:
        name: Its name on the command line.
        quiet: The silence, in seconds, that ends a unit; None if none does.
    """

    name = "none"
    quiet: float | None = None

    def __str__(self) -> str:
        return self.name

    def size(self, data: bytearray, start: int, seen: int) -> int | None:
        """Return the size of the unit at `start`; None if its end has not arrived.

        Args:
            data: The stream.
            start: Where the unit begins.
            seen: Up to where an earlier call has found no end.

        Raises:
            ValueError: The bytes do not fit the framing.
        """
        return len(data) - start or None

    def body(self, data: bytes) -> bytes:
        """Return a unit without the bytes of the framing."""
        return data

    def frame(self, body: bytes, data: bytes) -> bytes:
        """Return `body` as a unit, in place of the unit `data`."""
        return body


class Lines(Framing):
    """Lines of text, and messages without a newline."""

    name = "text"
    quiet = QUIET_SECONDS

    def size(self, data: bytearray, start: int, seen: int) -> int | None:
        """See `Framing.size`."""
        end = data.find(b"\n", seen)
        return end + 1 - start if end >= 0 else None

    def body(self, data: bytes) -> bytes:
        """See `Framing.body`."""
        return data.removesuffix(b"\n").removesuffix(b"\r")

    def frame(self, body: bytes, data: bytes) -> bytes:
        """See `Framing.frame`; the line ends as before: with CR LF, LF or neither."""
        return body + data[len(self.body(data)) :]


class Int32(Framing):
    """Messages after a four-byte length, big-endian."""

    name = "int32"

    def size(self, data: bytearray, start: int, seen: int) -> int | None:
        """See `Framing.size`."""
        if len(data) - start < 4:
            return None
        return _within(4 + int.from_bytes(data[start : start + 4]), len(data) - start)

    def body(self, data: bytes) -> bytes:
        """See `Framing.body`."""
        return data[4:]

    def frame(self, body: bytes, data: bytes) -> bytes:
        """See `Framing.frame`."""
        return len(body).to_bytes(4) + body


class Digits(Framing):
    """Messages after a length in digits; the length counts bytes."""

    def __init__(self, header: TextHeader) -> None:
        self.name = str(header)
        self._header = header

    def size(self, data: bytearray, start: int, seen: int) -> int | None:
        """See `Framing.size`."""
        width = self._header.width
        if len(data) - start < width:
            return None
        length = self._header.read(bytes(data[start : start + width]))
        if length is None:
            raise ValueError(f"no header {self.name}")
        return _within(width + length, len(data) - start)

    def body(self, data: bytes) -> bytes:
        """See `Framing.body`."""
        return data[self._header.width :]

    def frame(self, body: bytes, data: bytes) -> bytes:
        """See `Framing.frame`; a body that is too long for the header is cut."""
        return self._header.frame(body[: self._header.most])


NO_FRAMING = Framing()


def _within(size: int, arrived: int) -> int | None:
    if size > MOST_UNIT:
        raise ValueError(f"a message of {size} bytes")
    return size if size <= arrived else None


def read_framing(text: str) -> Framing:
    """Return the framing with this name: none, text, int32, decimal:N or hex:N.

    Raises:
        ValueError: There is no such framing.
    """
    for framing in (NO_FRAMING, Lines(), Int32()):
        if text == framing.name:
            return framing
    return Digits(text_header(text, others="none, text, int32"))


class Splitter:
    """Splits a stream into units.

    Args:
        framing: The framing.

    Attributes:
        framing: See above; NO_FRAMING once the stream has not followed it.
    """

    __slots__ = ("_data", "_seen", "_start", "framing")

    def __init__(self, framing: Framing) -> None:
        self.framing = framing
        self._data = bytearray()
        self._start = 0  # of the next unit
        self._seen = 0  # where the search for its end goes on

    @property
    def size(self) -> int:
        """The number of bytes that `take` has not returned."""
        return len(self._data) - self._start

    def feed(self, data: bytes) -> None:
        """Add bytes."""
        # Once for many units, because the bytes after them move.
        del self._data[: self._start]
        self._seen -= self._start
        self._start = 0
        self._data += data

    def take(self) -> bytes | None:
        """Remove and return the next unit; None if its end has not arrived."""
        try:
            size = self.framing.size(self._data, self._start, self._seen)
            if size is None and self.size > MOST_UNIT:
                raise ValueError("a message without an end")
        except ValueError:
            self.framing = NO_FRAMING
            size = self.size
        if size is None:
            self._seen = len(self._data)
            return None
        return self._take(size)

    def rest(self) -> bytes:
        """Remove and return all bytes."""
        return self._take(self.size)

    def _take(self, size: int) -> bytes:
        start, self._start = self._start, self._start + size
        self._seen = self._start
        taken = bytes(self._data[start : self._start])
        if not self.size:
            # A new one, because this one keeps the memory of the largest unit.
            self._data, self._start, self._seen = bytearray(), 0, 0
        return taken
