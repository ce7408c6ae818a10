"""Packets of the reliable protocol, to bytes and back. All numbers are unsigned, big-endian.

A packet begins with 0xC1, a byte that UTF-8 never has, and a byte for its kind:

    data  0xC1 3  session (8)  sequence (4)  stamp (4)  last (1: 0 or 1)  fragment (the rest)
    ack   0xC1 4  session (8)  next (4)      echo (4)   up to 32 ranges: first (4), after it (4)

Sequence numbers count packets, and go on with 0 after 2**32 - 1 (serial numbers, RFC 1982).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

MARK = 0xC1
DATA, ACK = 3, 4
MODULUS = 2**32
LARGEST_PACKET = 1200  # bytes, so that no network on the way has to cut it
MOST_RANGES = 32

_DATA = struct.Struct("!BBQIIB")
_ACK = struct.Struct("!BBQII")
_RANGE = struct.Struct("!II")
LARGEST_FRAGMENT = LARGEST_PACKET - _DATA.size


class BadPacket(ValueError):
    """It is no packet of this protocol."""


def after(number: int, count: int = 1) -> int:
    """Return the sequence number that is `count` after `number`."""
    return (number + count) % MODULUS


def distance(start: int, number: int) -> int:
    """Return how far `number` is after `start`; less than 0 if it is before it."""
    return (number - start + MODULUS // 2) % MODULUS - MODULUS // 2


@dataclass(frozen=True)
class Data:
    """A fragment of a message.

    Attributes:
        session: The session that it belongs to.
        sequence: Its number.
        stamp: When it was sent, in milliseconds by the sender's clock, modulo 2**32.
        last: Whether it is the last fragment of its message.
        fragment: At most 1,181 bytes.
    """

    session: int
    sequence: int
    stamp: int
    last: bool
    fragment: bytes

    def encode(self) -> bytes:
        """Return its bytes."""
        header = _DATA.pack(MARK, DATA, self.session, self.sequence, self.stamp, self.last)
        return header + self.fragment


@dataclass(frozen=True)
class Ack:
    """What has come.

    Attributes:
        session: The session that it belongs to.
        next: All before this sequence number has come.
        echo: The stamp of the packet that came last.
        ranges: What has come beyond it: first, and the one after the last, of each run.
    """

    session: int
    next: int
    echo: int
    ranges: tuple[tuple[int, int], ...] = ()

    def encode(self) -> bytes:
        """Return its bytes."""
        header = _ACK.pack(MARK, ACK, self.session, self.next, self.echo)
        return header + b"".join(_RANGE.pack(*run) for run in self.ranges[:MOST_RANGES])


Packet = Data | Ack


def decode(data: bytes) -> Packet:
    """Return the packet that `data` is.

    Raises:
        BadPacket: It is none.
    """
    if len(data) > LARGEST_PACKET:
        raise BadPacket(f"a packet has at most {LARGEST_PACKET} bytes, not {len(data)}")
    try:
        if data[:2] == bytes((MARK, DATA)):
            _, _, session, sequence, stamp, last = _DATA.unpack_from(data)
            if last > 1:
                raise BadPacket("a packet is the last one of its message, or not")
            return Data(session, sequence, stamp, bool(last), data[_DATA.size :])
        if data[:2] == bytes((MARK, ACK)):
            _, _, session, following, echo = _ACK.unpack_from(data)
            ranges = tuple(_RANGE.iter_unpack(data[_ACK.size :]))
            if len(ranges) > MOST_RANGES:
                raise BadPacket(f"an acknowledgement has at most {MOST_RANGES} ranges")
            return Ack(session, following, echo, ranges)
    except struct.error:
        raise BadPacket("a packet is cut short") from None
    raise BadPacket("no kind of packet begins like that")
