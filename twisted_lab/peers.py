"""Addresses of peers."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress, ISSLTransport, ITransport

from twisted_lab.text.escaping import escape


def address_text(address: IAddress) -> str:
    """Write an address as people read it: ``127.0.0.1:9090``, ``[::1]:9090``, ``unix:/run/echo``.

    An IPv4 peer of a dual-stack IPv6 port is shown by its IPv4 address.
    """
    if isinstance(address, IPv4Address):
        return f"{address.host}:{address.port}"
    if isinstance(address, IPv6Address):
        mapped = ipaddress.IPv6Address(address.host).ipv4_mapped
        return f"{mapped}:{address.port}" if mapped else f"[{address.host}]:{address.port}"
    if isinstance(address, UNIXAddress):
        # A peer chooses the path that it binds its own end to.
        return "unix:" + escape((address.name or b"").decode(errors="backslashreplace"))
    return escape(str(address))


def network(host: str) -> str:
    """Return the network of an address: an IPv6 network of 64 bits counts as one peer."""
    if ":" not in host:
        return host
    address = ipaddress.IPv6Address(host.partition("%")[0])
    whole = ipaddress.IPv6Network((address, 64), strict=False).network_address
    return str(address.ipv4_mapped or whole)


def site(host: str) -> str:
    """Return the site of an address: an IPv6 site has 48 bits (RFC 6177, section 2)."""
    if ":" not in network(host):
        return network(host)
    return str(ipaddress.IPv6Network((network(host), 48), strict=False).network_address)


def site_of(label: str) -> str:
    """Return the site of an address that `address_text` has written."""
    if label.startswith("["):
        return site(label[1:].partition("]")[0])
    return label.rpartition(":")[0].partition(":")[0]


@dataclass(frozen=True)
class Peer:
    """The other end of a connection, or of a datagram.

    Attributes:
        host: Its IP address (IPv4 for an IPv4 peer of a dual-stack port); empty for a unix socket.
        port: Its port; 0 for a unix socket.
        text: Its address, as logs show it.
        in_clear: Whether others on a network can read its messages and the answers.
    """

    host: str
    port: int
    text: str
    in_clear: bool = False

    @classmethod
    def of(cls, transport: ITransport) -> Peer:
        """Return the peer of `transport`."""
        address = transport.getPeer()
        host = _host(address)
        return cls(
            host,
            getattr(address, "port", 0),
            address_text(address),
            bool(host)
            and not ipaddress.ip_address(host).is_loopback
            and host != _host(transport.getHost())
            and not ISSLTransport.providedBy(transport),
        )

    @classmethod
    def of_datagram(cls, host: str, port: int) -> Peer:
        """Return the peer that has sent a datagram from `host` and `port`."""
        kind = IPv6Address if ":" in host else IPv4Address
        address = kind("UDP", host, port)
        host = _host(address)
        in_clear = not ipaddress.ip_address(host).is_loopback
        return cls(host, port, address_text(address), in_clear)


def _host(address: IAddress) -> str:
    host: str = getattr(address, "host", "")
    if isinstance(address, IPv6Address):
        address6 = ipaddress.IPv6Address(host)
        host = str(address6.ipv4_mapped or address6)
    return host
