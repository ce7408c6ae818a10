"""A channel of the reliable protocol."""

from __future__ import annotations

from collections.abc import Iterator

from twisted_lab.channels.channel import PeerGone
from twisted_lab.channels.datagram import Address, DatagramChannel, Host
from twisted_lab.channels.outbox import HELD_BYTES
from twisted_lab.channels.stream import BEHIND_BYTES
from twisted_lab.codecs import MessageError, line_encoder
from twisted_lab.disconnects import Disconnect
from twisted_lab.peers import Peer
from twisted_lab.reliable import Data, Packet, Session, State


class ReliableChannel(DatagramChannel):
    """A session of the reliable protocol.

    Args:
        host: The object that made it.
        address: The peer's address.
        session: The session.
        client: The client's number.
        attempt: The number of the attempt, from the client's Open.
    """

    encode = staticmethod(line_encoder(b""))

    def __init__(
        self, host: Host, address: Address, session: Session, client: int, attempt: int
    ) -> None:
        super().__init__(host, address)
        self.session = session
        self.client = client
        self.attempt = attempt
        # The messages that are not decoded yet. No data is taken while there are any.
        self._coming: Iterator[bytes] = iter(())
        self._most_behind = max(BEHIND_BYTES, 4 * host.max_message)

    def move(self, address: Address) -> None:
        """The peer has shown that it is at another address now."""
        self.address = address
        self.peer = Peer.of_datagram(*address[:2])
        self.session.resume(self._host.clock.seconds())

    def receive(self, packet: Packet) -> None:
        """Take a packet of the session."""
        if isinstance(packet, Data) and (self._over is not None or not self._has_room()):
            return
        now = self._host.clock.seconds()
        if not self._hung_up:
            self._last_heard = now
        messages = self.session.receive(packet, now)
        if isinstance(packet, Data):
            self._coming = iter(messages)
            self._fill_inbox()
            self._work()
        if self.session.state is State.ANSWERING and not self._hung_up:
            self._closed_by = Disconnect.CLOSED_BY_CLIENT
            self._over = self._over or PeerGone(self._closed_by.reason())
            self._go_on()
        self._host.touch(self)

    def _fill_inbox(self) -> None:
        # One packet may complete many thousands of messages.
        try:
            while self._has_room() and (message := next(self._coming, None)) is not None:
                self._keep(message)
        except MessageError as error:
            self._over = error
            self._coming = iter(())

    def _next(self) -> str:
        message = super()._next()
        self._fill_inbox()
        return message

    def _deafen(self, reason: Exception) -> None:
        self._coming = iter(())
        super()._deafen(reason)

    def _is_holding(self) -> bool:
        is_behind = self.session.state is State.OPEN and self.session.sender.backlog > 0
        return is_behind or super()._is_holding()

    def _say(self, _: str, data: bytes) -> None:
        if self.session.sender.backlog > self._most_behind:
            self._host.events.behind(self.peer.text, self._most_behind)
            self.end(Disconnect.CUT_OFF_BY_SERVER.reason())
            return
        self._messages_out += 1
        self._bytes_out += len(data)
        self.session.say(data)
        self._host.touch(self)

    @property
    def is_gone(self) -> bool:
        """See `twisted_lab.channels.Channel`."""
        return self._hung_up or self.session.state is not State.OPEN

    def _is_behind(self) -> bool:
        return self.session.sender.backlog > HELD_BYTES

    def pump(self) -> None:
        """Send what is due."""
        if self._ended:
            return
        for datagram in self.session.datagrams_to_send(self._host.clock.seconds()):
            self._host.send(datagram, self.address)
        if self.session.state is State.OVER:
            super()._close()
        elif not self._is_behind():
            self._go_on()

    def _close(self) -> None:
        self._last_heard = self._host.clock.seconds()  # starts the idle timeout of the close
        self.session.close(self._host.connections.draining)
        self._host.touch(self)

    def deadline(self) -> float | None:
        """See `twisted_lab.channels.deadlines.Timed`."""
        if self._ended:
            return None
        times = (super().deadline(), self.session.deadline())
        return min((time for time in times if time is not None), default=None)

    def extend_timeouts(self, seconds: float, now: float) -> None:
        """See `twisted_lab.channels.deadlines.Timed`."""
        super().extend_timeouts(seconds, now)
        self.session.sender.extend_timeouts(seconds, now)

    def tick(self, now: float) -> None:
        """See `twisted_lab.channels.deadlines.Timed`."""
        # A peer that pings but acknowledges nothing counts as silent.
        heard = min(self._last_heard, now - self.session.sender.stalled(now))
        if now >= heard + self.patience:
            self._last_heard = heard
            # A live peer would have pinged. When it comes back it gets a cookie, and resumes in a
            # new session; a close would tell it that it is out for good.
            super().tick(now)
            self.end(Disconnect.SILENT.reason())
        else:
            self.pump()
