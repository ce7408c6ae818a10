"""The UDP port of a proxy, with a link for each client's address."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from twisted.internet.protocol import DatagramProtocol

from twisted_lab.channels.refusals import Refusals
from twisted_lab.disconnects import Disconnect, Reason
from twisted_lab.eventlog.counters import Traffic
from twisted_lab.faults.engine.link import Lane
from twisted_lab.faults.engine.pipe import Output
from twisted_lab.faults.proxies.datagram_socket import RECEIVE_BYTES, UpstreamSocket
from twisted_lab.faults.proxies.proxy import Proxy
from twisted_lab.faults.proxies.runner import Runner
from twisted_lab.faults.proxies.upstream import Upstream
from twisted_lab.peers import Peer
from twisted_lab.ports.udp_port import Address


class DatagramLink(Runner):
    """The runner of a link of datagrams.

    Args:
        proxy: The link's proxy.
        server: What receives the clients' datagrams.
        address: The client's address.
    """

    __slots__ = (
        "_address",
        "_bytes_in",
        "_bytes_out",
        "_has_answered",
        "_server",
        "_socket",
    )

    def __init__(self, proxy: Proxy, server: DatagramProxy, address: Address) -> None:
        peer = Peer.of_datagram(*address[:2])
        super().__init__(proxy, peer.host, peer.text)
        self._server = server
        self._address = address
        self._socket: UpstreamSocket | None = None
        self._has_answered = False
        self._bytes_in = self._bytes_out = 0

    def begin(self) -> None:
        """Begin."""
        proxy = self.proxy
        proxy.began(self)
        proxy.common.connections.add(self, self.link.host)
        proxy.common.events.connected(self.label)
        self._open_socket()
        self.link.open(self.clock.seconds())
        self.pump()

    def _open_socket(self) -> None:
        """Open a new socket to the upstream, and so get a new address."""
        self._close_socket()
        upstream = self._server.upstream
        host = upstream.hosts[0]
        try:
            self._socket = UpstreamSocket(self, host, upstream.target.port)
        except OSError:  # Datagrams are lost, as on a network that is down.
            upstream.try_next(host)
        else:
            upstream.reactor.addReader(self._socket)

    def _close_socket(self) -> None:
        if self._socket is not None:
            self._server.upstream.reactor.removeReader(self._socket)
            self._socket.close()
            self._socket = None

    # In

    def received(self, data: bytes) -> None:
        """Handle a datagram of the client."""
        self._bytes_in += len(data)
        if self.is_direct:
            self.link.upstream.units += 1
            self._send(data)
        else:
            self._put(self.link.upstream, data)

    def answered(self, data: bytes) -> None:
        """Handle a datagram of the upstream."""
        self._has_answered = True
        if self.is_direct:
            self.link.downstream.units += 1
            self._answer(data)
        else:
            self._put(self.link.downstream, data)

    def _put(self, lane: Lane, data: bytes) -> None:
        if self._is_finishing or lane.is_full or not self.has_room:
            self.lose(1)
        else:
            lane.send(data, self.clock.seconds())
            self.pump()

    def unanswered(self) -> None:
        """Handle that no server listens at the upstream's address."""
        upstream, own = self._server.upstream, self._socket
        if own is not None and not self._has_answered and upstream.try_next(own.host):
            self._open_socket()

    def interrupted(self) -> None:
        """Read the socket again, which an error of ICMP has interrupted."""
        if self._socket is not None:
            self._server.upstream.reactor.addReader(self._socket)
            self.unanswered()

    # Out

    def deliver(self, lane: Lane, output: Output) -> None:
        """See `Runner.deliver`."""
        if output.end is not None:
            self.abort()
        elif lane is self.link.downstream:
            self._answer(output.data)
        else:
            if output.rebinds:
                self._open_socket()
            self._send(output.data)

    def _send(self, data: bytes) -> None:
        for _ in range(2):
            if self._socket is None:
                self._open_socket()
            if self._socket is not None and self._socket.send(data):
                return
        self.lose(1)

    def _answer(self, data: bytes) -> None:
        self._bytes_out += len(data)
        self._server.transport.send(data, (self._address,))

    def settle(self, now: float) -> None:
        """See `Runner.settle`."""
        super().settle(now)
        if self._is_finishing and self.link.deadline() is None:
            self._end(Disconnect.CLOSED_BY_SERVER.reason())

    # The end

    @property
    def moved(self) -> int:
        """See `Runner.moved`."""
        return self._bytes_in + self._bytes_out + self.units

    def give_up(self) -> None:
        """See `Runner.give_up`."""
        self._end(Disconnect.NOTHING_HEARD.reason(seconds=self.proxy.common.patience))

    def abort(self) -> None:
        """See `twisted_lab.channels.Connection`."""
        self._end(Disconnect.CUT_OFF_BY_PROXY.reason())

    def _end(self, reason: Reason) -> None:
        if self.is_over:
            return
        self.end()
        self._close_socket()
        common = self.proxy.common
        self._server.forget(self._address)
        seconds = self.clock.seconds() - self.since
        common.events.disconnected(self.label, self._bytes_in, self._bytes_out, seconds, reason)
        common.connections.remove(self)

    def traffic(self) -> Traffic:
        """See `twisted_lab.channels.Connection`; units are messages."""
        link = self.link
        return Traffic(self._bytes_in, self._bytes_out, link.upstream.units, link.downstream.units)


class DatagramProxy(DatagramProtocol):
    """Passes datagrams to the link of their sender.

    Args:
        proxy: The proxy.
        upstream: The server behind it.
        is_scarce: Tells from an open descriptor whether no link may open another one.

    Attributes:
        upstream: See above.
    """

    transport: Any  # see `twisted_lab.ports.udp_port.DatagramPort`
    noisy = False

    def __init__(self, proxy: Proxy, upstream: Upstream, is_scarce: Callable[[int], bool]) -> None:
        self.upstream = upstream
        self._is_scarce = is_scarce
        self._proxy = proxy
        common = proxy.common
        self._refusals = Refusals(common.clock, common.events, common.connections)
        self._links: dict[Address, DatagramLink] = {}

    def startProtocol(self) -> None:
        """See `twisted.internet.protocol.AbstractDatagramProtocol`."""
        self.transport.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)

    def datagramReceived(self, data: bytes, addr: Address) -> None:  # type: ignore[override]
        """See `twisted.internet.protocol.AbstractDatagramProtocol`."""
        link = self._links.get(addr)
        if link is None:
            if not self._proxy.is_enabled or self._is_scarce(self.transport.fileno()):
                return
            if self._refusals.reason(*addr[:2]):
                return
            link = self._links[addr] = DatagramLink(self._proxy, self, addr)
            link.begin()
        link.received(data)

    def forget(self, address: Address) -> None:
        """Handle the end of a link."""
        self._links.pop(address, None)
