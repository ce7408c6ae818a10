"""Parsers for server addresses typed by users."""

from __future__ import annotations

import ipaddress
import re

from twisted.python.usage import UsageError

from twisted_lab.ports.addresses import check_scope
from twisted_lab.serving import port_number

# host:9090 or [::1]:9090, as URLs have it (RFC 3986, section 3.2.2); [::1] alone is a host.
_WITH_PORT = re.compile(r"(?:\[(?P<ipv6>[^\[\]]+)\]|(?P<name>[^:\[\]]+))(?::(?P<port>[^:]+))?")


def server_port(text: str) -> int:
    """Parse the number of a port to connect to.

    Raises:
        UsageError: The text is not a number from 1 to 65535.
    """
    number = port_number(text)
    if not number:
        raise UsageError("a port to connect to is a number from 1 to 65535, not '0'")
    return number


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
                f"a host is a name or an IP address, such as localhost, not {text!r}"
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
