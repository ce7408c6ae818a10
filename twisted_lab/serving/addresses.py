"""Ports and interfaces as people give them, and what is wrong with the ones that do not work."""

from __future__ import annotations

import errno
import ipaddress
import socket

from twisted.python.usage import UsageError

ALL_IPV4 = "0.0.0.0"  # noqa: S104 (a service is for others)


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

    Raises:
        UsageError: It is not one.
    """
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise UsageError(
            f"an interface is an IP address such as 127.0.0.1, {ALL_IPV4} (all IPv4) or "
            f":: (all IPv6 and IPv4), not {text!r}"
        ) from None


def bind_problem(error: OSError, interface: str, port: int) -> str:
    """Explain why `interface` and `port` cannot be listened on, and what can."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is busy: choose another one with --port, or 0 for any free one"
    if error.errno == errno.EACCES:
        return f"port {port} is privileged: choose one from 1024 up, or run it with the right to"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{interface} is not an address of this machine"
    if isinstance(error, socket.gaierror):
        return f"{interface} is not an address of this machine"
    return error.strerror or str(error)


def check_bindable(interface: str, port: int) -> None:
    """See whether this user, on this machine, may listen there; a busy port counts as yes.

    Raises:
        UsageError: It cannot be listened on, and why.
    """
    family = socket.AF_INET6 if ":" in interface else socket.AF_INET
    try:
        with socket.socket(family) as trial:
            trial.bind((interface, port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise UsageError(bind_problem(error, interface, port)) from None
