"""Peers and their addresses."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress, ISSLTransport, ITransport

from twisted_lab.text.escaping import escape

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def address_text(address: IAddress) -> str:
    """Format an address for people: ``127.0.0.1:9090``, ``[::1]:9090``, ``unix:/run/echo``.

    For an IPv4 peer of a dual-stack IPv6 port this is its IPv4 address (RFC 4291, section 2.5.5.2).
    """
    if isinstance(address, IPv4Address):
        return f"{address.host}:{address.port}"
    if isinstance(address, IPv6Address):
        mapped = ipaddress.IPv6Address(address.host).ipv4_mapped
        return f"{mapped}:{address.port}" if mapped else f"[{address.host}]:{address.port}"
    if isinstance(address, UNIXAddress):
        # The peer chooses the path of its own end, so it is escaped.
        return "unix:" + escape((address.name or b"").decode(errors="backslashreplace"))
    return escape(str(address))


def network(host: str) -> str:
    """Return the network that counts as one peer: an IPv4 address, or an IPv6 /64 network."""
    if ":" not in host:
        return host
    address = ipaddress.IPv6Address(host.partition("%")[0])
    whole = ipaddress.IPv6Network((address, 64), strict=False).network_address
    return str(address.ipv4_mapped or whole)


def read_network(text: str) -> Network:
    """Return the network that a user has given.

    Raises:
        ValueError: `text` is not a network.
    """
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(f"expected a network such as 192.168.1.0/24, not {text!r}") from None


def is_near(host: str, near: Network) -> bool:
    """Tell whether an IP address is in the network `near`, or is a loopback address."""
    return _plain(host).is_loopback or is_in(host, near)


def is_in(host: str, network: Network) -> bool:
    """Tell whether an IP address is in `network`."""
    return _plain(host) in network


def _plain(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    address = ipaddress.ip_address(host)
    return getattr(address, "ipv4_mapped", None) or address


def site(host: str) -> str:
    """Return the site of an address: an IPv4 address, or an IPv6 /48 network (RFC 6177)."""
    if ":" not in network(host):
        return network(host)
    return str(ipaddress.IPv6Network((network(host), 48), strict=False).network_address)


def site_of(label: str) -> str:
    """Return the site of an address as formatted by `address_text`."""
    if label.startswith("["):
        return site(label[1:].partition("]")[0])
    return label.rpartition(":")[0].partition(":")[0]


@dataclass(frozen=True)
class Peer:
    """The other end of a connection, or the sender of a datagram.

    Attributes:
        host: The IP address (IPv4 for an IPv4 peer of a dual-stack port); empty for a unix socket.
        port: The port; 0 for a unix socket.
        text: The address as logs show it.
        in_clear: Whether its traffic crosses a network unencrypted.
    """

    host: str
    port: int
    text: str
    in_clear: bool = False

    @classmethod
    def of(cls, transport: ITransport) -> Peer:
        """Return the peer of `transport`."""
        address = transport.getPeer()
        host = host_of(address)
        return cls(
            host,
            getattr(address, "port", 0),
            address_text(address),
            bool(host)
            and not ipaddress.ip_address(host).is_loopback
            and host != host_of(transport.getHost())
            and not ISSLTransport.providedBy(transport),
        )

    @classmethod
    def of_datagram(cls, host: str, port: int) -> Peer:
        """Return the sender of a datagram from `host` and `port`."""
        kind = IPv6Address if ":" in host else IPv4Address
        address = kind("UDP", host, port)
        host = host_of(address)
        in_clear = not ipaddress.ip_address(host).is_loopback
        return cls(host, port, address_text(address), in_clear)


def host_of(address: IAddress) -> str:
    """Return the IP address of a peer: IPv4 for an IPv4 peer of a dual-stack port, "" if none."""
    host: str = getattr(address, "host", "")
    if isinstance(address, IPv6Address):
        address6 = ipaddress.IPv6Address(host)
        host = str(address6.ipv4_mapped or address6)
    return host
