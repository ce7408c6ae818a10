"""Upstreams: the servers behind proxies."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, DNSLookupError, UserError
from twisted.internet.error import ConnectionRefusedError as ConnectRefused
from twisted.internet.interfaces import IAddress, IConnector, IProtocol
from twisted.internet.protocol import ClientFactory
from twisted.python.failure import Failure
from twisted.python.usage import UsageError

from twisted_lab.interfaces import Reactor
from twisted_lab.ports.addresses import host_and_port
from twisted_lab.ports.fast.client import connect_fast
from twisted_lab.ports.fast.poller import Poller
from twisted_lab.ports.resolving import Resolver, find_now
from twisted_lab.text.language import N_, _

CONNECT_SECONDS = 30.0
LOOK_UP_SECONDS = 1.0  # between two look-ups at least


class Target(NamedTuple):
    """The address of a server: a host and a port, or the path of a unix socket."""

    host: str
    port: int
    path: str = ""

    def __str__(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_target(text: str) -> Target:
    """Parse ``HOST:PORT``, ``[::1]:PORT`` or ``unix:/path``.

    Raises:
        UsageError: `text` is none of them.
    """
    if found := re.fullmatch("unix:(.+)", text):
        return Target("", 0, found[1])
    host, port = host_and_port(text)
    if not port:
        raise UsageError(
            _("a server is HOST:PORT, [::1]:PORT or unix:/path, not {text!r}", text=text)
        )
    return Target(host, port)


class Upstream:
    """The server behind a proxy, with its IP addresses.

    Args:
        reactor: The reactor.
        target: The server's address.
        poller: The loop for fast transports; None for Twisted's own transports.

    Attributes:
        reactor: See above.
        target: See above.
        poller: See above.
        hosts: The server's IP addresses; those of IPv4 first, as most servers listen on IPv4.
    """

    def __init__(self, reactor: Reactor, target: Target, poller: Poller | None = None) -> None:
        self.reactor = reactor
        self.target = target
        self.hosts = [target.host]
        self.poller = poller
        self._looked_up = float("-inf")

    @property
    def _has_name(self) -> bool:
        host = self.target.host
        return bool(host) and not isIPAddress(host) and not isIPv6Address(host)

    def look_up_now(self) -> None:
        """Look up the IP addresses, and block meanwhile: for the start of the process.

        Raises:
            DNSLookupError: The host has no address; the text says why.
        """
        if self._has_name:
            self._use(find_now(self.target.host))

    def _use(self, found: list[str]) -> None:
        self.hosts = sorted(found, key=lambda each: ":" in each)

    def look_up_again(self) -> None:
        """Look up the IP addresses in the background, as the server was not there."""
        now = self.reactor.seconds()
        if not self._has_name or now < self._looked_up + LOOK_UP_SECONDS:
            return

        async def look_up() -> None:
            with suppress(DNSLookupError):  # Earlier addresses stay.
                self._use(await Resolver(self.reactor).find(self.target.host))
            self._looked_up = self.reactor.seconds()

        self._looked_up = float("inf")
        Deferred.fromCoroutine(look_up())

    def try_next(self, host: str) -> bool:
        """Let further links use another address than `host`; return whether there is one."""
        if self.hosts[0] == host:
            self.hosts.append(self.hosts.pop(0))
            self.look_up_again()
        return self.hosts[0] != host

    def connect(self, protocol: IProtocol, failed: Callable[[str], object]) -> Dialer:
        """Connect a stream to the first address that accepts it.

        Args:
            protocol: The protocol to connect.
            failed: Called with the reason if no address accepts.
        """
        dialer = Dialer(self, protocol, failed)
        dialer.dial()
        return dialer

    def connect_stream(self, host: str, factory: ClientFactory) -> IConnector:
        """Begin to connect a stream to one of the addresses."""
        reactor: Any = self.reactor  # whose types for factories are too narrow
        connector: IConnector
        if self.target.path:
            connector = reactor.connectUNIX(self.target.path, factory, CONNECT_SECONDS)
        elif self.poller is None:
            connector = reactor.connectTCP(host, self.target.port, factory, CONNECT_SECONDS)
        else:
            connector = connect_fast(self.poller, host, self.target.port, factory, CONNECT_SECONDS)
        return connector


class Dialer(ClientFactory):
    """Connects one link to its upstream, trying the addresses in turn."""

    noisy = False

    def __init__(
        self, upstream: Upstream, protocol: IProtocol, failed: Callable[[str], object]
    ) -> None:
        self._upstream = upstream
        self._protocol = protocol
        self._failed = failed
        self._hosts = list(upstream.hosts)
        self._connector: IConnector | None = None

    def dial(self) -> None:
        """Connect to the next address."""
        self._connector = self._upstream.connect_stream(self._hosts.pop(0), self)

    def stop(self) -> None:
        """Stop connecting."""
        if self._connector is not None:
            self._connector.stopConnecting()

    def buildProtocol(self, addr: IAddress | None) -> IProtocol:  # type: ignore[override]
        """See `twisted.internet.interfaces.IProtocolFactory`."""
        self._connector = None
        return self._protocol

    def clientConnectionFailed(self, connector: IConnector, reason: Failure) -> None:
        """See `twisted.internet.protocol.ClientFactory`."""
        self._connector = None
        if reason.check(UserError):  # `stop` was called
            return
        if self._hosts:
            self.dial()
        else:
            self._upstream.look_up_again()
            self._failed(_why(reason))


def _why(reason: Failure) -> str:
    error = reason.value
    if isinstance(error, ConnectRefused):
        return N_("no server listens there")
    if isinstance(error, ConnectError) and error.osError:
        return os.strerror(error.osError)  # without Twisted's sentence and the number around it
    return " ".join(reason.getErrorMessage().split())
