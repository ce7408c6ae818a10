"""Sockets of a network namespace: /proc/PID/net/tcp and its relatives."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

_LISTEN = 0x0A  # TCP_LISTEN in tcp_states.h
# The kernel goes through all its sockets for each of them, which takes most of a millisecond.
_TABLES = ("tcp", "tcp6", "udp", "udp6")


@dataclass(frozen=True, slots=True)
class Socket:
    """One socket.

    Attributes:
        family: AF_INET or AF_INET6.
        kind: SOCK_STREAM or SOCK_DGRAM.
        host: Its own address.
        port: Its own port.
        peer_port: The port of the other end; 0 if it has none.
        is_listening: Whether it accepts connections.
        unread: The bytes that have arrived and the program has not read; connections not yet
            accepted for a listening socket.
        unsent: The bytes that the program has written and the peer has not acknowledged.
    """

    family: socket.AddressFamily
    kind: socket.SocketKind
    host: IPv4Address | IPv6Address
    port: int
    peer_port: int
    is_listening: bool
    unread: int
    unsent: int

    @property
    def takes_datagrams(self) -> bool:
        """Whether it takes datagrams, from any address."""
        return self.kind is socket.SOCK_DGRAM and not self.peer_port

    @property
    def is_open(self) -> bool:
        """Whether clients can reach it: it accepts connections, or takes datagrams."""
        return self.is_listening or self.takes_datagrams


def _address(text: str) -> IPv4Address | IPv6Address:
    # The kernel prints 32-bit words in the machine's order: little-endian ones are turned round.
    words = [bytes.fromhex(text[start : start + 8])[::-1] for start in range(0, len(text), 8)]
    data = b"".join(words)
    return IPv4Address(data) if len(data) == 4 else IPv6Address(data)


def _read_row(fields: list[str], table: str) -> Socket:
    (host, port), (_, peer_port) = (fields[index].rsplit(":", 1) for index in (1, 2))
    unsent, unread = fields[4].split(":")
    return Socket(
        socket.AF_INET6 if table.endswith("6") else socket.AF_INET,
        socket.SOCK_STREAM if table.startswith("tcp") else socket.SOCK_DGRAM,
        _address(host),
        int(port, 16),
        int(peer_port, 16),
        table.startswith("tcp") and int(fields[3], 16) == _LISTEN,
        int(unread, 16),
        int(unsent, 16),
    )


def sockets(process: Path, wanted: set[int]) -> dict[int, Socket]:
    """Return sockets of a process's network, by their inode numbers.

    Args:
        process: The directory of a process in /proc.
        wanted: The inode numbers of the sockets to look for.
    """
    found: dict[int, Socket] = {}
    for table in _TABLES:
        if wanted <= found.keys():
            break
        with suppress(OSError):
            for row in (process / "net" / table).read_text().splitlines()[1:]:
                fields = row.split()
                if (inode := int(fields[9])) in wanted:
                    found[inode] = _read_row(fields, table)
    return found
