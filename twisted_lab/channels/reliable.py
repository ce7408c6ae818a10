"""Channel of the reliable protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from twisted_lab.channels.channel import PeerGone
from twisted_lab.channels.datagram import Address, DatagramChannel, Host
from twisted_lab.channels.outbox import BEHIND_BYTES, HELD_BYTES, do_nothing
from twisted_lab.channels.phase import Phase
from twisted_lab.codecs import MessageError, line_encoder
from twisted_lab.disconnects import Disconnect, Reason
from twisted_lab.peers import Peer
from twisted_lab.reliable import Data, Packet, Session, State

# A server that stops gives a conversation this many seconds for its last messages. Without them the
# client, which has not been told that its message is stored, sends it to the next server.
LAST_WORDS = 1.0


class ReliableOutbox:
    """Messages on their way into a session, which sends them at the speed of the peer.

    Args:
        session: The session.
        touch: Called when the session has output.
        fell_behind: Called with the limit when the pending output exceeds it.
        limit: The most bytes of pending output, not counting the last message.
        is_stopping: Tells whether the server stops.
    """

    gathering = None

    def __init__(
        self,
        session: Session,
        touch: Callable[[], object],
        fell_behind: Callable[[int], object],
        limit: int,
        is_stopping: Callable[[], bool],
    ) -> None:
        self.bytes_out = 0
        self._session = session
        self._touch = touch
        self._fell_behind = fell_behind
        self._limit = limit
        self._is_stopping = is_stopping

    @property
    def holding(self) -> bool:
        """See `twisted_lab.channels.base.Output`."""
        return self._session.state is State.OPEN and self._session.sender.backlog > 0

    def begin_batch(self) -> None:
        """See `twisted_lab.channels.base.Output`; the port sends all at the end of its turn."""

    def end_batch(self) -> None:
        """See `twisted_lab.channels.base.Output`."""

    def add(self, data: bytes) -> None:
        """See `twisted_lab.channels.base.Output`."""
        if self._session.sender.backlog > self._limit:
            self._fell_behind(self._limit)
            return
        self.bytes_out += len(data)
        self._session.say(data)
        self._touch()

    def make_room(self) -> bool:
        """See `twisted_lab.channels.base.Output`; `pump` tells when there is."""
        return self._session.sender.backlog <= HELD_BYTES

    def close(self, then: Callable[[], object]) -> None:
        """See `twisted_lab.channels.base.Output`; `pump` ends the channel instead of `then`."""
        self._session.close(self._is_stopping())
        self._touch()

    def discard(self) -> None:
        """See `twisted_lab.channels.base.Output`; the session is not used any more."""
        self._touch = self._fell_behind = do_nothing


class ReliableChannel(DatagramChannel):
    """A channel over a session of the reliable protocol.

    Args:
        host: The server that creates the channel.
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
        # Messages that are not decoded yet. While there are any, Data packets are dropped.
        self._coming: Iterator[bytes] = iter(())

    def _make_outbox(self) -> ReliableOutbox:
        host = self._host
        return ReliableOutbox(
            self.session,
            lambda: host.touch(self),
            self._fell_behind,
            max(BEHIND_BYTES, 4 * host.max_message),
            lambda: host.connections.is_stopping,
        )

    def move(self, address: Address) -> None:
        """Move to the address that the peer has proved to be its new one."""
        self.address = address
        self.peer = Peer.of_datagram(*address[:2])
        self.session.resume(self._clock.seconds())

    # Hearing

    def receive(self, packet: Packet) -> None:
        """Handle a packet of the session."""
        inbox = self._inbox
        if isinstance(packet, Data):
            self._top_up()
            if inbox.end is not None or not inbox.has_room:
                return
        now = self._clock.seconds()
        if self._phase is Phase.TALKING:
            self._idle.heard = now
        messages = self.session.receive(packet, now)
        if isinstance(packet, Data):
            self._coming = iter(messages)
            self._top_up()
            self._work(now)
        if self._has_peer_closed and self._phase is Phase.TALKING:
            inbox.close(PeerGone(Disconnect.CLOSED_BY_CLIENT.reason()))
            self._go_on()
        self._host.touch(self)

    def _fill(self, most: int) -> int:
        self._top_up()
        is_full = not self._inbox.has_room
        count = super()._fill(most)
        self._inbox.may_have_more |= is_full  # in _coming
        return count

    def _top_up(self) -> None:
        # One packet may complete thousands of messages. While the inbox has room, none are left.
        try:
            while self._inbox.has_room and (message := next(self._coming, None)) is not None:
                self._keep(message)
        except MessageError as error:
            self._inbox.fail(error)
            self._coming = iter(())

    def _shut(self, reason: Reason) -> None:
        self._coming = iter(())
        super()._shut(reason)

    # Saying

    def relay(self, texts: list[str], pieces: list[bytes], _: bytes) -> None:
        """Send several messages of a fan-out, encoded as `pieces`; `FanOut` logs them."""
        for data in pieces:
            if self._phase is Phase.TALKING:
                self._messages_out += 1
                self._outbox.add(data)

    @property
    def is_gone(self) -> bool:
        """See `twisted_lab.channels.Channel`."""
        return super().is_gone or self.session.state is not State.OPEN

    def pump(self) -> None:
        """Send the packets that are due."""
        if self._phase is Phase.GONE:
            return
        for datagram in self.session.datagrams_to_send(self._clock.seconds()):
            self._host.send(datagram, self.address)
        if self.session.state is State.OVER:
            self._close()
        elif self._outbox.make_room():
            self._go_on()

    # Ending

    @property
    def _has_peer_closed(self) -> bool:
        return self.session.state is State.ANSWERING

    def finish(self) -> None:
        """See `twisted_lab.channels.Connection`."""
        super().finish()
        # The conversation may wait for a database, which the client need not do.
        self._clock.callLater(LAST_WORDS, self.hang_up)

    def send_away(self) -> None:
        """See `twisted_lab.channels.connections.CanContinueElsewhere`."""
        self.finish()

    # Time

    def deadline(self) -> float | None:
        """See `twisted_lab.channels.deadlines.Timed`."""
        idle = super().deadline()
        session = self.session.deadline()
        return idle if idle is None or session is None else min(idle, session)

    def extend_timeouts(self, seconds: float, now: float) -> None:
        """See `twisted_lab.channels.deadlines.Timed`."""
        super().extend_timeouts(seconds, now)
        self.session.sender.extend_timeouts(seconds, now)

    def tick(self, now: float) -> None:
        """See `twisted_lab.channels.deadlines.Timed`."""
        if self._is_silent(now):
            # End without a Close, which would tell the client not to come back. This one does not
            # even ping; if it returns it gets a cookie, and continues in a new session.
            super().tick(now)
            self.end(Disconnect.SILENT.reason())
        else:
            self.pump()

    def _is_silent(self, now: float) -> bool:
        # A peer that sends pings but acknowledges no data counts as silent.
        return super()._is_silent(now) or self.session.sender.stalled(now) >= self.patience
