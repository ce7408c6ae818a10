"""Packets of the reliable protocol in docs/protocols.md, written anew as `wire` is."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import IntEnum

_MARK = 0xC1
_HEAD_BYTES, _SEAL_BYTES = 10, 8
LEAST_BYTES, MOST_BYTES = 19, 1200
CLIENT, SERVER = b"\0", b"\1"


class Kind(IntEnum):
    """The kinds of packets."""

    HELLO = 1
    COOKIE = 2
    OPEN = 3
    WELCOME = 4
    DATA = 5
    ACK = 6
    PING = 7
    CLOSE = 8
    REFUSAL = 9


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet.

    Attributes:
        kind: Its kind.
        number: The client's number, or the session's.
        body: What follows.
    """

    kind: Kind
    number: int
    body: bytes


def sealed(packet: Packet, key: bytes = b"") -> bytes:
    """Return a packet of a client on the wire."""
    data = bytes([_MARK, packet.kind]) + packet.number.to_bytes(8, "big") + packet.body
    return data + _seal(CLIENT, data, key)


def opened(data: bytes, key: bytes = b"") -> Packet | None:
    """Return a packet of a server; None if it has not the form, or another seal."""
    content, seal = data[:-_SEAL_BYTES], data[-_SEAL_BYTES:]
    if not LEAST_BYTES <= len(data) <= MOST_BYTES or data[0] != _MARK or data[1] not in [*Kind]:
        return None
    if seal != _seal(SERVER, content, key):
        return None
    number = int.from_bytes(content[2:_HEAD_BYTES], "big")
    return Packet(Kind(data[1]), number, content[_HEAD_BYTES:])


def _seal(side: bytes, data: bytes, key: bytes) -> bytes:
    return hmac.digest(key, side + data, "sha256")[:_SEAL_BYTES]
