"""Listeners: TCP and UDP ports, endpoints and adopted sockets."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, execute, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import (
    IAddress,
    IListeningPort,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
)
from twisted.internet.protocol import DatagramProtocol
from twisted.internet.tcp import Port, Server
from twisted.internet.unix import Server as UNIXServer
from twisted.python.failure import Failure
from twisted.python.reflect import qual

from twisted_lab.peers import address_text
from twisted_lab.ports.addresses import bind_problem
from twisted_lab.ports.endpoints import cannot_listen
from twisted_lab.ports.fast.poller import Poller
from twisted_lab.ports.fast.transport import ImmediateServer
from twisted_lab.ports.file_reserve import FileReserve
from twisted_lab.ports.udp_port import LARGEST_DATAGRAM, DatagramPort
from twisted_lab.text.language import N_

# Connections that the kernel's queue holds. If a burst overflows it, clients lose a second until
# TCP retransmits their SYN.
BACKLOG = 1024
ADOPTED = 3  # file descriptor of a worker's port; systemd also passes sockets from 3 on


class CannotListen(Exception):
    """A port cannot be opened; the text says in one line which one, and why."""


def checked_port(port: IListeningPort) -> Port:
    """Return `port` if it is of a class whose connections we can limit and wrap.

    Raises:
        CannotListen: It is of another class.
    """
    if isinstance(port, Port):
        return port
    raise CannotListen(
        N_("services need a TCP port or a unix socket, and no {kind}", kind=type(port).__name__)
    )


class Listener(Protocol):
    """A place to listen on."""

    @property
    def wanted(self) -> int | None:
        """The requested port, if the listener may take another one; otherwise None."""
        ...

    def listen(self, factory: IProtocolFactory) -> Deferred[IListeningPort]:
        """Start listening.

        Returns:
            A Deferred that fires with the port, or fails with CannotListen.
        """
        ...

    def relisten(self, address: IAddress) -> Listener:
        """Return a listener that opens the same `address` again.

        Raises:
            CannotListen: The listener can be used only once.
        """
        ...


@dataclass(frozen=True)
class _NumberedPort:
    """A port by number; if it is busy, the first free one of the next `spare` ports.

    `others` returns the default ports of other services, which are skipped; it is called only if
    the port is busy. `option` is the option that chooses the port.
    """

    reactor: object
    port: int
    interface: str
    spare: int = 100
    option: str = "--port"
    others: Callable[[], frozenset[int]] = frozenset

    @property
    def wanted(self) -> int | None:
        """The requested port; None for any free one."""
        return self.port or None

    def listen(self, factory: IProtocolFactory) -> Deferred[IListeningPort]:
        """See `Listener.listen`."""
        return execute(self._listen, factory)

    def relisten(self, address: IAddress) -> Listener:
        """See `Listener.relisten`."""
        assert isinstance(address, IPv4Address | IPv6Address)
        return replace(self, port=address.port, spare=0)

    def _open(self, port: int, factory: IProtocolFactory) -> IListeningPort:
        raise NotImplementedError

    def _listen(self, factory: IProtocolFactory) -> IListeningPort:
        last = min(self.port + self.spare, 65535)
        for port in self._candidates(last):
            try:
                return self._open(port, factory)
            except CannotListenError as error:
                reason = error.socketError
            except OSError as error:
                # Another process started listening between our bind() and listen().
                reason = error
            if reason.errno != errno.EADDRINUSE:
                raise CannotListen(bind_problem(reason, self.interface, port, self.option))
        if last > self.port:
            raise CannotListen(
                N_(
                    "ports {port} to {last} are all busy: choose another one with {option}",
                    port=self.port,
                    last=last,
                    option=self.option,
                )
            )
        raise CannotListen(bind_problem(reason, self.interface, self.port, self.option))

    def _candidates(self, last: int) -> Iterator[int]:
        yield self.port
        if last > self.port:
            others = self.others()
            yield from (port for port in range(self.port + 1, last + 1) if port not in others)


@dataclass(frozen=True)
class TCPPort(_NumberedPort):
    """A TCP port."""

    reactor: Any  # an IReactorTCP, whose type for factories is too narrow

    def _open(self, port: int, factory: IProtocolFactory) -> IListeningPort:
        opened: IListeningPort = self.reactor.listenTCP(port, factory, BACKLOG, self.interface)
        return opened


@dataclass(frozen=True)
class UDPPort(_NumberedPort):
    """A UDP port that passes datagrams to `protocol`, and does not use the service's factory."""

    reactor: IReactorTime
    protocol: DatagramProtocol | None = None

    def _open(self, port: int, factory: IProtocolFactory) -> IListeningPort:
        opened = DatagramPort(port, self.protocol, self.interface, LARGEST_DATAGRAM, self.reactor)
        opened.startListening()
        return opened


@dataclass(frozen=True)
class DescribedEndpoint:
    """A Twisted server endpoint description, such as ``unix:/run/echo``.

    `option` is the option that chooses the endpoint.
    """

    reactor: object
    description: str
    option: str = "--listen"
    wanted: None = None

    def listen(self, factory: IProtocolFactory) -> Deferred[IListeningPort]:
        """See `Listener.listen`."""

        async def listen() -> IListeningPort:
            try:
                endpoint = serverFromString(self.reactor, self.description)
                port = checked_port(await endpoint.listen(factory))
            except Exception as error:
                # Parsers and endpoints are plugins and may raise any exception.
                raise CannotListen(cannot_listen(self.description, error, self.option)) from error
            return port

        return Deferred.fromCoroutine(listen())

    def relisten(self, address: IAddress) -> Listener:
        """See `Listener.relisten`."""
        if self.description.startswith("systemd:"):
            raise CannotListen(N_("systemd owns the socket; stop it with systemctl"))
        return self


@dataclass(frozen=True)
class Wrapping:
    """A listener that wraps another one."""

    listener: Listener

    @property
    def wanted(self) -> int | None:
        """See `Listener`."""
        return self.listener.wanted

    def relisten(self, address: IAddress) -> Self:
        """See `Listener.relisten`."""
        return replace(self, listener=self.listener.relisten(address))

    def listen(self, factory: IProtocolFactory) -> Deferred[IListeningPort]:
        """See `Listener.listen`; a port that cannot be adapted is closed again."""
        return self.listener.listen(factory).addCallback(self._opened)

    def adapt(self, port: Port) -> None:
        """Change the open `port`.

        Raises:
            CannotListen: That is not possible with this port.
        """
        raise NotImplementedError

    def _opened(self, port: IListeningPort) -> IListeningPort | Deferred[IListeningPort]:
        try:
            self.adapt(checked_port(port))
        except CannotListen:
            problem = Failure()
            return maybeDeferred(port.stopListening).addCallback(lambda _: problem)
        return port


@dataclass(frozen=True)
class Fast(Wrapping):
    """A listener whose TCP connections use the fast transport."""

    poller: Poller

    def adapt(self, port: Port) -> None:
        """Replace the transport of its connections; those of a unix socket keep Twisted's."""
        if port.transport is Server:
            port.transport = self._transport  # type: ignore[assignment]  # called as `Server` is
        elif port.transport is not UNIXServer:
            where = address_text(port.getHost())
            raise CannotListen(
                N_(
                    "{kind} at {where} needs --transport stock",
                    kind=qual(port.transport),
                    where=where,
                )
            )

    def _transport(
        self,
        sock: socket.socket,
        protocol: IProtocol,
        client: tuple[object, ...],
        server: Port,
        sessionno: int,
        _: object,  # the port's own reactor
    ) -> ImmediateServer:
        return ImmediateServer(sock, protocol, client, server, sessionno, self.poller)


@dataclass(frozen=True)
class AdoptedPort:
    """The listening socket that a worker inherits from its supervisor."""

    reactor: Any  # an IReactorSocket, whose type for factories is too narrow
    wanted: None = None

    def listen(self, factory: IProtocolFactory) -> Deferred[IListeningPort]:
        """See `Listener.listen`."""
        return execute(self._adopt, factory)

    def relisten(self, address: IAddress) -> Listener:
        """See `Listener.relisten`."""
        raise CannotListen(N_("its socket is the supervisor's"))

    def _adopt(self, factory: IProtocolFactory) -> IListeningPort:
        with socket.socket(fileno=ADOPTED) as shared:
            port: IListeningPort = self.reactor.adoptStreamPort(ADOPTED, shared.family, factory)
        return port


@dataclass(frozen=True)
class Guarded(Wrapping):
    """A listener that keeps a reserve of file descriptors; see `FileReserve.guard`."""

    reserve: FileReserve
    is_own: bool = False

    def adapt(self, port: Port) -> None:
        """Register the port with the reserve."""
        self.reserve.guard(port, self.is_own)
