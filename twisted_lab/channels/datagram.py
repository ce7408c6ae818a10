"""Base class of channels over datagrams."""

from __future__ import annotations

from typing import Any, Protocol

from twisted_lab.channels import base
from twisted_lab.channels.base import BaseChannel, Output
from twisted_lab.channels.idleness import IdleTimer
from twisted_lab.channels.inbox import DatagramInbox
from twisted_lab.channels.phase import Phase
from twisted_lab.channels.turn_budget import TURN_SECONDS, TurnBudget
from twisted_lab.codecs import decode, too_long
from twisted_lab.disconnects import Disconnect, Reason
from twisted_lab.peers import Peer

# The peer's host and port, and further data that the transport needs for a reply, such as the local
# address that the peer used. The whole tuple identifies a peer, as in TCP: the same host and port
# with another local address is a new peer, or a session that moves. So a reply always leaves from
# the local address that the peer used, and a forged datagram cannot change that. A cookie covers
# only host and port: it proves the peer's address, whichever local address the peer used.
Address = tuple[str, int, *tuple[Any, ...]]


class Host(base.Host, Protocol):
    """The creator of a port's channels: `DatagramServer`."""

    patience: float
    max_message: int

    def send(self, data: bytes, *addresses: Address) -> None:
        """Send a datagram to each address, in this turn of the reactor or the next."""
        ...

    def touch(self, channel: DatagramChannel) -> None:
        """Call the channel's `pump`, in this turn of the reactor or the next."""
        ...

    def look(self, channel: DatagramChannel) -> None:
        """Schedule the channel again, after its deadline may have changed."""
        ...

    def hung_up(self, channel: DatagramChannel) -> None:
        """Handle the end of the channel's conversation."""
        ...

    def forget(self, channel: DatagramChannel) -> None:
        """Handle the end of the channel."""
        ...


class DatagramChannel(BaseChannel):
    """Base class of plain and reliable channels.

    Args:
        host: The server that creates the channel.
        address: The peer's address.
    """

    _inbox: DatagramInbox
    _host: Host

    def __init__(self, host: Host, address: Address) -> None:
        super().__init__(DatagramInbox())
        self.address = address
        self._host = host

    def begin(self) -> None:
        """Start the conversation."""
        host = self._host
        idle = IdleTimer(host.patience, host.clock.seconds())
        self._begin(host, Peer.of_datagram(*self.address[:2]), self._make_outbox(), idle)

    def _make_outbox(self) -> Output:
        raise NotImplementedError

    def _make_turn_budget(self) -> TurnBudget:
        return TurnBudget(self._clock, TURN_SECONDS, most=4)

    # Hearing

    def _keep(self, data: bytes) -> None:
        """Keep a message until it is heard.

        Raises:
            MessageError: The message is too long, or not UTF-8.
        """
        self._bytes_in += len(data)
        self._messages_in += 1
        if self._events.traffic:
            self._events.received(self.peer.text, len(data), data)
        if len(data) > self._host.max_message:
            raise too_long(len(data), self._host.max_message)
        self._inbox.put(decode(data))

    def _fill(self, most: int) -> int:
        return self._inbox.fill(most)

    def pump(self) -> None:
        """Send the packets that are due."""

    # Ending

    def hang_up(self) -> None:
        """See `twisted_lab.channels.Channel`."""
        if self._phase is Phase.TALKING:
            self._host.hung_up(self)
            super().hang_up()

    def _close(self) -> None:
        self.end(self._closed_by.reason())

    def _cut_off(self) -> None:
        self.end(Disconnect.CUT_OFF_BY_SERVER.reason())

    def end(self, reason: Reason) -> None:
        """End the channel: the peer is gone, or has all pending output."""
        if self._phase is not Phase.GONE:
            if reason.why is Disconnect.CLOSED_BY_CLIENT:
                # Messages that the client has sent before its close are still heard.
                self._clock.callLater(0, self._go_on)
            else:
                self._shut(reason)
            self._gone(reason)
            self._host.forget(self)

    # Time

    def _deadline_moved(self) -> None:
        self._host.look(self)

    def deadline(self) -> float | None:
        """See `twisted_lab.channels.deadlines.Timed`."""
        return None if self._phase is Phase.GONE else self._idle.deadline

    def extend_timeouts(self, seconds: float, now: float) -> None:
        """See `twisted_lab.channels.deadlines.Timed`."""
        self._idle.heard = min(self._idle.heard + seconds, now)

    def tick(self, now: float) -> None:
        """See `twisted_lab.channels.deadlines.Timed`."""
        if self._is_silent(now):
            self._idle.heard = now
            self._report_silence()

    def _is_silent(self, now: float) -> bool:
        if self._turn.is_waiting:
            self._idle.heard = now
        return now >= self._idle.deadline
