"""TCP transports whose `write` sends immediately."""

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
from twisted.internet.tcp import Connection, Port, Server
from twisted.python.failure import Failure


class Immediate(Connection):
    """Twisted's TCP transport, except that `write` sends immediately.

    Twisted buffers written bytes until the reactor reports in its next turn that the socket is
    writable. This transport passes them to the kernel at once, unless output is pending, and lets
    Twisted buffer the bytes that the kernel does not accept. `write` has no other effect: it leaves
    an error from the kernel for the reactor to find when it sends the rest.
    """

    # Whether `write` may pass bytes to the kernel: not before the connection is made, while output
    # is pending or a pull producer is registered, nor with TLS or after the end.
    _is_direct = False
    _number = -1
    _has_failed = False
    # By Twisted's documentation shutdown() is useless before close(), and it costs a system call.
    _shouldShutdown = False

    def begin(self) -> None:
        """Send immediately from now on: the connection is made."""
        self.setTcpNoDelay(True)  # The kernel should not delay the bytes either (Nagle).
        # os.write() with the number is faster than the socket's method, by about one call.
        self._number = self.socket.fileno()
        self._is_direct = True

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
        # The kernel reports an error only once, and `write` got it.
        return CONNECTION_LOST if why is CONNECTION_DONE and self._has_failed else why

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """See `twisted.internet.interfaces.ITransport`."""
        self.write(b"".join(iovec))

    def startReading(self) -> None:
        """See `twisted.internet.abstract.FileDescriptor`."""
        if not self._aborting:
            super().startReading()

    def startWriting(self) -> None:
        """See `twisted.internet.abstract.FileDescriptor`; output is pending."""
        self._is_direct = False
        super().startWriting()

    def stopWriting(self) -> None:
        """See `twisted.internet.abstract.FileDescriptor`; no output is pending any more."""
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
        self._number = -1  # The kernel may reuse the number for another connection.
        super().connectionLost(reason)


class ImmediateServer(Immediate, Server):
    """The transport of a server; see `Immediate`."""

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
        self.begin()
