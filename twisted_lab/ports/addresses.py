"""Ports and interfaces as people give them, and errors about those that do not work."""

from __future__ import annotations

import errno
import ipaddress
import socket

from twisted.python.usage import UsageError

ALL_IPV4 = str(ipaddress.IPv4Address(0))


def port_number(text: str) -> int:
    """Read a TCP or UDP port number, 0 to 65535.

    Raises:
        UsageError: It is not one.
    """
    # int() would also take "+1", "1_0" and digits of other scripts.
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        raise UsageError(f"a port is a number from 0 to 65535, not {text!r}")
    return int(text)


def interface_address(text: str) -> str:
    """Read the IPv4 or IPv6 address of an interface.

    An IPv4 address in the form of an IPv6 one (RFC 4291, section 2.5.5.2) becomes an IPv4 address.

    Raises:
        UsageError: It is not one.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise UsageError(
            f"an interface is an IP address such as 127.0.0.1, {ALL_IPV4} (all IPv4) or "
            f":: (all IPv6 and IPv4), not {text!r}"
        ) from None
    check_scope(address)
    return str(getattr(address, "ipv4_mapped", None) or address)


def check_scope(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """Check that a link-local IPv6 address has a scope, which is an interface (RFC 4007).

    Raises:
        UsageError: It has none, or there is no such interface.
    """
    if not isinstance(address, ipaddress.IPv6Address):
        return
    if address.is_link_local and not address.scope_id:
        raise UsageError(
            f"{address} is a link-local address: say on which interface, as in {address}%eth0"
        )
    try:
        socket_address(str(address), 0)
    except socket.gaierror:
        host, _, interface = str(address).partition("%")
        raise UsageError(f"there is no interface {interface} for {host}") from None


def socket_address(host: str, port: int) -> tuple[str | int | bytes, ...]:
    """Return the address that a socket takes; the scope of ``fe80::1%eth0`` is a number there.

    Raises:
        socket.gaierror: There is no such interface.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)
    return found[0][4]


def bind_problem(error: OSError, interface: str, port: int, option: str = "--port") -> str:
    """Explain why `interface` and `port` cannot be listened on, and what can, by which option."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is busy: choose another one with {option}, or 0 for any free one"
    if error.errno == errno.EACCES:
        return f"port {port} is privileged: choose one from 1024 up, or run it with the right to"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{interface} is not an address of this machine"
    if isinstance(error, socket.gaierror):
        return f"{interface} is not an address of this machine"
    return error.strerror or str(error)


def check_bindable(interface: str, port: int) -> None:
    """Check whether this user, on this machine, may listen there; a busy port counts as yes.

    Raises:
        UsageError: It cannot be listened on, and why.
    """
    family = socket.AF_INET6 if ":" in interface else socket.AF_INET
    try:
        with socket.socket(family) as trial:
            trial.bind(socket_address(interface, port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise UsageError(bind_problem(error, interface, port)) from None
