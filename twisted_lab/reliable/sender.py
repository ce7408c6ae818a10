"""Sending: a stream in fragments, each retransmitted until acknowledged."""

from __future__ import annotations

from dataclasses import dataclass

from twisted_lab.codecs import encode_frame
from twisted_lab.reliable.packets import LARGEST_FRAGMENT, MODULUS, Ack, Data, after, distance
from twisted_lab.reliable.receiver import WINDOW
from twisted_lab.reliable.timer import RetransmissionTimer

FIRST_WINDOW = 10.0  # packets
LEAST_WINDOW = 2.0
# A packet counts as lost once this many later ones were acknowledged. Then it is retransmitted
# before the timeout (RFC 6675).
REORDERED = 3
# Minimum interval between two retransmissions of all packets in flight, in seconds. A packet of 50
# bytes can cause one of up to 300 KB.
HURRY_SECONDS = 1.0


def stamp(now: float) -> int:
    """Return `now`, in seconds, as the stamp of a packet."""
    return int(now * 1000) % MODULUS


@dataclass
class _Flight:
    """A packet in flight."""

    data: Data
    sent: float
    order: int  # among all transmissions
    passed: int = 0  # acknowledgements of later packets
    is_lost: bool = False


class Sender:
    """The sending half of a session.

    Args:
        session: The session's number.
        timer: The timer of an earlier session on this path; by default a new one.
        first: The sequence number of the first packet.

    Attributes:
        timer: See above.
        resent: The number of retransmitted packets.
    """

    def __init__(
        self, session: int, timer: RetransmissionTimer | None = None, first: int = 0
    ) -> None:
        self.timer = timer or RetransmissionTimer()
        self.resent = 0
        self._session = session
        self._next = first
        self._oldest = first
        self._waiting = bytearray()
        self._flights: dict[int, _Flight] = {}
        self._window = FIRST_WINDOW
        self._threshold = float(WINDOW)
        self._recovered = first  # the window already reflects losses before this number
        self._is_urgent = False  # the first packet of a loss ignores the window (RFC 5681)
        self._progress = 0.0
        self._hurried = float("-inf")
        self._expired = 0  # the stamp of the latest timeout
        self._order = 0

    @property
    def is_idle(self) -> bool:
        """Tell whether everything is acknowledged."""
        return not (self._waiting or self._flights)

    @property
    def unacknowledged(self) -> int:
        """The number of packets in flight."""
        return len(self._flights)

    @property
    def backlog(self) -> int:
        """The number of bytes that wait for the window."""
        return len(self._waiting)

    def stalled(self, now: float) -> float:
        """Return the seconds since the last acknowledgement; 0 if nothing is in flight."""
        return now - self._progress if self._flights else 0.0

    def extend_timeouts(self, seconds: float, now: float) -> None:
        """Exclude the `seconds` before `now` from `stalled`."""
        self._progress = min(self._progress + seconds, now)

    def add(self, message: bytes) -> None:
        """Send a message as soon as the window allows; waiting messages share packets."""
        self._waiting += encode_frame(message)

    def packets_to_send(self, now: float) -> list[Data]:
        """Return the packets to send now."""
        if any(
            not flight.is_lost and now >= flight.sent + self.timer.timeout
            for flight in self._flights.values()
        ):
            self.timer.expired()
            self._expired = stamp(now)
            self._threshold = max(self._window / 2, LEAST_WINDOW)
            self._window = LEAST_WINDOW
            for flight in self._flights.values():
                flight.is_lost = True
        if not self._flights:
            self._progress = now
        room = max(self._room(), self._is_urgent)
        self._is_urgent = False
        lost = [flight.data for flight in self._flights.values() if flight.is_lost]
        packets = [self._stamped(data, now) for data in lost[:room]]
        self.resent += len(packets)
        while self._waiting and len(packets) < room and distance(self._oldest, self._next) < WINDOW:
            fragment = bytes(self._waiting[:LARGEST_FRAGMENT])
            del self._waiting[:LARGEST_FRAGMENT]
            packets.append(self._stamped(Data(self._session, self._next, 0, fragment), now))
            self._next = after(self._next)
        return packets

    def _room(self) -> int:
        """Return how many packets the window allows now."""
        flying = sum(not flight.is_lost for flight in self._flights.values())
        return max(int(self._window) - flying, 0)

    def _stamped(self, data: Data, now: float) -> Data:
        data = data._replace(stamp=stamp(now))
        self._order += 1
        self._flights[data.sequence] = _Flight(data, now, self._order)
        return data

    def retransmit_all(self, now: float) -> None:
        """Retransmit all packets in flight: the peer was away, or has another address."""
        if now >= self._hurried + HURRY_SECONDS:
            self._hurried = now
            self.timer.forget_backoff()
            for flight in self._flights.values():
                flight.is_lost = True

    def end_backoff(self, now: float) -> None:
        """End the back-off and retransmit immediately, because the path works."""
        if self.timer.is_backed_off:
            self.retransmit_all(now)

    def deadline(self) -> float | None:
        """Return when `packets_to_send` retransmits a packet; None if nothing is in flight."""
        flying = [flight.sent for flight in self._flights.values() if not flight.is_lost]
        if len(flying) < len(self._flights) and max(self._room(), self._is_urgent) > 0:
            return self._progress
        return min(flying) + self.timer.timeout if flying else None

    def receive(self, ack: Ack, now: float) -> None:
        """Handle an acknowledgement; ignore one of packets that were never sent."""
        sent = distance(self._oldest, self._next)
        if not 0 <= distance(self._oldest, ack.next) <= sent:
            return
        came = [number for number in self._flights if distance(number, ack.next) > 0]
        stop = 0
        for first, end in ack.ranges:
            start, before = distance(self._oldest, first), stop
            stop = distance(self._oldest, end)
            if not before <= start < stop <= sent:
                return
            came += [
                number
                for step in range(start, stop)
                if (number := after(self._oldest, step)) in self._flights
            ]
        if came:
            self.timer.measured((stamp(now) - ack.echo) % MODULUS / 1000, now)
            self._arrived(set(came), now)
        elif distance(self._expired, ack.echo) >= 0:
            # A packet sent after the timeout has arrived, but none of those sent before it.
            self.end_backoff(now)
        self._oldest = ack.next

    def _arrived(self, came: set[int], now: float) -> None:
        latest = max(self._flights.pop(number).order for number in came)
        self._progress = now
        for number, flight in self._flights.items():
            if flight.order < latest:
                flight.passed += 1
                if flight.passed == REORDERED:
                    flight.is_lost = True
                    self._lost(number)
        if self._window < self._threshold:
            self._window += len(came)
        else:
            self._window += len(came) / self._window
        self._window = min(self._window, float(WINDOW))

    def _lost(self, number: int) -> None:
        # Reduce the window once for all packets in flight at the time.
        if distance(self._recovered, number) >= 0:
            self._recovered = self._next
            self._is_urgent = True
            self._window = self._threshold = max(self._window / 2, LEAST_WINDOW)
