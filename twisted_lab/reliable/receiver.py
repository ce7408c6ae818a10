"""What has come: put in order, each once, and joined to messages."""

from __future__ import annotations

from twisted_lab.reliable.packets import MOST_RANGES, Ack, Data, after, distance

# So far ahead of the next one packets are kept; those beyond come again.
WINDOW = 256


class TooLong(Exception):
    """A message has more bytes than it may."""


class Receiver:
    """The receiving half of a session.

    It keeps at most a window of packets and one message.

    Args:
        session: The session's number.
        first: The sequence number of the first packet.
        limit: The most bytes of a message.
    """

    def __init__(self, session: int, first: int, limit: int) -> None:
        self._session = session
        self._next = first
        self._limit = limit
        self._stamp = 0
        self._early: dict[int, Data] = {}
        self._begun: list[bytes] = []
        self._size = 0

    def take(self, data: Data) -> list[bytes]:
        """Take a packet, and return the messages that are whole now, in order.

        Raises:
            TooLong: A message has more bytes than it may; nothing more should be taken.
        """
        self._stamp = data.stamp
        if not 0 <= distance(self._next, data.sequence) < WINDOW:
            return []
        self._early.setdefault(data.sequence, data)
        messages = []
        while (data_now := self._early.pop(self._next, None)) is not None:
            self._next = after(self._next)
            self._begun.append(data_now.fragment)
            self._size += len(data_now.fragment)
            if self._size > self._limit:
                raise TooLong(f"message of more than {self._limit} bytes is over the limit")
            if data_now.last:
                messages.append(b"".join(self._begun))
                self._begun.clear()
                self._size = 0
        return messages

    def ack(self) -> Ack:
        """Say what has come."""
        ranges: list[tuple[int, int]] = []
        for sequence in sorted(self._early, key=lambda number: distance(self._next, number)):
            if ranges and ranges[-1][1] == sequence:
                ranges[-1] = (ranges[-1][0], after(sequence))
            else:
                ranges.append((sequence, after(sequence)))
        return Ack(self._session, self._next, self._stamp, tuple(ranges[:MOST_RANGES]))
