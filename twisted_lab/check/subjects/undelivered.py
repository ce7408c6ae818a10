"""Datagrams that were sent to a port on which nobody listens."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass

from twisted_lab.check.sandbox.sandbox import Sandbox

_MOST = 1000  # the kernel quotes 548 bytes at most
_MOST_READ = 500
_PORT_UNREACHABLE = b"\x03\x03"  # type and code (RFC 792)
_ICMP_BYTES = _UDP_BYTES = 8
_IP_BYTES = 20  # without options


@dataclass(frozen=True, slots=True)
class Datagram:
    """A datagram, as an ICMP message quotes it.

    Attributes:
        address: The host and port that it was sent to.
        data: Its beginning.
    """

    address: tuple[str, int]
    data: bytes


class Undelivered:
    """Hears "port unreachable", which the kernel answers to datagrams for a closed port.

    Args:
        sandbox: Whose network it is. It must be isolated: others send datagrams elsewhere.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._socket = sandbox.make_socket(socket.AF_INET, socket.SOCK_RAW)

    def read(self) -> Iterator[Datagram]:
        """Yield what was undelivered since the last call."""
        for _ in range(_MOST_READ):
            try:
                packet = self._socket.recv(_MOST)
            except BlockingIOError:
                return
            if found := quoted(packet):
                yield found

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def quoted(packet: bytes) -> Datagram | None:
    """Return the datagram that an IPv4 packet reports as undelivered; None if it does not."""
    icmp = packet[_header_bytes(packet) :]
    inner = icmp[_ICMP_BYTES:]
    udp = inner[_header_bytes(inner) :]
    if not icmp.startswith(_PORT_UNREACHABLE) or len(inner) < _IP_BYTES or len(udp) < _UDP_BYTES:
        return None
    host, port = socket.inet_ntoa(inner[16:20]), int.from_bytes(udp[2:4], "big")
    return Datagram((host, port), udp[_UDP_BYTES:])


def _header_bytes(packet: bytes) -> int:
    return (packet[0] & 15) * 4 if packet else 0
