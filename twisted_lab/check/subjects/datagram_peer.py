"""The checker's end of a conversation by UDP."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted_lab.check.subjects.bad_network import BadNetwork
from twisted_lab.check.subjects.descriptor import READ_BYTES
from twisted_lab.check.subjects.peer import MOST_RECEIVED, Peer

MOST_DATAGRAMS = 2000  # empty ones have no bytes that could be counted
_READS = 20  # in one turn of the reactor


class DatagramPeer(Peer):
    """A peer whose every `write` is one datagram.

    It hears datagrams from all addresses: a server may answer from another port.

    Args:
        reactor: Watches the socket.
        unconnected: A UDP socket that does not block; it belongs to this object from now on.
        server: The address that datagrams are sent to.
        changed: Called whenever something was received.

    Attributes:
        datagrams: How many have come.
        acknowledge: Returns what to answer to a datagram; b"" for nothing.
        network: The bad network in between; None if there is none.
    """

    acknowledge: Callable[[bytes], bytes] = staticmethod(lambda _: b"")
    network: BadNetwork | None = None

    def __init__(
        self,
        reactor: Any,
        unconnected: socket.socket,
        server: tuple[str, int],
        changed: Callable[[], object],
    ) -> None:
        super().__init__(reactor, unconnected, changed)
        self.datagrams = 0
        self._server = server

    def _tune(self) -> None:
        pass

    def write(self, data: bytes) -> None:
        """Send a datagram; as on any network, it may be lost."""
        if self.network:
            self.network.send(data)
        else:
            self.send(data)

    def send(self, data: bytes) -> None:
        """Send a datagram at once."""
        if self._number >= 0:
            with suppress(OSError):
                self._socket.sendto(data, self._server)

    def doRead(self) -> None:
        """Receive datagrams that have come; after too many, this end is closed."""
        for _ in range(_READS):
            try:
                data = self._socket.recv(READ_BYTES)
            except OSError:
                break
            self.datagrams += 1
            if self.network:
                self.network.receive(data)
            else:
                self.arrive(data)
            if self.datagrams >= MOST_DATAGRAMS or len(self.received) > MOST_RECEIVED:
                self.close()
                break
        self._changed()

    def arrive(self, data: bytes) -> None:
        """Take a datagram, and acknowledge it."""
        self.received += data
        self.borders.append(len(self.received))
        if answer := self.acknowledge(data):
            self.write(answer)

    def finish(self) -> None:
        """Do nothing: UDP has no end."""

    def reset(self) -> None:
        """Vanish: what the server sends from now on is answered with "port unreachable"."""
        self.close()
