"""One connection of a link of streams: the client's, or the one to the upstream."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.interfaces import (
    IDelayedCall,
    IHalfCloseableProtocol,
    IPushProducer,
    IReactorTime,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_lab.channels import LINGER_SECONDS, cancel
from twisted_lab.faults.engine.link import Lane
from twisted_lab.interfaces import StreamTransport


class Owner(Protocol):
    """The link of both sides; see `twisted_lab.faults.proxies.stream_link.StreamLink`."""

    is_direct: bool
    is_closing: bool

    @property
    def clock(self) -> IReactorTime:
        """The clock for timers."""
        ...

    def connected(self, side: Side) -> None:
        """Handle that one of the connections is made."""
        ...

    def received(self, side: Side, data: bytes) -> None:
        """Handle input that cannot bypass the lanes."""
        ...

    def ended(self, side: Side) -> None:
        """Handle that a peer sends no more."""
        ...

    def control(self) -> None:
        """Read from the sides whose input there is room for."""
        ...

    def pump(self) -> None:
        """Look after the link, because a peer has taken what was sent to it."""
        ...

    def lost(self, side: Side, reason: Failure) -> None:
        """Handle the end of one of the connections."""
        ...


@implementer(IHalfCloseableProtocol, IPushProducer)
class Side:
    """A protocol of one of the two connections, and the producer of the other one.

    Args:
        runner: What moves the units of the link.
        lane: The lane of what this side sends.

    Attributes:
        lane: See above.
        other: The other side.
        transport: The transport while the connection is open, otherwise None.
        bytes_in: The number of received bytes.
        bytes_out: The number of sent bytes.
        untaken: The number of bytes that wait in the transport of a peer that reads too slowly.
        has_ended: Whether the peer sends no more.
        was_reset: Whether the peer has reset the connection.
        has_sent_end: Whether we send no more, or will not once all is sent.
        is_ahead: Whether the other side does not take what this one sends.
    """

    __slots__ = (
        "_is_shut",
        "_linger",
        "_number",
        "_pieces",
        "_reads",
        "_runner",
        "bytes_in",
        "bytes_out",
        "has_ended",
        "has_sent_end",
        "is_ahead",
        "lane",
        "other",
        "transport",
        "untaken",
        "was_reset",
    )

    def __init__(self, runner: Owner, lane: Lane) -> None:
        self.lane = lane
        self.other = self
        self.transport: StreamTransport | None = None
        self.bytes_in = self.bytes_out = self.untaken = 0
        self.has_ended = self.was_reset = False
        self.has_sent_end = self.is_ahead = False
        self._runner = runner
        self._reads = True
        self._is_shut = False
        self._linger: IDelayedCall | None = None
        self._pieces: list[bytes] = []
        self._number = 0  # of the unit that was sent last

    def makeConnection(self, transport: StreamTransport) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        self.transport = transport
        if self.has_sent_end:
            transport.loseWriteConnection()
        else:
            transport.registerProducer(self.other, True)
        self._runner.connected(self)

    def dataReceived(self, data: bytes) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        self.bytes_in += len(data)
        if self._runner.is_direct:
            self.lane.units += 1
            other = self.other
            other.bytes_out += len(data)
            other.transport.write(data)  # type: ignore[union-attr]  # a direct link has both
        else:
            self._runner.received(self, data)

    def send(self, number: int, data: bytes) -> None:
        """Send the bytes of a unit with the next `flush`, or at once if they are part of the last.

        Units that leave together are one write, or a flood of empty messages would cost a system
        call and a packet for each.
        """
        if number == self._number:
            self.flush()
        self._number = number
        self._pieces.append(data)

    def flush(self) -> None:
        """Write what was sent."""
        if not self._pieces:
            return
        data = b"".join(self._pieces)
        self._pieces.clear()
        self._number = 0
        if self.transport is not None:
            self.bytes_out += len(data)
            self.transport.write(data)
            if self.other.is_ahead:
                self.untaken += len(data)

    def read(self, reads: bool) -> bool:
        """Start or stop reading; return whether it starts."""
        if self.transport is None or reads == self._reads:
            return False
        self._reads = reads
        self.lane.listen(reads, self._runner.clock.seconds())
        if reads:
            self.transport.resumeProducing()
        else:
            self.transport.pauseProducing()
        return reads

    def half_close(self) -> None:
        """Close our direction once all is sent."""
        if not self.has_sent_end:
            self.has_sent_end = True
            if self.transport is not None:
                # With a producer, the transport would wait for more.
                self.transport.unregisterProducer()
                self.transport.loseWriteConnection()

    def close(self) -> None:
        """Close once all is sent, and the peer has closed or LINGER_SECONDS have passed.

        A close with unread input would be a reset, and the kernel would drop unsent output.
        """
        self.half_close()
        if self.transport is None:
            return
        if self.has_ended:
            self.transport.loseConnection()
        else:
            self.read(True)
            if self._is_shut:
                self._linger_on()

    def abort(self) -> None:
        """Reset the connection."""
        if self.transport is not None:
            self.transport.abortConnection()

    def readConnectionLost(self) -> None:
        """Handle that the peer sends no more."""
        self.has_ended = True
        if self._runner.is_closing:
            if self.transport is not None:
                self.transport.loseConnection()
        else:
            self._runner.ended(self)

    def writeConnectionLost(self) -> None:
        """Handle that all is sent, and our direction closed."""
        self._is_shut = True
        if self._runner.is_closing:
            self._linger_on()

    def _linger_on(self) -> None:
        if self._linger is None and self.transport is not None:
            self._linger = self._runner.clock.callLater(
                LINGER_SECONDS, self.transport.loseConnection
            )

    def connectionLost(self, reason: Failure) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        cancel(self._linger)
        self.transport = None
        self.untaken = 0
        self.was_reset = not reason.check(ConnectionDone, ConnectionAborted)
        self._runner.lost(self, reason)

    def pauseProducing(self) -> None:
        """Handle that the other side does not take what this one sends."""
        self.is_ahead = True
        self._runner.control()

    def resumeProducing(self) -> None:
        """Handle that the other side has taken it."""
        self.is_ahead = False
        self.other.untaken = 0
        self._runner.pump()

    def stopProducing(self) -> None:
        """See `twisted.internet.interfaces.IProducer`; the link hears of it anyway."""
