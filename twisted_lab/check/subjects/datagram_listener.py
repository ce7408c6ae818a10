"""The checker's server for a client that talks by UDP."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted_lab.check.subjects.descriptor import READ_BYTES
from twisted_lab.check.subjects.listener import MOST_PEERS, Listener
from twisted_lab.check.subjects.peer import MOST_RECEIVED

MOST_DATAGRAMS = 2000
_IP_PKTINFO = 8
_ANCILLARY_BYTES = 64
_READS = 20  # in one turn of the reactor


class DatagramListener(Listener):
    """A UDP socket, with a peer for each address that has sent a datagram.

    Args:
        reactor: Watches the socket.
        listening: The socket; it belongs to this object from now on.
        changed: Called whenever a datagram has come.

    Attributes:
        datagrams: All that have come.
    """

    def __init__(
        self, reactor: Any, listening: socket.socket, changed: Callable[[], object]
    ) -> None:
        super().__init__(reactor, listening, changed)
        # The kernel leads answers back to the client only if they have the address it led it to.
        if listening.family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        else:
            listening.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        self._by_address: dict[Any, AddressPeer] = {}
        self.datagrams: list[bytes] = []
        self._bytes = 0

    def doRead(self) -> None:
        """Receive datagrams that have come; too many are ignored."""
        for _ in range(_READS):
            try:
                data, own, _flags, address = self._listening.recvmsg(READ_BYTES, _ANCILLARY_BYTES)
            except OSError:
                break
            self._bytes += len(data)
            is_new = address not in self._by_address
            if len(self.datagrams) >= MOST_DATAGRAMS or self._bytes > MOST_RECEIVED:
                self.stop()
                break
            self.datagrams.append(data)
            if is_new and len(self.peers) >= MOST_PEERS:
                continue
            if is_new:
                self._by_address[address] = AddressPeer(self._listening, own, address)
                self.peers.append(self._by_address[address])
            self._by_address[address].received += data
        self._changed()


class AddressPeer:
    """An address from which datagrams have come: see `Peer`.

    Attributes:
        received: All bytes that have come.
        has_ended: False: UDP has no end.
        port: 0: UDP has no connections.
    """

    port = 0

    def __init__(
        self, listening: socket.socket, own: list[tuple[int, int, bytes]], address: Any
    ) -> None:
        self.received = bytearray()
        self.has_ended = False
        self._listening = listening
        self._own = own  # the address that the datagram was led to, as the kernel tells it
        self._address = address

    def write(self, data: bytes) -> None:
        """Send a datagram; as on any network, it may be lost."""
        with suppress(OSError):
            self._listening.sendmsg([data], self._own, 0, self._address)

    def finish(self) -> None:
        """Do nothing: UDP has no end."""

    def close(self) -> None:
        """Do nothing: the listener closes the socket."""
