"""Clients behind a proxy that names them, by HAProxy's PROXY protocol, version 1 or 2."""

from __future__ import annotations

import ipaddress
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IProtocolFactory,
    IReactorTime,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.haproxy._wrapper import HAProxyProtocolWrapper
from twisted.protocols.policies import WrappingFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_lab.channels import cancel
from twisted_lab.channels.idleness import LOOK_AGAIN_SECONDS, may_look_again
from twisted_lab.disconnects import Disconnect, Reason
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.peers import address_text

# A proxy sends the header first, within this many seconds.
HEADER_SECONDS = 10.0
# The longest header of version 1. Those of version 2 carry their length, and may be as long as a
# proxy may have use for.
LONGEST_LINE = 107
LONGEST_HEADER = 4096
# The beginning of a version 2 header, and the size of it up to and including the length.
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
FIXED = 16
# The specification has this one, but Twisted's parser wants a space behind it.
UNKNOWN = b"PROXY UNKNOWN\r\n"


def header_size(data: bytes) -> int | None:
    """Return the size of the header that `data` begins with.

    Returns:
        The size; None if there is more of it to come, 0 if it cannot be a header.
    """
    if data.startswith(SIGNATURE[: len(data)]):
        if len(data) < FIXED:
            return None
        size = FIXED + int.from_bytes(data[FIXED - 2 : FIXED], "big")
        if size > LONGEST_HEADER:
            return 0
        return size if size <= len(data) else None
    if not data.startswith(b"PROXY"[: len(data)]):
        return 0
    end = data.find(b"\r\n", 0, LONGEST_LINE)
    if end >= 0:
        return end + 2
    return None if len(data) < LONGEST_LINE else 0


@implementer(IHalfCloseableProtocol)
class ProxiedConnection(HAProxyProtocolWrapper):
    """Twisted's wrapper, which here sends nothing to the client before the header names it.

    A peer that does not speak the PROXY protocol is cut off.
    """

    factory: ProxiedFactory
    transport: Any  # ITCPTransport
    wrappedProtocol: Any

    def __init__(self, factory: ProxiedFactory, protocol: Any) -> None:
        super().__init__(factory, Protocol())
        self._protocol = protocol
        self._received = b""
        self._is_refused = False

    def makeConnection(self, transport: Any) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        super().makeConnection(transport)
        self._patience = self.factory.clock.callLater(HEADER_SECONDS, self._look)

    def _look(self, looks: int = 0) -> None:
        if may_look_again(self.transport, looks, HEADER_SECONDS):
            self._patience = self.factory.clock.callLater(LOOK_AGAIN_SECONDS, self._look, looks + 1)
        else:
            self._cut_off(Disconnect.NO_HEADER_IN_TIME.reason(seconds=HEADER_SECONDS))

    def dataReceived(self, data: bytes) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        if self._is_known:
            self.wrappedProtocol.dataReceived(data)
            return
        if self._is_refused:
            return
        self._received += data
        size = header_size(self._received)
        if size is None:
            return
        if not size:
            self.loseConnection()
            return
        header, rest = self._received[:size], self._received[size:]
        try:
            super().dataReceived(b"PROXY UNKNOWN \r\n" if header == UNKNOWN else header)
            for address in (self.getPeer(), self.getHost()):
                if isinstance(address, IPv4Address):
                    ipaddress.IPv4Address(address.host)
                elif isinstance(address, IPv6Address):
                    ipaddress.IPv6Address(address.host)
        except Exception:
            # Twisted's parsers check little, and may raise any exception.
            self.loseConnection()
        if self._proxyInfo is None:
            self.loseConnection()
        if not self._is_refused:
            self._begin(rest)

    def loseConnection(self) -> None:
        """Close; Twisted's wrapper does it when it does not understand the header."""
        if self._is_known:
            super().loseConnection()
        else:
            self._cut_off(Disconnect.NO_HEADER.reason())

    def _cut_off(self, reason: Reason) -> None:
        if self._is_refused:
            return
        self._is_refused = True
        self.factory.events.hung_up(address_text(self.transport.getPeer()), reason)
        self.transport.abortConnection()

    @property
    def _is_known(self) -> bool:
        return self.wrappedProtocol is self._protocol

    def _begin(self, rest: bytes) -> None:
        cancel(self._patience)
        self.wrappedProtocol = self._protocol
        self._protocol.makeConnection(self)
        if rest:
            self._protocol.dataReceived(rest)

    def readConnectionLost(self) -> None:
        """The client sends no more."""
        # By its class: Twisted's TLS says of itself that it provides whatever its transport does.
        if IHalfCloseableProtocol.implementedBy(type(self.wrappedProtocol)):
            self.wrappedProtocol.readConnectionLost()
        else:
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Our sending side is shut down, which only a protocol that knows of it does."""
        self.wrappedProtocol.writeConnectionLost()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        cancel(self._patience)
        super().connectionLost(reason)


class ProxiedFactory(WrappingFactory[ProxiedConnection]):
    """Builds what another factory builds, for clients that come through a proxy."""

    noisy = False
    protocol = ProxiedConnection

    def __init__(
        self, factory: IProtocolFactory, clock: IReactorTime, events: ServiceEvents
    ) -> None:
        super().__init__(factory)
        self.clock = clock
        self.events = events
