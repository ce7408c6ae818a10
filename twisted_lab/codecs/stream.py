"""Base class of decoders: a buffer of received bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod

from twisted_lab.codecs.errors import MAX_MESSAGE


class StreamDecoder(ABC):
    """Splits a stream of bytes into messages, on demand.

    Each byte is copied only a few times, whatever the sizes of the received pieces: the newest
    bytes stay apart, in `_fresh`, until they complete a message. No memory is reserved for bytes
    that were not received yet.

    Args:
        limit: The most bytes of a message.
    """

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        self.limit = limit
        self._data = b""
        self._start = 0
        self._fresh = bytearray()

    @property
    def size(self) -> int:
        """The number of buffered bytes."""
        return len(self._data) - self._start + len(self._fresh)

    def feed(self, data: bytes) -> None:
        """Append the next piece of the stream."""
        if self._fresh or self._start < len(self._data):
            self._fresh += data
        else:
            self._data = data
            self._start = 0

    @abstractmethod
    def take(self, most: int) -> list[bytes]:
        """Return the complete messages, at most `most`.

        Raises:
            MessageError: The next message is over the limit. The messages before it were returned;
                no further message can be decoded.
        """

    def _join(self) -> None:
        self._data = self._data[self._start :] + self._fresh
        self._start = 0
        self._fresh.clear()
