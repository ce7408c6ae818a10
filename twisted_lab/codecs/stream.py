"""The base of the decoders: a buffer of received bytes that are not taken yet."""

from __future__ import annotations

from abc import ABC, abstractmethod

from twisted_lab.codecs.errors import MAX_MESSAGE


class StreamDecoder(ABC):
    """Cuts a stream of bytes into messages, as they are asked for.

    Each byte is copied a few times at most, whatever the size of the pieces, and no memory is taken
    for bytes not received yet: the last bytes stay apart, in `_fresh`, until they complete a
    message.

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
        """How many bytes it holds."""
        return len(self._data) - self._start + len(self._fresh)

    def feed(self, data: bytes) -> None:
        """Take the next piece of the stream."""
        if self._fresh or self._start < len(self._data):
            self._fresh += data
        else:
            self._data = data
            self._start = 0

    @abstractmethod
    def take(self, most: int) -> list[bytes]:
        """Return the complete messages, `most` of them at most.

        Raises:
            MessageError: The next message is over the limit; no further message can be read. Those
                before it were returned.
        """

    def _join(self) -> None:
        self._data = self._data[self._start :] + self._fresh
        self._start = 0
        self._fresh.clear()
