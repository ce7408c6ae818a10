"""Session between a client and a server, which behave alike once it is open."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto

from twisted_lab.reliable.packets import Ack, Close, Data, Packet, Ping, Side, seal
from twisted_lab.reliable.receiver import Receiver
from twisted_lab.reliable.sender import Sender, stamp
from twisted_lab.reliable.timer import RetransmissionTimer

CLOSE_TRIES = 10  # taking 15 s on a fast network
LONGEST_CLOSE_WAIT = 2.0  # seconds between two tries
# A closed end answers the peer's further Closes for this many seconds, as an answer may be lost.
ANSWER_SECONDS = 3.0
# Interval between pings to a silent peer, in seconds.
PING_SECONDS = 1.0


class State(Enum):
    """The state of a session.

    OPEN -- close() --> CLOSING -- Close received, or sent 10 times --> OVER
    OPEN -- Close received --> ANSWERING -- 3 s --> OVER
    """

    OPEN = auto()
    CLOSING = auto()
    ANSWERING = auto()
    OVER = auto()


class Session:
    """One end of a session: its messages reach the other end, each once and in order.

    Args:
        number: The session's number.
        key: The key that seals its packets.
        side: This end.
        limit: The most bytes of a received message.
        now: The time, in seconds.
        ping_after: The silence in seconds after which it pings the peer; None to leave that to the
            peer.
        timer: The timer of an earlier session on the same path, with its measured round trips.

    Attributes:
        state: The state.
        heard: The time of the last received packet, in seconds.
        peer_stops: Whether the peer has closed because it is shutting down.
    """

    def __init__(
        self,
        number: int,
        key: bytes,
        side: Side,
        limit: int,
        now: float,
        ping_after: float | None = None,
        timer: RetransmissionTimer | None = None,
    ) -> None:
        self.number = number
        self.key = key
        self.side = side
        self.state = State.OPEN
        self.heard = now
        self.peer_stops = False
        self.sender = Sender(number, timer)
        self._receiver = Receiver(number, limit)
        self._owes_ack = False
        self._owes_close = False
        self._ping_after = ping_after
        self._pinged = now
        self._stops = False
        self._closes_sent = 0
        self._close_wait = 0.0
        self._next_change = now  # when to send the next Close, or to stop answering

    def say(self, message: bytes) -> None:
        """Send a message."""
        self.sender.add(message)

    def close(self, stops: bool = False) -> None:
        """Close the session once all messages are acknowledged."""
        if self.state is State.OPEN:
            self.state = State.CLOSING
            self._stops = stops

    def abort(self) -> bytes:
        """Close immediately, without waiting for acknowledgements; return the datagram to send."""
        self.state = State.OVER
        return seal(Close(self.number, False), self.key, self.side)

    def resume(self, now: float) -> None:
        """Retransmit everything immediately, because the peer has answered at this address."""
        self.heard = now
        self.sender.retransmit_all(now)
        if self.state is State.CLOSING:
            self._next_change = now
            self._closes_sent = 0
            self._close_wait = 0.0

    def receive(self, packet: Packet, now: float) -> Iterable[bytes]:
        """Handle a packet with a valid seal.

        Returns:
            The messages that are complete now. After them, the iterator raises
            `twisted_lab.codecs.MessageError` if a message is too long. The session should be closed
            then.
        """
        self.heard = now
        if isinstance(packet, Ack):
            self.sender.receive(packet, now)
        elif isinstance(packet, Ping):
            self._receiver.stamp = packet.stamp
            self._owes_ack = True
            # The peer has received nothing for a while, but is reachable.
            self.sender.end_backoff(now)
        elif isinstance(packet, Data):
            self._owes_ack = True
            return self._receiver.receive(packet)
        elif isinstance(packet, Close):
            self._closed(packet, now)
        return ()

    def _closed(self, packet: Close, now: float) -> None:
        if self.state is State.CLOSING and self._closes_sent:
            self.state = State.OVER
        elif self.state is not State.OVER:
            self._owes_close = True
            self.peer_stops = packet.stops
            if self.state is not State.ANSWERING:
                self.state = State.ANSWERING
                self._next_change = now + ANSWER_SECONDS

    def datagrams_to_send(self, now: float) -> list[bytes]:
        """Return the datagrams to send now."""
        packets: list[Packet] = []
        if self._owes_ack:
            packets.append(self._receiver.ack())
        if self.state in (State.OPEN, State.CLOSING):
            packets += self.sender.packets_to_send(now)
            ping = self._next_ping()
            if ping is not None and now >= ping:
                self._pinged = now
                packets.append(Ping(self.number, stamp(now)))
        if self.state is State.CLOSING and self.sender.is_idle and now >= self._next_change:
            if self._closes_sent == CLOSE_TRIES:
                self.state = State.OVER
            else:
                self._closes_sent += 1
                self._close_wait = max(2 * self._close_wait, self.sender.timer.timeout)
                self._close_wait = min(self._close_wait, LONGEST_CLOSE_WAIT)
                self._next_change = now + self._close_wait
                packets.append(Close(self.number, self._stops))
        elif self._owes_close:
            packets.append(Close(self.number, False))
        elif self.state is State.ANSWERING and now >= self._next_change:
            self.state = State.OVER
        self._owes_ack = self._owes_close = False
        return [seal(packet, self.key, self.side) for packet in packets]

    def _next_ping(self) -> float | None:
        # A closing session pings until all is acknowledged; then the Closes replace the pings.
        is_waiting = self.state is State.CLOSING and not self.sender.is_idle
        if self._ping_after is None or not (self.state is State.OPEN or is_waiting):
            return None
        next_one = self._pinged + PING_SECONDS
        if self.sender.timer.is_backed_off and not self.sender.is_idle:
            return next_one  # The answer ends the back-off.
        return max(self.heard + self._ping_after, next_one)

    def deadline(self) -> float | None:
        """Return when to call `datagrams_to_send` if no packet is received before; None: never."""
        if self.state is State.OVER:
            return None
        if self.state is State.ANSWERING or (self.state is State.CLOSING and self.sender.is_idle):
            return self._next_change
        times = (self.sender.deadline(), self._next_ping())
        return min((time for time in times if time is not None), default=None)
