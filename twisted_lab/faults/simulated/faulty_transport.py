"""Stream transports in memory, which behave as Twisted's TCP transport does."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import cast

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IConsumer,
    IHalfCloseableProtocol,
    IProducer,
    IProtocol,
    IPullProducer,
    IPushProducer,
    IReactorTime,
    ITCPTransport,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_lab.faults.engine.link import Lane

# Limit of what a transport has received, and its protocol not read; above it the link is not read.
# The kernel's buffer on real connections.
UNREAD_BYTES = 65_536


@implementer(ITCPTransport, IConsumer, IPushProducer)
class FaultyTransport:
    """One end of a `FaultyPair`.

    What its protocol writes goes into a lane, and waits here while that is full.

    Args:
        protocol: The protocol.
        lane: The lane from this end to the other one.
        clock: The clock.
        wake: Asks for a turn of the pair, in which `read` and `flush` are called.
        host: Its own address.
        peer: The address of the other end.

    Attributes:
        connected: Whether it is connected; 1 or 0, as in Twisted.
        disconnecting: Whether the protocol has called `loseConnection`.
        disconnected: The opposite of `connected`.
        is_reset: Whether the connection is reset, or is to be.
        is_cut_off: Whether the network has closed the connection.
    """

    def __init__(
        self,
        protocol: IProtocol,
        lane: Lane,
        clock: IReactorTime,
        wake: Callable[[], object],
        host: IPv4Address,
        peer: IPv4Address,
    ) -> None:
        self.connected = True
        self.disconnecting = self.is_reset = self.is_cut_off = False
        self._protocol = protocol
        self._lane = lane
        self._clock = clock
        self._wake = wake
        self._host = host
        self._peer = peer
        self._unread: deque[bytes] = deque()  # b"" is the end
        self._unread_bytes = 0
        self._has_arrived = False  # all, up to the end
        self._unsent: deque[bytes] = deque()
        self._is_reading = True
        self._is_aborting = self._has_noticed = False
        self._closes_writing = self._has_closed_writing = False
        self._producer: IPullProducer | IPushProducer | None = None
        self._is_push = self._is_producer_paused = False

    @property
    def disconnected(self) -> bool:
        """Whether it is no longer connected."""
        return not self.connected

    # The network's side.

    @property
    def has_room(self) -> bool:
        """Whether more may arrive."""
        return self._unread_bytes < UNREAD_BYTES

    def arrive(self, data: bytes) -> None:
        """Receive bytes, or b"" at the end.

        As with TCP, a closed end answers bytes with a reset, which comes after its own bytes.
        """
        if not self.connected:
            self.is_reset = bool(data) and self._lane.is_over
        elif not self._has_arrived:
            self._has_arrived = not data
            self._unread.append(data)
            self._unread_bytes += len(data)

    def read(self) -> None:
        """Give the protocol what has arrived, unless it has paused."""
        while self._unread and self._is_reading:
            data = self._unread.popleft()
            self._unread_bytes -= len(data)
            if data:
                self._protocol.dataReceived(data)
            elif half_closeable := IHalfCloseableProtocol(self._protocol, None):
                self._is_reading = False
                half_closeable.readConnectionLost()
            else:
                self._close_writing()
                self._lose(ConnectionDone())

    def flush(self) -> None:
        """Send what waits, and do what waits for that."""
        self._send()
        if self._unsent or not self.connected or self._is_aborting:
            return
        if self._producer and not self._lane.is_full:
            if not self._is_push or self._is_producer_paused:
                self._is_producer_paused = False
                self._producer.resumeProducing()
        elif self.disconnecting and not self._producer:
            self._close_writing()
            self._lose(ConnectionDone())
        elif self._closes_writing and not self._has_closed_writing:
            self._close_writing()
            if half_closeable := IHalfCloseableProtocol(self._protocol, None):
                half_closeable.writeConnectionLost()

    def reset(self) -> None:
        """Reset the connection; what has arrived before can still be read.

        As with TCP, an end that does not read notices that when it next writes or reads.
        """
        self.is_reset = True
        if self._is_aborting:
            self._lose(ConnectionAborted())
        elif self._is_reading or self._has_noticed:
            self._lose(ConnectionLost())

    def _send(self) -> None:
        now = self._clock.seconds()
        while self._unsent and not self._lane.is_full:
            self._lane.send(self._unsent.popleft(), now)

    def _close_writing(self) -> None:
        if not self._has_closed_writing:
            self._has_closed_writing = True
            self._lane.close(self._clock.seconds())

    def _lose(self, reason: Exception) -> None:
        if not self.connected:
            return
        self.connected = False
        self._unread.clear()
        self._unsent.clear()
        producer, self._producer = self._producer, None
        if producer:
            producer.stopProducing()
        self._protocol.connectionLost(Failure(reason))

    # The protocol's side.

    def write(self, data: bytes) -> None:
        """See `ITransport`."""
        if not isinstance(data, bytes):
            raise TypeError(f"data must be bytes, not {type(data).__name__}")
        if not data or not self.connected or self._is_aborting or self._has_closed_writing:
            return
        self._has_noticed = self.is_reset
        self.is_reset = self.is_reset or self.is_cut_off
        self._unsent.append(data)
        self._send()
        if self._unsent and self._producer and self._is_push and not self._is_producer_paused:
            self._is_producer_paused = True
            cast(IPushProducer, self._producer).pauseProducing()
        self._wake()

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """See `ITransport`."""
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        """See `ITransport`."""
        self.disconnecting = True
        self._is_reading = False
        self._wake()

    def loseWriteConnection(self) -> None:
        """See `ITCPTransport`."""
        self._closes_writing = True
        self._wake()

    def abortConnection(self) -> None:
        """See `ITCPTransport`."""
        if self.connected:
            self.is_reset = self._is_aborting = True
            self._is_reading = False
            self._wake()

    def pauseProducing(self) -> None:
        """See `IPushProducer`."""
        self._is_reading = False

    def resumeProducing(self) -> None:
        """See `IPushProducer`."""
        self._is_reading = not self.disconnecting and not self._is_aborting
        self._wake()

    def stopProducing(self) -> None:
        """See `IProducer`."""
        self.loseConnection()

    def registerProducer(self, producer: IProducer, streaming: bool) -> None:
        """See `IConsumer`."""
        if self._producer is not None:
            raise RuntimeError("a producer is registered already")
        if not self.connected:
            producer.stopProducing()
            return
        self._producer = cast(IPullProducer | IPushProducer, producer)
        self._is_push = streaming
        self._is_producer_paused = False
        self._wake()

    def unregisterProducer(self) -> None:
        """See `IConsumer`."""
        self._producer = None
        self._wake()

    def getPeer(self) -> IPv4Address:
        """See `ITransport`."""
        return self._peer

    def getHost(self) -> IPv4Address:
        """See `ITransport`."""
        return self._host

    def getTcpNoDelay(self) -> bool:
        """See `ITCPTransport`."""
        return False

    def setTcpNoDelay(self, enabled: bool) -> None:
        """See `ITCPTransport`; here it has no effect."""

    def getTcpKeepAlive(self) -> bool:
        """See `ITCPTransport`."""
        return False

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """See `ITCPTransport`; here it has no effect."""
