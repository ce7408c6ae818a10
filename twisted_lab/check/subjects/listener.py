"""The checker's server for a client that is checked."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, Protocol

from twisted_lab.check.sandbox.dialled import dialled
from twisted_lab.check.subjects.descriptor import Descriptor
from twisted_lab.check.subjects.peer import Peer

MOST_PEERS = 30  # a client may connect anew for each line


class Heard(Protocol):
    """A client that a listener hears: see `Peer`."""

    received: bytearray
    has_ended: bool

    @property
    def port(self) -> int:
        """The port of the listener's end; 0 if there is no connection, or none any more."""

    def write(self, data: bytes) -> None:
        """Send bytes."""

    def finish(self) -> None:
        """Say no more, but still hear."""

    def close(self) -> None:
        """End the connection, if there is one."""


class Listener(Descriptor):
    """A listening socket.

    Args:
        reactor: Watches the socket.
        listening: The socket; it belongs to this object from now on.
        changed: Called whenever a client connects, says something or leaves.

    Attributes:
        peers: The connections so far.
        dialled: The host and port that each of them was made to.
    """

    def __init__(
        self, reactor: Any, listening: socket.socket, changed: Callable[[], object]
    ) -> None:
        super().__init__(reactor, listening.fileno())
        self.peers: list[Heard] = []
        self.dialled: list[tuple[str, int]] = []
        self._listening = listening
        self._changed = changed
        self._reactor.addReader(self)

    @property
    def port(self) -> int:
        """The port on which it listens; connections to others may be led here."""
        return int(self._listening.getsockname()[1])

    def doRead(self) -> None:
        """Accept a connection."""
        try:
            connection, _ = self._listening.accept()
        except OSError:  # it has gone already
            return
        connection.setblocking(False)
        if len(self.peers) >= MOST_PEERS:
            connection.close()
            return
        self.dialled.append(dialled(connection))
        self.peers.append(Peer(self._reactor, connection, self._changed))
        self._changed()

    def received(self) -> bytes:
        """Return what all clients have said so far, in the order of their connections."""
        return b"".join(bytes(peer.received) for peer in self.peers)

    def close(self) -> None:
        """Stop listening, and close all connections."""
        self.stop()
        self._listening.close()
        for peer in self.peers:
            peer.close()
