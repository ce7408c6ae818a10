"""Ports, interfaces and hosts in options, and messages about unusable ones."""

from __future__ import annotations

import errno
import ipaddress
import re
import socket
from contextlib import suppress

from twisted.python.usage import UsageError

from twisted_lab.text.language import N_, Message, _
from twisted_lab.text.system_errors import reason_of

ALL_IPV4 = str(ipaddress.IPv4Address(0))
# host:9090 or [::1]:9090, as URLs have it (RFC 3986, section 3.2.2); [::1] alone is a host.
_WITH_PORT = re.compile(r"(?:\[(?P<ipv6>[^\[\]]+)\]|(?P<name>[^:\[\]]+))(?::(?P<port>[^:]+))?")


def port_number(text: str) -> int:
    """Parse a TCP or UDP port number, 0 to 65535.

    Raises:
        UsageError: `text` is not a port number.
    """
    # int() would also accept "+1", "1_0" and digits of other scripts.
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        raise UsageError(_("a port is a number from 0 to 65535, not {text!r}", text=text))
    return int(text)


def server_port(text: str) -> int:
    """Parse the number of a port to connect to.

    Raises:
        UsageError: The text is not a number from 1 to 65535.
    """
    with suppress(UsageError):
        if number := port_number(text):
            return number
    raise UsageError(_("a port to connect to is a number from 1 to 65535, not {text!r}", text=text))


def host_name(text: str) -> str:
    """Parse a host name or an IP address; a link-local one needs a scope: ``fe80::1%eth0``.

    Raises:
        UsageError: The text is neither of them, or the interface in the scope does not exist.
    """
    try:
        check_scope(ipaddress.ip_address(text))
    except ValueError:
        if not _is_name(text):
            raise UsageError(
                _("a host is a name or an IP address, such as localhost, not {text!r}", text=text)
            ) from None
    return text


def _is_name(text: str) -> bool:
    try:
        text.encode("idna")  # as getaddrinfo() does
    except UnicodeError:
        return False
    return bool(text) and text.isprintable() and not any(char in text for char in " /:[]")


def host_and_port(text: str) -> tuple[str, int]:
    """Parse a host with an optional port: ``localhost:9090``, ``[::1]:9090``.

    Returns:
        The host, and the port; 0 if the text has no port.

    Raises:
        UsageError: The host or the port is invalid.
    """
    parts = _WITH_PORT.fullmatch(text)
    if parts is None:
        return host_name(text), 0  # IPv6 without brackets, or invalid
    port = server_port(parts["port"]) if parts["port"] is not None else 0
    return host_name(parts["ipv6"] or parts["name"]), port


def interface_address(text: str) -> str:
    """Parse the IPv4 or IPv6 address of an interface.

    An IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2) becomes an IPv4 address.

    Raises:
        UsageError: `text` is not an address, or its scope is missing or unknown.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise UsageError(
            _(
                "an interface is an IP address such as 127.0.0.1, {all} (all IPv4) or "
                ":: (all IPv6 and IPv4), not {text!r}",
                all=ALL_IPV4,
                text=text,
            )
        ) from None
    check_scope(address)
    return str(getattr(address, "ipv4_mapped", None) or address)


def check_scope(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """Check that the scope of a link-local IPv6 address (RFC 4007) is an existing interface.

    Raises:
        UsageError: The address has no scope, or there is no such interface.
    """
    if not isinstance(address, ipaddress.IPv6Address):
        return
    if address.is_link_local and not address.scope_id:
        raise UsageError(
            _(
                "{address} is a link-local address: say on which interface, as in {address}%eth0",
                address=address,
            )
        )
    try:
        socket_address(str(address), 0)
    except socket.gaierror:
        host, _percent, interface = str(address).partition("%")
        raise UsageError(
            _("there is no interface {interface} for {host}", interface=interface, host=host)
        ) from None


def socket_address(host: str, port: int) -> tuple[str | int | bytes, ...]:
    """Return the address for a socket, in which the scope of ``fe80::1%eth0`` is a number.

    Raises:
        socket.gaierror: There is no such interface.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)
    return found[0][4]


def bind_problem(error: OSError, interface: str, port: int, option: str = "--port") -> Message:
    """Return why listening on `interface` and `port` failed; `option` chooses another port."""
    if error.errno == errno.EADDRINUSE:
        return N_(
            "port {port} is busy: choose another one with {option}, or 0 for any free one",
            port=port,
            option=option,
        )
    if error.errno == errno.EACCES:
        return N_(
            "port {port} is privileged: choose one from 1024 up, or run it with the right to",
            port=port,
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return N_("{interface} is not an address of this machine", interface=interface)
    if isinstance(error, socket.gaierror):
        return N_("{interface} is not an address of this machine", interface=interface)
    return reason_of(error)


def check_bindable(interface: str, port: int) -> None:
    """Check that this user can listen on `interface` and `port`; a busy port passes.

    Raises:
        UsageError: The user cannot listen there; the text says why.
    """
    family = socket.AF_INET6 if ":" in interface else socket.AF_INET
    try:
        with socket.socket(family) as trial:
            trial.bind(socket_address(interface, port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise UsageError(_(bind_problem(error, interface, port))) from None
