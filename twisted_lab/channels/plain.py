"""Channel of plain datagrams."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall

from twisted_lab.channels import datagram
from twisted_lab.channels.closing import cancel
from twisted_lab.channels.datagram import Address, DatagramChannel
from twisted_lab.channels.inbox import DatagramInbox
from twisted_lab.channels.outbox import do_nothing
from twisted_lab.codecs import MessageError, datagram_lines, line_encoder

# Client scripts call recvfrom(1024), which truncates longer datagrams.
LARGEST_PLAIN = 1024
CONTINUED = "… ".encode()
NEWLINE = b"\n"
# Rate limit: a peer may send a full inbox of lines at once, then this many lines a second; the
# server drops further lines. Each line may cause an answer, even before the peer has joined: the
# answers to 64 empty lines had 17 times their bytes.
LINES_PER_SECOND = 16
# The server does not learn how fast the peer reads, so a conversation with long output waits PAUSE
# seconds after each BURST bytes. A burst, together with one of the largest messages at its end,
# fits into Linux's default receive buffer of a socket (212,992 bytes, overhead included).
BURST = 16_384
PAUSE = 0.1


def datagrams_of(message: bytes) -> list[bytes]:
    """Split a message, with its newline, into datagrams that a script can read."""
    if len(message) <= LARGEST_PLAIN:
        return [message]
    # Further pieces are marked: an unmarked one could look like another member's message.
    most = LARGEST_PLAIN - len(CONTINUED + NEWLINE)
    text = message.removesuffix(NEWLINE)
    datagrams: list[bytes] = []
    start = 0
    while start < len(text):
        # Cut only between characters.
        piece = text[start : start + most].decode(errors="ignore").encode()
        start += len(piece)
        datagrams.append((CONTINUED if datagrams else b"") + piece + NEWLINE)
    return datagrams


class PlainOutbox:
    """Datagrams on their way to a peer, with a rate limit in place of back-pressure.

    Args:
        host: Sends the datagrams, and has the clock for pauses.
        address: The peer's address.
        has_room: Called at the end of a pause.
    """

    gathering = None
    holding = False

    def __init__(
        self, host: datagram.Host, address: Address, has_room: Callable[[], object]
    ) -> None:
        self.bytes_out = 0
        self._host = host
        self._address = address
        self._has_room = has_room
        self._paused_at = 0  # bytes_out at the last pause
        self._pause: IDelayedCall | None = None

    def begin_batch(self) -> None:
        """See `twisted_lab.channels.base.Output`; the port sends all at the end of its turn."""

    def end_batch(self) -> None:
        """See `twisted_lab.channels.base.Output`."""

    def add(self, data: bytes) -> None:
        """See `twisted_lab.channels.base.Output`."""
        for each in datagrams_of(data):
            self.bytes_out += len(each)
            self._host.send(each, self._address)

    def make_room(self) -> bool:
        """See `twisted_lab.channels.base.Output`; each burst is followed by a pause."""
        if self.bytes_out - self._paused_at < BURST:
            return True
        self._paused_at = self.bytes_out
        self._pause = self._host.clock.callLater(PAUSE, self._has_room)
        return False

    def close(self, then: Callable[[], object]) -> None:
        """See `twisted_lab.channels.base.Output`; nothing is pending."""
        then()

    def discard(self) -> None:
        """See `twisted_lab.channels.base.Output`."""
        cancel(self._pause)
        self._pause = None
        self._has_room = do_nothing


class Host(datagram.Host, Protocol):
    """The creator of plain channels: `DatagramServer`."""

    def relay(self, channels: Iterable[PlainChannel], pieces: list[bytes]) -> None:
        """Send messages, encoded as `pieces`, to all `channels`."""
        ...


class PlainChannel(DatagramChannel):
    """One datagram per message, without retransmission.

    Attributes:
        relay_to_all: Sends the messages of a fan-out to many plain channels at once.
    """

    encode = staticmethod(line_encoder(NEWLINE))
    _outbox: PlainOutbox

    def __init__(self, host: Host, address: Address) -> None:
        super().__init__(host, address)
        self.relay_to_all = host.relay
        self._allowance = float(DatagramInbox.MESSAGES)  # lines
        self._counted = 0.0

    def _make_outbox(self) -> PlainOutbox:
        return PlainOutbox(self._host, self.address, self._go_on)

    def received(self, data: bytes) -> None:
        """Handle a datagram, which may contain several lines."""
        now = self._idle.heard = self._clock.seconds()
        gained = max(now - self._counted, 0.0) * LINES_PER_SECOND
        self._allowance = min(self._allowance + gained, float(DatagramInbox.MESSAGES))
        self._counted = now
        for line in datagram_lines(data)[: int(self._allowance)]:
            if self._inbox.is_shut:
                self._bytes_in += len(line)
            elif self._inbox.has_room:
                self._allowance -= 1
                self._take_line(line)
        self._work(now)

    def _take_line(self, line: bytes) -> None:
        try:
            self._keep(line)
        except MessageError as error:
            self._inbox.fail(error)

    def relayed(self, count: int, size: int) -> None:
        """Count `count` messages of `size` bytes in total, sent by `relay_to_all`."""
        self._messages_out += count
        self._outbox.bytes_out += size

    def _begin_taking(self) -> None:
        # One long answer at a time: requests received meanwhile are dropped, as datagrams may be.
        self._inbox.clear()
