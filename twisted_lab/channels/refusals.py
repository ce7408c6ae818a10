"""Refusals of datagram peers, with few log lines and without state for each peer."""

from __future__ import annotations

from collections import Counter

from twisted.internet.interfaces import IReactorTime

from twisted_lab.channels.connections import Connections
from twisted_lab.disconnects import Disconnect, Reason
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.peers import Peer, network

LOG_SECONDS = 1.0  # between two lines in the log


class Refusals:
    """Decides which peers are refused, and why.

    Args:
        clock: The clock for rate limits.
        events: The reporter of refusals, at most one per second.
        connections: The served peers, with their limits.
    """

    def __init__(
        self, clock: IReactorTime, events: ServiceEvents, connections: Connections
    ) -> None:
        self._clock = clock
        self._events = events
        self._connections = connections
        self._reported = float("-inf")
        self._unreported = 0
        self._second = 0
        self._admitted: Counter[str] = Counter()

    def reason(self, host: str, port: int, is_proven: bool = True) -> Reason | None:
        """Return why to refuse a new peer, and count the refusal; None to serve it.

        All peers whose addresses are not proved have the rate limit of one network together.
        """
        now = self._clock.seconds()
        refusal = self._connections.refusal(host) or self._too_fast(
            network(host) if is_proven else "", int(now)
        )
        if refusal:
            self._connections.refused += 1
            self._events.counters.errors["refused"] += 1
            self._unreported += 1
            if now >= self._reported + LOG_SECONDS:
                peer = Peer.of_datagram(host, port).text
                self._events.refused(peer, refusal, self._unreported)
                self._reported, self._unreported = now, 0
        return refusal

    def _too_fast(self, peer: str, second: int) -> Reason | None:
        # A session that replaces another one at its address does not raise the number of
        # connections, but costs 0.1 ms and log lines.
        if second != self._second:
            self._second = second
            self._admitted.clear()
        self._admitted[peer] += 1
        most = self._connections.most_per_peer
        return Disconnect.TOO_FAST.reason(most=most) if self._admitted[peer] > most else None
