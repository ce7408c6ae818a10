"""Retransmission timer (RFC 6298)."""

from __future__ import annotations

FIRST = 1.0  # seconds, before the first measured round trip
# RFC 6298 asks for at least 1 s, to protect other TCP traffic; a conversation would stall too long.
LEAST = 0.2
MOST = 10.0
GRANULARITY = 0.01
LONGEST_TRIP = 60.0


class RetransmissionTimer:
    """The retransmission timeout, estimated from round trips.

    Attributes:
        timeout: The retransmission timeout (RTO), in seconds.
    """

    def __init__(self) -> None:
        self.timeout = self._learned = FIRST
        self._smoothed: float | None = None
        self._variation = 0.0
        self._measured = 0.0  # when

    def measured(self, trip: float, now: float) -> None:
        """Update the estimate with a packet that was acknowledged after `trip` seconds, at `now`.

        The acknowledgement echoes the packet's stamp, which tells apart the transmissions of a
        packet (as in RFC 7323). After a pause of the peer many packets have taken as long as the
        pause. One of them counts, and not as more than twice the timeout: otherwise each packet
        that is lost afterwards would be sent again only after 10 s.
        """
        if trip > LONGEST_TRIP or now - trip < self._measured:
            return  # Such a delay does not come from the network, or belongs to the same round.
        self._measured = now
        trip = min(trip, 2 * max(self._learned, FIRST))
        if self._smoothed is None:
            self._smoothed, self._variation = trip, trip / 2
        else:
            self._variation += (abs(self._smoothed - trip) - self._variation) / 4
            self._smoothed += (trip - self._smoothed) / 8
        wanted = self._smoothed + max(GRANULARITY, 4 * self._variation)
        self.timeout = self._learned = min(max(wanted, LEAST), MOST)

    @property
    def is_backed_off(self) -> bool:
        """Tell whether the back-off has raised the timeout."""
        return self.timeout > self._learned

    def expired(self) -> None:
        """Double the timeout, because no acknowledgement has arrived in time (back-off)."""
        self.timeout = min(self.timeout * 2, MOST)

    def forget_backoff(self) -> None:
        """Undo the back-off, because the network was not the cause."""
        self.timeout = self._learned
