"""Pending output of a connection, and the detection of a slow peer."""

from __future__ import annotations

import socket
import sys
from collections import deque
from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from zope.interface import implementer

from twisted_lab.interfaces import StreamTransport

# The transport gets no more than this at a time, which is also the most that it sends at a time.
PIECE_BYTES = 131_072
# At most this many messages outside of a batch are given to the transport one by one; then the rest
# of the turn is a batch, because many small pieces take far more memory than their bytes.
MOST_LOOSE = 64
# Memory of a message that is kept on its own, in addition to its bytes.
MESSAGE_OVERHEAD = 64
# Limit of pending output, in addition to the output that the transport and the kernel hold: a peer
# that is further behind is cut off. The limit is four of the largest messages if that is more.
BEHIND_BYTES = 262_144
# A conversation that waits for its peer waits while more than this many bytes are pending.
HELD_BYTES = 65_536
_ACKNOWLEDGED = slice(120, 128)  # tcpi_bytes_acked in Linux's struct tcp_info (tcp(7), linux/tcp.h)


def acknowledged(transport: object) -> int:
    """Return how many bytes the peer's kernel has acknowledged; 0 if this is not a TCP socket.

    The kernel may hold megabytes, and has room for more only when a third of them is acknowledged.
    """
    connection = getattr(transport, "socket", None)
    if connection is None:
        return 0
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _ACKNOWLEDGED.stop)
    except OSError:
        return 0
    return int.from_bytes(info[_ACKNOWLEDGED], sys.byteorder)


@implementer(IPushProducer)
class Outbox:
    """Messages on their way to a transport, which says when it has room.

    Args:
        transport: The transport to write to; it takes this as its producer.
        clock: Keeps messages apart in time, if that is wanted.
        has_room: Called when the peer has taken the output that was held back.
        fell_behind: Called with the limit when the peer is too far behind.
        limit: The most bytes of pending output, plus one message.

    Attributes:
        batching: While it is set messages are kept, to go out together when it is over.
        gathering: While nothing is in the way, the buffer to add messages to. Up to PIECE_BYTES a
            caller may do that without `add`, which costs a call for each message.
        bytes_out: How many bytes the transport was given.
        pace: The seconds between two messages, if each is kept apart; or else 0.
        holding: Whether the peer should take pending output before more is heard.
    """

    def __init__(
        self,
        transport: StreamTransport,
        clock: IReactorTime,
        has_room: Callable[[], object],
        fell_behind: Callable[[int], object],
        limit: int,
    ) -> None:
        self.batching = False
        self.gathering: bytearray | None = None
        self.holding = False
        self.bytes_out = 0
        self._transport = transport
        self._clock = clock
        self._has_room = has_room
        self._fell_behind = fell_behind
        self._limit = limit
        # Output that may go out together, and behind it messages that must not.
        self._kept = bytearray()
        self._messages: deque[bytes] = deque()
        self._apart = 0  # the memory that _messages take
        self._loose = 0
        self._congested = False
        self._pushing = False
        self.pace = 0.0
        self._pacing: IDelayedCall | None = None
        self._finally: Callable[[], object] | None = None
        self._acknowledged = 0  # bytes, at the last call of has_taken
        transport.registerProducer(self, True)

    def add(self, data: bytes) -> None:
        """Send the bytes of a message, as soon as possible."""
        if self._congested or self.pace:
            self._add_to_backlog(data)
            return
        self._kept += data
        if self.batching:
            if len(self._kept) >= PIECE_BYTES:
                self.flush()
            return
        self.flush()
        self._loose += 1
        if self._loose > MOST_LOOSE:
            self._loose = 0
            self.batching = True
            self._clock.callLater(0, self.end_batch)

    def add_batch(self, data: bytes) -> None:
        """Send a finished batch, to a peer without `pace`; if nothing is in the way, uncopied."""
        if self._congested or self.batching or self._kept or len(data) > PIECE_BYTES:
            self.add(data)
        else:
            self.bytes_out += len(data)
            self._transport.write(data)

    def _add_to_backlog(self, data: bytes) -> None:
        if self._size > self._limit:
            # The limit counts the messages before this one, not this one, however large it is.
            self._push()
            if self._size > self._limit:
                self._fell_behind(self._limit)
                return
        if self.pace:
            self._messages.append(data)
            self._apart += len(data) + MESSAGE_OVERHEAD
        else:
            self._kept += data
        if not self.batching:
            self.flush()

    @property
    def _size(self) -> int:
        return len(self._kept) + self._apart

    def is_full(self) -> bool:
        """Send a batch that has become large; tell whether the peer should take something now."""
        if len(self._kept) > HELD_BYTES:
            self.flush()
        return self.holding

    def has_taken(self) -> bool:
        """Tell whether the peer has taken something since the last call."""
        before, self._acknowledged = self._acknowledged, acknowledged(self._transport)
        return self._acknowledged > before

    def keep_apart(self, seconds: float) -> None:
        """Send each further message in a write of its own, `seconds` after the one before."""
        self.pace = seconds
        self.gathering = None

    def close(self, then: Callable[[], object]) -> None:
        """Call `then` when everything has been given to the transport."""
        self._finally = then
        if not self.batching:
            self.flush()

    def discard(self) -> None:
        """Drop the output that the transport was not given yet."""
        self._kept.clear()
        self._apart = 0
        self._messages.clear()
        self._congested = self.holding = False
        self._finally = None
        if self._pacing is not None:
            self._pacing.cancel()
            self._pacing = None

    def begin_batch(self) -> None:
        """Keep messages from here on, to go out together, unless they are to be kept apart."""
        self.batching = not self.pace
        if self.batching and not self._congested:
            self.gathering = self._kept

    def end_batch(self) -> None:
        """Send the messages that were kept."""
        self.batching = False
        self.gathering = None
        self.flush()

    def flush(self) -> None:
        """Pass on as much output as the transport has room for."""
        while (self._kept or self._messages) and not self._congested and self._pacing is None:
            self._write()
        self.holding = self._congested or self._apart > HELD_BYTES
        if self._finally is not None and not self._kept and not self._messages:
            then, self._finally = self._finally, None
            self._transport.unregisterProducer()
            then()

    def _write(self) -> None:
        if len(self._kept) > PIECE_BYTES:
            data = bytes(self._kept[:PIECE_BYTES])
            del self._kept[:PIECE_BYTES]
        elif self._kept:
            data = bytes(self._kept)
            self._kept.clear()
        else:
            data = self._messages.popleft()
            self._apart -= len(data) + MESSAGE_OVERHEAD
            self._pacing = self._clock.callLater(self.pace, self._paced)
        self.bytes_out += len(data)
        self._transport.write(data)

    def _paced(self) -> None:
        self._pacing = None
        self._go_on()

    def _go_on(self) -> None:
        self.flush()
        if not self.holding:
            self._has_room()

    def _push(self) -> None:
        # The transport sends when the reactor has its next turn, but a fan-out may say much within
        # one turn. Before a peer counts as behind, the kernel is asked; an error that it reports
        # comes again in the reactor, which handles it.
        send = getattr(self._transport, "doWrite", None)
        before = -1
        self._pushing = True
        while send is not None and self._congested and before != self.bytes_out:
            before = self.bytes_out
            send()
        self._pushing = False

    def pauseProducing(self) -> None:
        """The transport has no room: see `twisted.internet.interfaces.IPushProducer`."""
        self._congested = self.holding = True
        self.gathering = None

    def resumeProducing(self) -> None:
        """The transport has room again: see `twisted.internet.interfaces.IPushProducer`."""
        self._congested = False
        if self._pushing:
            # Another conversation is in the middle of its say().
            self.flush()
            self._clock.callLater(0, self._go_on)
        else:
            self._go_on()

    def stopProducing(self) -> None:
        """The connection is lost: see `twisted.internet.interfaces.IPushProducer`."""
