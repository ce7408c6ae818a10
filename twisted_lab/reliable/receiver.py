"""Receiving: packets in order, without duplicates, joined to messages."""

from __future__ import annotations

from collections.abc import Iterator

from twisted_lab.codecs import FrameDecoder
from twisted_lab.reliable.packets import MOST_RANGES, Ack, Data, after, distance

# The receive window, in packets. Packets beyond it are dropped, and retransmitted later.
WINDOW = 256


class Receiver:
    """The receiving half of a session.

    It buffers at most a window of packets and one message, whatever length the message claims.

    Args:
        session: The session's number.
        limit: The most bytes of a message.
        first: The sequence number of the first packet.

    Attributes:
        stamp: The stamp of the last received packet.
    """

    def __init__(self, session: int, limit: int, first: int = 0) -> None:
        self._session = session
        self._next = first
        self.stamp = 0
        self._early: dict[int, Data] = {}
        self._stream = FrameDecoder(limit)

    def receive(self, data: Data) -> Iterator[bytes]:
        """Handle a packet.

        Returns:
            The messages that are complete now, in order. After them, the iterator raises
            `twisted_lab.codecs.MessageError` if a message is over the limit.
        """
        self.stamp = data.stamp
        if not 0 <= distance(self._next, data.sequence) < WINDOW:
            return iter(())
        self._early.setdefault(data.sequence, data)
        while (data_now := self._early.pop(self._next, None)) is not None:
            self._next = after(self._next)
            self._stream.feed(data_now.fragment)
        return self._messages()

    def _messages(self) -> Iterator[bytes]:
        while messages := self._stream.take(WINDOW):
            yield from messages

    def ack(self) -> Ack:
        """Return the acknowledgement of all received packets."""
        ranges: list[tuple[int, int]] = []
        for sequence in sorted(self._early, key=lambda number: distance(self._next, number)):
            if ranges and ranges[-1][1] == sequence:
                ranges[-1] = (ranges[-1][0], after(sequence))
            else:
                ranges.append((sequence, after(sequence)))
        return Ack(self._session, self._next, self.stamp, tuple(ranges[:MOST_RANGES]))
