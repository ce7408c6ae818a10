"""Pending output of a connection, and the detection of slow peers."""

from __future__ import annotations

import socket
import sys
from collections import deque
from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from zope.interface import implementer

from twisted_lab.interfaces import StreamTransport

# The most bytes that the transport gets in one piece, which is also the most that it sends at once.
PIECE_BYTES = 131_072
# After this many messages outside of a batch, the rest of the turn is a batch: many small pieces in
# the transport take far more memory than their bytes.
MOST_LOOSE = 64
# Memory of a separately kept message, in addition to its bytes.
MESSAGE_OVERHEAD = 64
# Limit of pending output, in addition to the output that the transport and the kernel hold. The
# limit is four of the largest messages if that is more. A slower peer is cut off.
BEHIND_BYTES = 262_144
# A conversation waits for its peer while more than this many bytes are pending.
HELD_BYTES = 65_536
_ACKNOWLEDGED = slice(120, 128)  # tcpi_bytes_acked in Linux's struct tcp_info (tcp(7), linux/tcp.h)


def acknowledged(transport: object) -> int:
    """Return the number of bytes that the peer's kernel has acknowledged; 0 without a TCP socket.

    Writability does not show slow progress: our kernel may hold megabytes, and accepts more output
    only after a third of that is acknowledged.
    """
    connection = getattr(transport, "socket", None)
    if connection is None:
        return 0
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _ACKNOWLEDGED.stop)
    except OSError:
        return 0
    return int.from_bytes(info[_ACKNOWLEDGED], sys.byteorder)


def do_nothing(*_: object) -> None:
    """Take the place of a dropped callback."""


@implementer(IPushProducer)
class Outbox:
    """Output on its way to a transport, with back-pressure.

    Args:
        transport: The transport to write to, with the outbox as its producer.
        clock: The clock for delays between messages.
        has_room: Called when the peer has accepted the pending output.
        fell_behind: Called with the limit when the pending output exceeds it.
        limit: The most bytes of pending output, not counting the last message.

    Attributes:
        batching: Whether messages are collected, to be sent together.
        gathering: The buffer of a batch; None while messages must use `add`. Callers may append up
            to PIECE_BYTES to it, which saves the call of `add` for each message.
        bytes_out: The number of bytes passed to the transport.
        pace: The delay between two messages, in seconds; 0 if those of one turn are sent in one
            write. None if messages are sent as soon as possible.
        holding: Whether the peer must accept pending output before the conversation hears more.
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
        # Output that may be sent together, and after it messages with a pace.
        self._kept = bytearray()
        self._messages: deque[bytes] = deque()
        self._apart = 0  # memory of _messages, in bytes
        self._separator = b""  # between messages in one write
        self._loose = 0
        self._congested = False
        self._pushing = False
        self.pace: float | None = None
        self._pacing: IDelayedCall | None = None
        self._finally: Callable[[], object] | None = None
        self._acknowledged = 0  # bytes, as of the last call of has_taken
        transport.registerProducer(self, True)

    def add(self, data: bytes) -> None:
        """Send the bytes of a message, as soon as possible."""
        if self._congested or self.pace is not None:
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
            self._batch_turn()

    def _batch_turn(self) -> None:
        self.batching = True
        self._clock.callLater(0, self.end_batch)

    def add_batch(self, data: bytes) -> None:
        """Send an encoded batch to a peer without `pace`, without a copy if nothing is pending."""
        if self._congested or self.batching or self._kept or len(data) > PIECE_BYTES:
            self.add(data)
        else:
            self.bytes_out += len(data)
            self._transport.write(data)

    def _add_to_backlog(self, data: bytes) -> None:
        if self.batching and self._apart >= PIECE_BYTES and not self._congested:
            self._messages.append(b"")  # for a separator before `data`
            self.flush()
        if self._size > self._limit:
            # The limit applies to the output before this message, however large the message is.
            self._push()
            if self._size > self._limit:
                self._fell_behind(self._limit)
                return
        if self.pace is None:
            self._kept += data
        else:
            self._messages.append(data)
            self._apart += len(data) + MESSAGE_OVERHEAD
        if self.pace == 0 and not self.batching:
            self._batch_turn()
        if not self.batching:
            self.flush()

    @property
    def _size(self) -> int:
        return len(self._kept) + self._apart

    def make_room(self) -> bool:
        """Send a large batch early; tell whether there is room for more output."""
        if len(self._kept) > HELD_BYTES:
            self.flush()
        return not self.holding

    def has_taken(self) -> bool:
        """Tell whether the peer has acknowledged output since the last call."""
        before, self._acknowledged = self._acknowledged, acknowledged(self._transport)
        return self._acknowledged > before

    def keep_apart(self, seconds: float, separator: bytes = b"") -> None:
        """Send each further message in a separate write, or those of each turn in one.

        Args:
            seconds: The delay between two messages; 0 to send the messages of a turn in one write.
            separator: The bytes between two messages in one write.
        """
        self.pace = seconds
        self._separator = separator
        self.gathering = None

    def close(self, then: Callable[[], object]) -> None:
        """Call `then` once all output is passed to the transport."""
        self._finally = then
        if not self.batching:
            self.flush()

    def discard(self) -> None:
        """See `twisted_lab.channels.base.Output`; the transport keeps what it has."""
        self._kept.clear()
        self._apart = 0
        self._messages.clear()
        self._congested = self.holding = False
        self._finally = None
        self._has_room = self._fell_behind = do_nothing
        if self._pacing is not None:
            self._pacing.cancel()
            self._pacing = None

    def begin_batch(self) -> None:
        """Collect messages from here on, to send them together, unless `pace` separates them."""
        self.batching = not self.pace
        if self.pace is None and not self._congested:
            self.gathering = self._kept

    def end_batch(self) -> None:
        """Send the collected messages."""
        self.batching = False
        self.gathering = None
        self.flush()

    def flush(self) -> None:
        """Pass output to the transport until it is congested."""
        kept = self._kept
        while (kept or self._messages) and not self._congested and self._pacing is None:
            if len(kept) > PIECE_BYTES:
                data = bytes(kept[:PIECE_BYTES])
                del kept[:PIECE_BYTES]
            elif kept:
                data = bytes(kept)
                kept.clear()
            elif not self.pace:
                kept += self._separator.join(self._messages)
                self._messages.clear()
                self._apart = 0
                continue
            else:
                data = self._messages.popleft()
                self._apart -= len(data) + MESSAGE_OVERHEAD
                self._pacing = self._clock.callLater(self.pace, self._paced)
            self.bytes_out += len(data)
            self._transport.write(data)
        self.holding = self._congested or self._apart > HELD_BYTES
        if self._finally is not None and not self._kept and not self._messages:
            then, self._finally = self._finally, None
            self._transport.unregisterProducer()
            then()

    def _paced(self) -> None:
        self._pacing = None
        self._go_on()

    def _go_on(self) -> None:
        self.flush()
        if not self.holding:
            self._has_room()

    def _push(self) -> None:
        # The transport sends in the reactor's next turn, but a fan-out may produce much output
        # within one turn. So a peer counts as slow only after another attempt to send. The reactor
        # sees an error of the socket again, and handles it.
        send = getattr(self._transport, "doWrite", None)
        before = -1
        self._pushing = True
        while send is not None and self._congested and before != self.bytes_out:
            before = self.bytes_out
            send()
        self._pushing = False

    def pauseProducing(self) -> None:
        """See `twisted.internet.interfaces.IPushProducer`; the transport's buffer is full."""
        self._congested = self.holding = True
        self.gathering = None

    def resumeProducing(self) -> None:
        """See `twisted.internet.interfaces.IPushProducer`; the transport has room again."""
        self._congested = False
        if self._pushing:
            # Resume later, because another conversation's say() is the caller.
            self.flush()
            self._clock.callLater(0, self._go_on)
        else:
            self._go_on()

    def stopProducing(self) -> None:
        """See `twisted.internet.interfaces.IPushProducer`; the connection is lost."""
