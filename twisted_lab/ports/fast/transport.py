"""A server's TCP transport that sends at once what the kernel takes at once."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable
from typing import Any

from twisted.internet.interfaces import (
    IOpenSSLContextFactory,
    IProducer,
    IProtocol,
)
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.internet.tcp import Port, Server
from twisted.python.failure import Failure


class ImmediateServer(Server):
    """Twisted's own transport, but for when it sends.

    Twisted keeps written bytes until the reactor reports, in its next turn, that the socket can be
    written to. This one gives them to the kernel at once, if nothing is kept already, and has
    Twisted keep those that the kernel does not take. Nothing else happens inside of `write`: an
    error of the kernel's is left for the reactor to find, when it sends the rest.
    """

    # Whether the next written bytes may go to the kernel: not while output is pending, while a
    # producer is asked for more whenever that is sent, nor past TLS or the end.
    _is_direct = True
    _has_failed = False
    # It has no use before close(), by Twisted's documentation, and costs a system call.
    _shouldShutdown = False

    def __init__(
        self,
        sock: socket.socket,
        protocol: IProtocol,
        client: tuple[object, ...],
        server: Port,
        sessionno: int,
        reactor: Any,  # a Poller: the few methods of a reactor that a transport calls
    ) -> None:
        super().__init__(sock, protocol, client, server, sessionno, reactor)
        self.setTcpNoDelay(True)  # Bytes sent at once should not wait in the kernel.
        # Writing by number costs less than by the socket's method, as much as a call of our own.
        self._number = self.socket.fileno()

    def write(self, data: bytes) -> None:
        """See `twisted.internet.interfaces.ITransport`."""
        if self._is_direct and isinstance(data, bytes):
            try:
                sent = os.write(self._number, data)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                self._has_failed = error.errno != errno.ENOBUFS
                sent = 0
            if sent == len(data):
                return
            data = data[sent:]
        super().write(data)

    def doRead(self) -> Any:  # Twisted's two bases have two types for it.
        """See `twisted.internet.interfaces.IReadDescriptor`."""
        why = super().doRead()
        # The kernel reports an error once, and `write` has got it.
        return CONNECTION_LOST if why is CONNECTION_DONE and self._has_failed else why

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """See `twisted.internet.interfaces.ITransport`."""
        self.write(b"".join(iovec))

    def startReading(self) -> None:
        """See `twisted.internet.abstract.FileDescriptor`."""
        if not self._aborting:
            super().startReading()

    def startWriting(self) -> None:
        """Output is pending: see `twisted.internet.abstract.FileDescriptor`."""
        self._is_direct = False
        super().startWriting()

    def stopWriting(self) -> None:
        """No output is pending any more: see `twisted.internet.abstract.FileDescriptor`."""
        super().stopWriting()
        is_asked_for_more = self.producer is not None and not self.streamingProducer
        self._is_direct = bool(self.connected) and not (
            is_asked_for_more or self.TLS or self._aborting or self._writeDisconnecting
        )

    def registerProducer(self, producer: IProducer, streaming: bool) -> None:
        """See `twisted.internet.interfaces.IConsumer`."""
        self._is_direct = self._is_direct and streaming
        super().registerProducer(producer, streaming)

    def startTLS(self, ctx: IOpenSSLContextFactory, normal: bool = True) -> None:
        """See `twisted.internet.interfaces.ITLSTransport`."""
        self._is_direct = False
        super().startTLS(ctx, normal)

    def connectionLost(self, reason: Failure) -> None:
        """See `twisted.internet.interfaces.IFileDescriptor`."""
        self._is_direct = False
        self._number = -1  # The number may be another connection's from here on.
        super().connectionLost(reason)
