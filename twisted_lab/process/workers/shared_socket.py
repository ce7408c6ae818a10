"""Listening socket that worker processes share."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IListeningPort, IProtocolFactory
from twisted.internet.tcp import Port
from zope.interface import implementer

from twisted_lab.ports.listening import CannotListen, Listener


@implementer(IListeningPort)
class _HeldPort:
    """A port that stays open for the workers; Twisted's own shuts the socket down at its end."""

    def __init__(self, port: Port) -> None:
        port.stopReading()
        self.socket = port.socket
        self._address: IAddress = port.getHost()

    def startListening(self) -> None:
        """See `twisted.internet.interfaces.IListeningPort`; the port is listening already."""

    def getHost(self) -> IAddress:
        """See `twisted.internet.interfaces.IListeningPort`."""
        return self._address

    def stopListening(self) -> None:
        """See `twisted.internet.interfaces.IListeningPort`."""
        self.socket.close()


class SharedSocket:
    """A listener that listens, but leaves accepting to the workers.

    Connections in the kernel's queue survive the death of a worker.

    Args:
        listener: The place to listen on.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._port: _HeldPort | None = None

    @property
    def wanted(self) -> int | None:
        """See `Listener`."""
        return self._listener.wanted

    def listen(self, factory: IProtocolFactory) -> Deferred[IListeningPort]:
        """See `Listener.listen`."""

        def hold(port: IListeningPort) -> IListeningPort:
            assert isinstance(port, Port)
            self._port = _HeldPort(port)
            return self._port

        return self._listener.listen(factory).addCallback(hold)

    def relisten(self, _: object) -> Listener:
        """See `Listener.relisten`."""
        raise CannotListen("a service with --workers cannot be paused: its workers go on listening")

    def fileno(self) -> int:
        """Return the socket's file descriptor; call it after `listen`."""
        assert self._port is not None
        return self._port.socket.fileno()
