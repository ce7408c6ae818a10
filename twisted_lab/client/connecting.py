"""Connection to a server, with advice if it fails."""

from __future__ import annotations

import os
from ipaddress import ip_address

from twisted.internet.abstract import isIPv6Address
from twisted.internet.endpoints import (
    HostnameEndpoint,
    TCP6ClientEndpoint,
    connectProtocol,
    wrapClientTLS,
)
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint

from twisted_lab.client.connection import ClientConnection
from twisted_lab.client.ending import Ended
from twisted_lab.client.options import ClientOptions
from twisted_lab.client.signals import Signals
from twisted_lab.client.tls import Verifier
from twisted_lab.client.tls import advice as tls_advice
from twisted_lab.interfaces import Reactor
from twisted_lab.ports.resolving import Resolver
from twisted_lab.text.command_line import as_started
from twisted_lab.text.language import _

HANDSHAKE_SECONDS = 30.0


def not_connected(server: str, why: object) -> str:
    """Return the line that says why connecting to a server, HOST:PORT, failed."""
    return _("could not connect to {server}: {reason}", server=server, reason=why)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def advice(error: Exception, options: ClientOptions, no_address: str) -> str:
    """Return one line that says why connecting failed, and what to try.

    Args:
        error: The error of the attempt.
        options: The options.
        no_address: The reason why the host has no address, if the look-up failed.
    """
    why: object = error
    server = f"{options.host}:{options.port}"
    if isinstance(error, DNSLookupError):
        why = no_address
    elif isinstance(error, ConnectTimeout):
        why = _("no answer; check host and port, and whether a firewall is in the way")
    elif isinstance(error, ConnectError) and error.osError:
        if other := options.usual_service:
            command = f"python -m twisted_lab.client {other}"
            if "host" in options.given:
                command += f" --host {options.host}"
            why = _(
                "{reason}; this is the usual port of {service}: {command}",
                reason=_(os.strerror(error.osError)).lower(),
                service=other,
                command=as_started(command),
            )
            return not_connected(server, why)
        reason, command = _(os.strerror(error.osError)).lower(), options.start_command
        if not command:
            why = _("{reason}; does your server run there, on this port?", reason=reason)
        elif "host" in options.given and not _is_here(options.host):
            why = _(
                "{reason}; does the server run there, on this port? Ask whoever runs it",
                reason=reason,
            )
        else:
            why = _(
                "{reason}; is the server running there? It is started with: {command}",
                reason=reason,
                command=command,
            )
    return not_connected(server, why)


async def connect(
    reactor: Reactor,
    options: ClientOptions,
    verifier: Verifier | None,
    connection: ClientConnection,
    signals: Signals,
) -> None:
    """Connect to the server of the options.

    Args:
        reactor: The reactor.
        options: The options.
        verifier: The verifier of the server; None without TLS.
        connection: The protocol to connect.
        signals: The signals that interrupt the attempt, and later the connection.

    Raises:
        Ended: Connecting failed, or a signal arrived.
    """
    resolver = Resolver(reactor)
    reactor.installNameResolver(resolver)
    # HostnameEndpoint drops the scope of fe80::1%eth0.
    kind = TCP6ClientEndpoint if isIPv6Address(options.host) else HostnameEndpoint
    endpoint: IStreamClientEndpoint = kind(reactor, options.host, options.port)
    if verifier is not None:
        endpoint = wrapClientTLS(verifier, endpoint)
    try:
        connecting = connectProtocol(endpoint, connection)
        signals.end = connecting.cancel
        await connecting
    except Exception as error:
        signals.check()
        raise Ended(advice(error, options, resolver.problem)) from None
    signals.end = connection.abort


async def agree_on_tls(
    clock: IReactorTime, connection: ClientConnection, verifier: Verifier, signals: Signals
) -> None:
    """Wait for the end of the TLS handshake, and verify the server.

    Raises:
        Ended: The handshake or the verification failed; the connection is aborted.
    """
    try:
        await connection.agreed.addTimeout(HANDSHAKE_SECONDS, clock)
        verifier.agreed()
    except Exception as error:
        connection.abort()
        signals.check()
        raise Ended(tls_advice(error, connection.peer, verifier.problem)) from None
