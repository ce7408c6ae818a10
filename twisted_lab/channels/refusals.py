"""Refusals of datagram peers: they keep no state of the peer, and fill no log."""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime

from twisted_lab.channels.connections import Connections
from twisted_lab.events import ServiceEvents
from twisted_lab.peers import Peer

LOG_SECONDS = 1.0  # between two lines in the log


class Refusals:
    """Says which peers are not served, and why.

    Args:
        clock: Tells the time.
        events: Refusals are reported here, one a second at most.
        connections: Where the peers are counted that are served.
    """

    def __init__(
        self, clock: IReactorTime, events: ServiceEvents, connections: Connections
    ) -> None:
        self._clock = clock
        self._events = events
        self._connections = connections
        self._reported = float("-inf")
        self._unreported = 0

    def reason(self, host: str, port: int) -> str:
        """Return why a new peer there is not served, and count that; "" if it is served."""
        refusal = self._connections.refusal(host)
        if refusal:
            self._connections.refused += 1
            self._events.tally.errors["refused"] += 1
            self._unreported += 1
            now = self._clock.seconds()
            if now >= self._reported + LOG_SECONDS:
                peer = Peer.of_datagram(host, port).text
                self._events.refused(peer, refusal, self._unreported)
                self._reported, self._unreported = now, 0
        return refusal
