"""UDP port of the chat client, which can be replaced by another one."""

from __future__ import annotations

from contextlib import suppress

from twisted.internet.interfaces import IReactorFDSet, IUDPTransport
from twisted.internet.protocol import DatagramProtocol

from twisted_lab.client.chat_client import ChatClient
from twisted_lab.client.servers import Server, Servers
from twisted_lab.ports.addresses import ALL_IPV4
from twisted_lab.ports.udp_port import LARGEST_DATAGRAM, ScopedPort


class _Port(DatagramProtocol):
    transport: IUDPTransport
    noisy = False

    def __init__(self, wire: UDPWire, server: Server) -> None:
        self._wire = wire
        self._server = server

    def startProtocol(self) -> None:
        """See `twisted.internet.protocol.AbstractDatagramProtocol`."""
        self.transport.connect(self._server.host, self._server.port)

    def datagramReceived(self, data: bytes, addr: object) -> None:
        """See `twisted.internet.protocol.AbstractDatagramProtocol`."""
        self._wire.client.receive(data)

    def connectionRefused(self) -> None:
        """Report that the server's port has refused a datagram."""
        self._wire.refused(self)

    def stopProtocol(self) -> None:
        """Report a refusal: the epoll reactor closes a connected port on a refused datagram."""
        self._wire.refused(self)


class UDPWire:
    """Sends and receives the datagrams of a chat client.

    Args:
        reactor: The reactor of the ports.
        client: The client.
        servers: The servers of the room.
        make_port: Creates a UDP port, as `ScopedPort` does.
    """

    def __init__(
        self,
        reactor: IReactorFDSet,
        client: ChatClient,
        servers: Servers,
        make_port: type[ScopedPort] = ScopedPort,
    ) -> None:
        self.client = client
        self._reactor = reactor
        self._servers = servers
        self._make_port = make_port
        self._port: ScopedPort | None = None
        self._protocol: _Port | None = None

    def open(self) -> None:
        """Open a port, and start the client."""
        self.reopen()
        self.client.start(self, self._servers)

    def reopen(self) -> None:
        """See `twisted_lab.client.chat_client.Wire`."""
        self.close()
        server = self._servers.current
        self._protocol = _Port(self, server)
        ours = "::" if ":" in server.host else ALL_IPV4
        port = self._make_port(0, self._protocol, ours, LARGEST_DATAGRAM, self._reactor)
        with suppress(OSError):  # The network may be unavailable at the moment.
            port.startListening()
            self._port = port

    def write(self, datagram: bytes) -> None:
        """See `twisted_lab.client.chat_client.Wire`."""
        # The epoll reactor may have closed the port.
        if self._port is not None and self._port.connected:
            with suppress(OSError):
                self._port.write(datagram)

    def refused(self, protocol: _Port) -> None:
        """Have the client open another port after a refused datagram."""
        if protocol is self._protocol:
            self.client.datagram_refused()

    def close(self) -> None:
        """Close the port."""
        port, self._port, self._protocol = self._port, None, None
        if port is not None and port.connected:
            port.stopListening()
