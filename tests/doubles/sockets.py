"""Real connections over loopback, with time and turns of the reactor under the test's control."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.internet.tcp import Port, Server
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_lab.ports.fast.poller import Poller
from twisted_lab.ports.fast.transport import ImmediateServer


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


HAS_IPV6 = _has_ipv6()
NO_IPV6 = "this machine has no IPv6"


class Turns(Clock):
    """A reactor whose turns the test runs; it records its readers."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: list[Any] = []

    def addReader(self, reader: Any) -> None:
        self.readers.append(reader)

    def removeReader(self, reader: Any) -> None:
        self.readers.remove(reader)

    def removeWriter(self, writer: Any) -> None:
        """See `IReactorFDSet`: there are no writers."""

    def turn(self) -> None:
        """Run one turn."""
        self.advance(0)
        for reader in list(self.readers):
            reader.doRead()


@implementer(IHalfCloseableProtocol)
class Recording(Protocol):
    """A protocol that records its calls."""

    transport: Any

    def __init__(self) -> None:
        self.received = b""
        self.told: list[str] = []

    def dataReceived(self, data: bytes) -> None:
        self.received += data

    def readConnectionLost(self) -> None:
        self.told.append("read lost")

    def writeConnectionLost(self) -> None:
        self.told.append("write lost")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.told.append(type(reason.value).__name__)


class Connected:
    """A connection between a server's transport and a plain socket.

    Args:
        kind: Makes the transport, with the arguments of `Server`.
        protocol: The server's protocol.
        poller: The reactor of the transport.
    """

    def __init__(
        self,
        kind: Callable[..., Server] = ImmediateServer,
        protocol: Any = None,
        poller: Poller | None = None,
    ) -> None:
        self.reactor = Turns()
        self.poller = poller or Poller(self.reactor)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.client = socket.create_connection(listening.getsockname())
            accepted, address = listening.accept()
        self.client.setblocking(False)
        self.protocol = protocol or Recording()
        self.transport = kind(accepted, self.protocol, address, Port(0, Factory()), 0, self.poller)
        self.protocol.makeConnection(self.transport)

    def take(self, size: int) -> bytes:
        """Read up to `size` bytes at the client; b"" also at the end of the stream."""
        try:
            return self.client.recv(size)
        except BlockingIOError:
            return b""

    def take_all(self, size: int) -> bytes:
        """Read `size` bytes at the client, with turns of the reactor in between."""
        taken = b""
        while len(taken) < size:
            self.reactor.turn()
            piece = self.take(size - len(taken))
            if not piece and not select.select([self.client], [], [], 0)[0]:
                raise AssertionError(f"{len(taken)} of {size} bytes arrived")
            taken += piece
        return taken

    def has_ended(self) -> bool:
        """Return whether the client has received the end of the stream."""
        try:
            return self.client.recv(1) == b""
        except BlockingIOError:
            return False

    def reset(self) -> None:
        """Close the client's end with a reset."""
        linger = b"\1\0\0\0\0\0\0\0"
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.client.close()

    def close(self) -> None:
        """Close both ends."""
        self.client.close()
        if hasattr(self.transport, "socket"):
            self.transport.connectionLost(connectionDone)
