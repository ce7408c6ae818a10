"""UDP ports that reply from the address the client used, and support link-local scopes."""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Iterable
from functools import lru_cache

from twisted.internet import udp
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IReactorTime
from twisted.python import log

from twisted_lab.ports.addresses import socket_address

LARGEST_DATAGRAM = 65_536  # bytes
IP_PKTINFO = 8  # Linux's; Python 3.11 has no name for it
_IPV4_INFO = struct.Struct("=i4s4s")  # ip(7): interface, local address, destination address
_IPV6_INFO = struct.Struct("=16sI")  # RFC 3542, section 6: destination address, interface
_INFO_SPACE = socket.CMSG_SPACE(_IPV4_INFO.size) + socket.CMSG_SPACE(_IPV6_INFO.size)
_NO_INTERFACE = 0
# Bounded, because clients choose the local address, and a machine may own a whole network.
_MOST_CACHED = 1024
# Limits of one turn of the reactor.
DATAGRAMS_A_TURN = 256
TURN_SECONDS = 0.005

Ancillary = tuple[tuple[int, int, bytes], ...]
SocketAddress = tuple[str, int] | tuple[str, int, int, int]
Address = tuple[str, int, SocketAddress, Ancillary]


@lru_cache(_MOST_CACHED)
def reply_ancillary(level: int, kind: int, info: bytes) -> Ancillary:
    """Return the ancillary data of a reply whose source is the address that the client used.

    The routing table chooses the interface, except for a link-local source.

    Args:
        level: The level of the packet information that `recvmsg` returned.
        kind: Its type.
        info: Its data.
    """
    if level == socket.IPPROTO_IP:
        _, local, _ = _IPV4_INFO.unpack(info)
        return ((level, kind, _IPV4_INFO.pack(_NO_INTERFACE, local, bytes(4))),)
    local, interface = _IPV6_INFO.unpack(info)
    address = ipaddress.IPv6Address(local)
    if address.is_multicast:
        return ()  # A group cannot be a source, so the kernel chooses one.
    if not address.is_link_local:
        interface = _NO_INTERFACE
    return ((level, kind, _IPV6_INFO.pack(local, interface)),)


def scoped_host(address: SocketAddress) -> str:
    """Return the host of a socket address, with its scope if it is link-local: ``fe80::1%eth0``.

    The scope is the interface's name, because its index may change on a restart of the machine.
    """
    if any(address[3:]):
        return socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0]
    return address[0]


class _Socket(socket.socket):
    """A socket that accepts Twisted's addresses, host and port; the host may have a scope."""

    def bind(self, address: object, /) -> None:
        assert isinstance(address, tuple)
        try:
            super().bind(socket_address(*address))
        except OSError:
            self.close()  # Twisted would leave that to the garbage collector.
            raise

    def connect(self, address: object, /) -> None:
        assert isinstance(address, tuple)
        super().connect(socket_address(*address))


class ScopedPort(udp.Port):
    """A UDP port that, unlike Twisted's, keeps the scope of link-local addresses."""

    def createInternetSocket(self) -> socket.socket:
        """See `twisted.internet.udp.Port`."""
        made = _Socket(self.addressFamily, self.socketType)
        made.setblocking(False)
        return made

    def getHost(self) -> IPv4Address | IPv6Address:
        """See `twisted.internet.interfaces.IUDPTransport`."""
        address = self.socket.getsockname()
        kind = IPv6Address if self.addressFamily == socket.AF_INET6 else IPv4Address
        return kind("UDP", scoped_host(address), address[1])


class DatagramPort(ScopedPort):
    """A server's UDP port, which replies from the local address that the client used.

    On a socket bound to a wildcard address, the kernel would choose the source address by route. A
    client with a connected socket drops a reply from an address that it did not use.

    `datagramReceived` of the protocol gets, and `send` accepts, addresses of four parts: the peer's
    host and port, its socket address, and the ancillary data of a reply.
    """

    def createInternetSocket(self) -> socket.socket:
        """See `twisted.internet.udp.Port`."""
        made = super().createInternetSocket()
        self._seconds = IReactorTime(self.reactor).seconds
        self._is_wildcard = ipaddress.ip_address(self.interface).is_unspecified
        if self._is_wildcard:
            made.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
            if self.addressFamily == socket.AF_INET6:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        return made

    def doRead(self) -> None:
        """See `twisted.internet.interfaces.IReadDescriptor`."""
        seconds = self._seconds
        end = seconds() + TURN_SECONDS
        for _ in range(DATAGRAMS_A_TURN):
            if seconds() >= end:
                return
            try:
                data, told, _, peer = self.socket.recvmsg(self.maxPacketSize, _INFO_SPACE)
            except BlockingIOError:
                return
            # For an IPv4 datagram an IPv6 socket returns both kinds, IPv4 last. Only the IPv4 kind
            # has a valid source for a reply to a broadcast.
            source = reply_ancillary(*told[-1]) if told else ()
            try:
                self.protocol.datagramReceived(data, (scoped_host(peer), peer[1], peer, source))
            except Exception:
                log.err()

    def send(self, data: bytes, addresses: Iterable[Address]) -> None:
        """Send a datagram to each address; one that the kernel refuses counts as lost."""
        if self._is_wildcard:
            sendmsg, buffers = self.socket.sendmsg, (data,)
            for _, _, peer, source in addresses:
                try:
                    sendmsg(buffers, source, 0, peer)
                except OSError:
                    continue
        else:
            # sendto is faster, and the source is always the socket's own address.
            sendto = self.socket.sendto
            for _, _, peer, _ in addresses:
                try:
                    sendto(data, peer)
                except OSError:
                    continue
