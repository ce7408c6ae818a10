"""The sandbox's own network: every address is local, and what is sent leads to a listener."""

from __future__ import annotations

import fcntl
import socket
import struct
from pathlib import Path

from .netlink import ACKNOWLEDGE, CREATE, attribute, message, nested, send

NETLINK_ROUTE, NETLINK_NETFILTER = 0, 12
MARK = 0x746C  # on the checker's own sockets, whose connections are not redirected

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_LOOPBACK_INDEX = 1
_NEW_ROUTE, _LOCAL_TABLE, _BOOT, _HOST_SCOPE, _LOCAL_ROUTE, _RTA_OIF = 24, 255, 3, 254, 2, 4
_NFT, _NEW_TABLE, _NEW_CHAIN, _NEW_RULE = 10 << 8, 0, 3, 6
_BATCH_BEGIN, _BATCH_END = 16, 17
_INET = 1  # netfilter's family for IPv4 and IPv6
_OUTPUT_HOOK, _NAT_PRIORITY = 3, -100
_META_MARK, _META_PROTOCOL = 3, 16
_EQUAL, _UNEQUAL = 0, 1
# The least, the first and the largest size in bytes: small, so that a test soon fills them.
_BUFFERS = (("tcp_rmem", "4096 65536 131072"), ("tcp_wmem", "4096 16384 32768"))
_REGISTER = 8  # the first one of 4 bytes
# Base (the header of TCP or UDP), offset and length.
_DESTINATION_PORT = attribute(2, 2), attribute(3, 2), attribute(4, 2)
_DNS = 53


def make_local() -> None:
    """Start the loopback interface, and make all addresses of IPv4 and IPv6 this host's own.

    Raises:
        OSError: The kernel refused it.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        request = fcntl.ioctl(channel, _SIOCGIFFLAGS, struct.pack("16sh14x", b"lo", 0))
        flags = struct.unpack_from("16sh", request)[1] | _IFF_UP
        fcntl.ioctl(channel, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags))
    _add_local_route(socket.AF_INET)
    # As on a student's Windows: a server may use port 80.
    Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").write_text("0")
    for name, sizes in _BUFFERS:
        Path("/proc/sys/net/ipv4", name).write_text(sizes)
    if has_ipv6():
        _add_local_route(socket.AF_INET6)


def has_ipv6() -> bool:
    """Whether the kernel has IPv6, and ::1 is an address."""
    file = Path("/proc/net/if_inet6")
    return file.exists() and bool(file.read_text())


def _add_local_route(family: int) -> None:
    scope = _HOST_SCOPE if family == socket.AF_INET else 0
    route = struct.pack("8BI", family, 0, 0, 0, _LOCAL_TABLE, _BOOT, scope, _LOCAL_ROUTE, 0)
    out = attribute(_RTA_OIF, struct.pack("I", _LOOPBACK_INDEX))
    send(NETLINK_ROUTE, message(_NEW_ROUTE, ACKNOWLEDGE | CREATE, route + out))


def _nft(*changes: tuple[int, bytes]) -> None:
    """Change netfilter's tables in one transaction."""
    header = struct.pack(">BBH", _INET, 0, 0)
    border = struct.pack(">BBH", 0, 0, 10)
    flags = [CREATE] * (len(changes) - 1) + [CREATE | ACKNOWLEDGE]
    send(
        NETLINK_NETFILTER,
        message(_BATCH_BEGIN, 0, border),
        *(
            message(_NFT | kind, flag, header + content)
            for (kind, content), flag in zip(changes, flags, strict=True)
        ),
        message(_BATCH_END, 0, border),
    )


def prepare_redirection() -> None:
    """Add a chain for connections that are made here, still without a rule.

    Raises:
        OSError: The kernel has no netfilter, or no NAT.
    """
    hook = nested(4, attribute(1, _OUTPUT_HOOK), attribute(2, struct.pack(">i", _NAT_PRIORITY)))
    chain = attribute(1, "checker") + attribute(3, "output") + hook + attribute(7, "nat")
    _nft((_NEW_TABLE, attribute(1, "checker")), (_NEW_CHAIN, chain))


def redirect(protocol: int, port: int) -> None:
    """Lead each TCP connection, or datagram, of a program to `port`, whatever address it names.

    The same as ``meta mark != MARK meta l4proto tcp th dport != 53 redirect to :PORT`` of the
    command nft: the sandbox has no name server.

    Args:
        protocol: IPPROTO_TCP or IPPROTO_UDP.
        port: The port of the listener.

    Raises:
        OSError: The kernel refused it.
    """
    rule = nested(
        4,
        _expression("meta", attribute(1, _REGISTER), attribute(2, _META_MARK)),
        _compare(_UNEQUAL, struct.pack("I", MARK)),
        _expression("meta", attribute(1, _REGISTER), attribute(2, _META_PROTOCOL)),
        _compare(_EQUAL, bytes([protocol])),
        _expression("payload", attribute(1, _REGISTER), *_DESTINATION_PORT),
        _compare(_UNEQUAL, struct.pack(">H", _DNS)),
        _expression(
            "immediate",
            attribute(1, _REGISTER),
            nested(2, attribute(1, struct.pack(">H", port))),
        ),
        _expression("redir", attribute(1, _REGISTER)),
    )
    _nft((_NEW_RULE, attribute(1, "checker") + attribute(2, "output") + rule))


def _expression(name: str, *parts: bytes) -> bytes:
    return nested(1, attribute(1, name), nested(2, *parts))


def _compare(operator: int, value: bytes) -> bytes:
    register = attribute(1, _REGISTER)
    return _expression("cmp", register, attribute(2, operator), nested(3, attribute(1, value)))
