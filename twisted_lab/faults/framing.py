"""Framings of a stream, seen from the middle: units keep the bytes of their framing."""

from __future__ import annotations

from collections.abc import Iterator

from twisted_lab.codecs import text_header
from twisted_lab.codecs.text_header import TextHeader

# A larger message passes in portions, as the network delivers them, and so does the rest of its
# stream: its sender does not use the framing.
MOST_UNIT = 1_048_576
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

    def size(self, data: bytearray, start: int) -> int | None:
        """Return the size of the unit at `start`; None if its end has not arrived.

        Raises:
            ValueError: The bytes do not fit the framing.
        """
        return len(data) - start or None

    def body(self, data: bytes) -> bytes:
        """Return a unit without the bytes of the framing."""
        return data

    def frame(self, body: bytes) -> bytes:
        """Return `body` as a unit."""
        return body


class Lines(Framing):
    """Lines of text, and messages without a newline."""

    name = "text"
    quiet = QUIET_SECONDS

    def size(self, data: bytearray, start: int) -> int | None:
        """See `Framing.size`."""
        end = data.find(b"\n", start)
        return end + 1 - start if end >= 0 else None

    def body(self, data: bytes) -> bytes:
        """See `Framing.body`."""
        return data.removesuffix(b"\n").removesuffix(b"\r")

    def frame(self, body: bytes) -> bytes:
        """See `Framing.frame`."""
        return body + b"\n"


class Int32(Framing):
    """Messages after a four-byte length, big-endian."""

    name = "int32"

    def size(self, data: bytearray, start: int) -> int | None:
        """See `Framing.size`."""
        if len(data) - start < 4:
            return None
        return _within(4 + int.from_bytes(data[start : start + 4]), len(data) - start)

    def body(self, data: bytes) -> bytes:
        """See `Framing.body`."""
        return data[4:]

    def frame(self, body: bytes) -> bytes:
        """See `Framing.frame`."""
        return len(body).to_bytes(4) + body


class Digits(Framing):
    """Messages after a length in digits; the length counts bytes."""

    def __init__(self, header: TextHeader) -> None:
        self.name = str(header)
        self._header = header

    def size(self, data: bytearray, start: int) -> int | None:
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

    def frame(self, body: bytes) -> bytes:
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
        size: The number of bytes of the unfinished unit.
    """

    def __init__(self, framing: Framing) -> None:
        self.framing = framing
        self._data = bytearray()

    @property
    def size(self) -> int:
        """The number of bytes of the unfinished unit."""
        return len(self._data)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the units that `data` completes."""
        if self.framing is NO_FRAMING and not self._data:
            yield data
            return
        kept, start = self._data, 0
        kept += data
        try:
            while (size := self.framing.size(kept, start)) is not None:
                yield bytes(kept[start : start + size])
                start += size
            if len(kept) - start > MOST_UNIT:
                raise ValueError("a message without an end")
        except ValueError:
            self.framing = NO_FRAMING
            yield bytes(kept[start:])
            start = len(kept)
        finally:
            del kept[:start]

    def rest(self) -> bytes:
        """Remove and return the unfinished unit."""
        rest = bytes(self._data)
        self._data.clear()
        return rest
