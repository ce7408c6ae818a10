"""Retransmission timer (RFC 6298)."""

from __future__ import annotations

FIRST = 1.0  # seconds, until a round trip has been measured
# RFC 6298 wants at least 1 s, for the sake of others' TCP; a conversation would halt for too long.
LEAST = 0.2
MOST = 10.0
GRANULARITY = 0.01
LONGEST_TRIP = 60.0


class RetransmissionTimer:
    """Estimates the round trip.

    Attributes:
        timeout: The retransmission timeout, in seconds.
    """

    def __init__(self) -> None:
        self.timeout = self._learned = FIRST
        self._smoothed: float | None = None
        self._variation = 0.0

    def measured(self, trip: float) -> None:
        """Learn from a packet that was acknowledged after `trip` seconds.

        The acknowledgement has the packet's stamp, so that it is known which of several sendings
        it belongs to (as in RFC 7323).
        """
        if trip > LONGEST_TRIP:
            return  # It says nothing about the network.
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
        """Back off, because nothing was acknowledged in time."""
        self.timeout = min(self.timeout * 2, MOST)

    def forget_backoff(self) -> None:
        """End the back-off, because it was not the network that was slow."""
        self.timeout = self._learned
