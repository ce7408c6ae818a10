"""Packets of the reliable protocol. All numbers are unsigned and big-endian; sizes are in bytes.

    0xC1 (never in UTF-8)   kind (1)   number (8)   body   seal (8)

    kind        number    body
    1 hello     client    version (1)
    2 cookie    answered  version (1)  cookie (12)
    3 open      client    cookie (12)  key (16)  attempt (4)
    4 welcome   client    session (8)  attempt (4)
    5 data      session   sequence (4)  stamp (4)  fragment (the rest)
    6 ack       session   next (4)  echo (4)  up to 32 ranges: first (4)  after it (4)
    7 ping      session   stamp (4)
    8 close     session   stops (1: 0 or 1)
    9 refusal   client    attempt (4)  reason (the rest, UTF-8)

The seal is the first 8 bytes of an HMAC-SHA-256 (RFC 2104) over a byte for the sender (0 for the
client, 1 for the server), which is not sent, and all bytes before the seal. So a packet that is
reflected to its sender has a wrong seal. Hello and cookie are sealed with the empty key, to detect
damage; the others with the key in the client's open.
"""

from __future__ import annotations

import hmac
import struct
from enum import Enum
from typing import NamedTuple

MARK = 0xC1
VERSION = 1  # of this protocol
MODULUS = 2**32
LARGEST_PACKET = 1200  # bytes, so that networks do not fragment it
MOST_RANGES = 32
NO_KEY = b""
KEY_BYTES = 16

_HEAD = struct.Struct("!BBQ")
_SEAL_BYTES = 8
_RANGE = struct.Struct("!II")


class BadPacket(ValueError):
    """The bytes are not a packet of this protocol."""


class Side(Enum):
    """The end of a session that seals a packet."""

    CLIENT = b"\x00"
    SERVER = b"\x01"

    @property
    def other(self) -> Side:
        """The opposite end."""
        return Side.SERVER if self is Side.CLIENT else Side.CLIENT


def after(number: int, count: int = 1) -> int:
    """Return the sequence number that is `count` after `number` (serial numbers, RFC 1982)."""
    return (number + count) % MODULUS


def distance(start: int, number: int) -> int:
    """Return how far `number` is after `start`; negative if it is before."""
    return (number - start + MODULUS // 2) % MODULUS - MODULUS // 2


class Hello(NamedTuple):
    """A client's request for a cookie.

    Attributes:
        number: The client's number.
        version: The version of the protocol that the client speaks.
    """

    number: int
    version: int = VERSION


class Cookie(NamedTuple):
    """The server's answer to a client that it does not know at that address.

    Attributes:
        number: The number in the answered packet.
        version: The version of the protocol that the server speaks.
        cookie: The cookie to return in an Open; see `Cookies`.
    """

    number: int
    version: int
    cookie: bytes


class Open(NamedTuple):
    """A client's request to begin a session, or to move it to another address.

    Attributes:
        number: The client's number, which it has chosen at random.
        cookie: The server's cookie for this address.
        key: The key of the session, which the client has chosen at random.
        attempt: The number of the attempt, higher than in Opens with earlier cookies.
    """

    number: int
    cookie: bytes
    key: bytes
    attempt: int


class Welcome(NamedTuple):
    """The server's confirmation that the session is open at this address.

    Attributes:
        number: The client's number.
        session: The session's number; a new one if the server does not know the client any more.
        attempt: The attempt of the answered Open.
    """

    number: int
    session: int
    attempt: int


class Data(NamedTuple):
    """A fragment of the stream, in which each message follows its length (4 bytes).

    Attributes:
        number: The session's number.
        sequence: The packet's sequence number, from 0 in each direction.
        stamp: The time of sending by the sender's clock, in milliseconds modulo 2**32.
        fragment: At most 1,174 bytes of the stream.
    """

    number: int
    sequence: int
    stamp: int
    fragment: bytes


class Ack(NamedTuple):
    """An acknowledgement of received packets.

    Attributes:
        number: The session's number.
        next: The sequence number before which all packets were received.
        echo: The stamp of the last received packet.
        ranges: The packets received beyond `next`, as ranges: the sequence number of the first, and
            the one after the last.
    """

    number: int
    next: int
    echo: int
    ranges: tuple[tuple[int, int], ...] = ()


class Ping(NamedTuple):
    """A request for an Ack."""

    number: int
    stamp: int


class Close(NamedTuple):
    """A request to close the session, or the answer to one.

    Attributes:
        number: The session's number.
        stops: Whether the server is shutting down, so that the client may try to come back.
    """

    number: int
    stops: bool


class Refusal(NamedTuple):
    """The server's refusal of a client, for which it keeps no state.

    Attributes:
        number: The client's number.
        attempt: The attempt of the answered Open.
        reason: The reason, in UTF-8.
    """

    number: int
    attempt: int
    reason: bytes


Packet = Hello | Cookie | Open | Welcome | Data | Ack | Ping | Close | Refusal

# The body of each kind, without a final part of variable size.
_KINDS: tuple[tuple[type[Packet], struct.Struct], ...] = (
    (Hello, struct.Struct("!B")),
    (Cookie, struct.Struct("!B12s")),
    (Open, struct.Struct(f"!12s{KEY_BYTES}sI")),
    (Welcome, struct.Struct("!QI")),
    (Data, struct.Struct("!II")),
    (Ack, struct.Struct("!II")),
    (Ping, struct.Struct("!I")),
    (Close, struct.Struct("!?")),
    (Refusal, struct.Struct("!I")),
)
_CODES = {kind: (code, body) for code, (kind, body) in enumerate(_KINDS, start=1)}
LARGEST_FRAGMENT = LARGEST_PACKET - _HEAD.size - _CODES[Data][1].size - _SEAL_BYTES


def seal(packet: Packet, key: bytes, sender: Side) -> bytes:
    """Return the bytes of `packet`, sealed by `sender` with `key`."""
    code, body = _CODES[type(packet)]
    rest = b""
    values: tuple[object, ...] = packet[1:]
    if isinstance(packet, Data):
        values, rest = values[:-1], packet.fragment
    elif isinstance(packet, Refusal):
        values, rest = values[:-1], packet.reason
    elif isinstance(packet, Ack):
        values, rest = values[:2], b"".join([_RANGE.pack(*run) for run in packet.ranges])
    data = _HEAD.pack(MARK, code, packet.number) + body.pack(*values) + rest
    return data + _seal(data, key, sender)


def _seal(data: bytes, key: bytes, sender: Side) -> bytes:
    return hmac.digest(key, sender.value + data, "sha256")[:_SEAL_BYTES]


def is_sealed(data: bytes, key: bytes, sender: Side) -> bool:
    """Tell whether `data` is an unchanged packet that `sender` sealed with `key`."""
    return hmac.compare_digest(data[-_SEAL_BYTES:], _seal(data[:-_SEAL_BYTES], key, sender))


def decode(data: bytes) -> Packet:
    """Decode a packet without a check of its seal; see `is_sealed`.

    Raises:
        BadPacket: `data` is not a packet.
    """
    if not _HEAD.size + _SEAL_BYTES <= len(data) <= LARGEST_PACKET or data[0] != MARK:
        raise BadPacket("a packet begins with 0xC1 and has 19 to 1,200 bytes")
    _, code, number = _HEAD.unpack_from(data)
    if not 1 <= code <= len(_KINDS):
        raise BadPacket(f"there is no packet of kind {code}")
    kind, body = _KINDS[code - 1]
    begun = _HEAD.size + body.size
    rest = data[begun:-_SEAL_BYTES]
    if len(data) < begun + _SEAL_BYTES:
        raise BadPacket("a packet is truncated")
    values: tuple[object, ...] = body.unpack_from(data, _HEAD.size)
    if kind in (Data, Refusal):
        values += (rest,)
    elif kind is Ack:
        if len(rest) % _RANGE.size or len(rest) > MOST_RANGES * _RANGE.size:
            raise BadPacket(f"an acknowledgement has at most {MOST_RANGES} ranges of 8 bytes")
        values += (tuple(_RANGE.iter_unpack(rest)),)
    elif kind is Close and data[begun - 1] > 1:
        raise BadPacket("the stop flag of a close is 0 or 1")
    elif rest:
        raise BadPacket("a packet is too long for its kind")
    packet: Packet = kind(number, *values)
    return packet
