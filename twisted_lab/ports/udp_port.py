"""UDP ports that reply from the address the client used, and keep the scope of link-local ones."""

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
# Peers choose the local address, and a machine may have a whole network of them.
_MOST_CACHED = 1024
# At most 256 datagrams are read in one turn of the reactor, so that others have their turn.
DATAGRAMS_A_TURN = 256
TURN_SECONDS = 0.005

Ancillary = tuple[tuple[int, int, bytes], ...]
SocketAddress = tuple[str, int] | tuple[str, int, int, int]
Address = tuple[str, int, SocketAddress, Ancillary]


@lru_cache(_MOST_CACHED)
def reply_ancillary(level: int, kind: int, info: bytes) -> Ancillary:
    """Return the ancillary data of a reply, whose source is the address that the client used.

    The interface is left to the routing table, except that of a link-local source.

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
        return ()  # No source can be a group: the kernel chooses one.
    if not address.is_link_local:
        interface = _NO_INTERFACE
    return ((level, kind, _IPV6_INFO.pack(local, interface)),)


def scoped_host(address: SocketAddress) -> str:
    """Return the host of a socket's address, with the scope of a link-local one: ``fe80::1%eth0``.

    The scope is the interface's name, because its index may change when the machine restarts.
    """
    if any(address[3:]):
        return socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0]
    return address[0]


class _Socket(socket.socket):
    """Takes host and port, as Twisted gives them; the host may have a scope."""

    def bind(self, address: object, /) -> None:
        assert isinstance(address, tuple)
        try:
            super().bind(socket_address(*address))
        except OSError:
            self.close()  # Twisted's port leaves it to the garbage collector.
            raise

    def connect(self, address: object, /) -> None:
        assert isinstance(address, tuple)
        super().connect(socket_address(*address))


class ScopedPort(udp.Port):
    """A UDP port for link-local addresses too: Twisted's drops the scope of ``fe80::1%eth0``."""

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
    """A server's UDP port: it replies from the local address that the client used.

    On a socket that is bound to a wildcard address the kernel would choose the route's source
    address, and the connected socket of a client that used another one would drop the reply.

    Its protocol gets, and `send` takes, addresses of four parts: the peer's host and port, its
    address as the socket returned it, and the ancillary data of a reply.
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
            # For an IPv4 datagram an IPv6 socket returns both kinds, IPv4's last. Only that one
            # has a source for the reply to a broadcast.
            source = reply_ancillary(*told[-1]) if told else ()
            try:
                self.protocol.datagramReceived(data, (scoped_host(peer), peer[1], peer, source))
            except Exception:
                log.err()

    def send(self, data: bytes, addresses: Iterable[Address]) -> None:
        """Send a datagram to each address; one that the kernel refuses is as good as lost."""
        if self._is_wildcard:
            sendmsg, buffers = self.socket.sendmsg, (data,)
            for _, _, peer, source in addresses:
                try:
                    sendmsg(buffers, source, 0, peer)
                except OSError:
                    continue
        else:
            # It is faster, and the only source is the socket's own address.
            sendto = self.socket.sendto
            for _, _, peer, _ in addresses:
                try:
                    sendto(data, peer)
                except OSError:
                    continue
