"""Budgets of the log: how many events peers may cause before they are summed up.

An event that only the process or its operator can cause has no budget, and is always logged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import LogEvent

from twisted_lab.eventlog.events import Observer, ServiceEvents
from twisted_lab.peers import site_of
from twisted_lab.token_bucket import Bucket

# Events that peers cause all the time. Every other event is a security event.
CONNECTIONS = frozenset({"client connected", "client disconnected"})
TRAFFIC = frozenset({"received", "sent", "relayed"}) | CONNECTIONS
# Mistakes of the service, whichever peer causes them; their tracebacks are long.
MISTAKES = frozenset({"conversation failed", "twisted"})
# Security events that a peer can cause as often as it likes.
CAUSED_BY_PEERS = MISTAKES | {
    "hung up",
    "refused",
    "client dropped",
    "unable",
    "logged in",
    "login failed",
    "login refused",
    "out of files",
    "accepting again",
}

# Thirty clients that each send 1,000 messages in a loop, all at once, make 60,060 events.
BURST_SECONDS = 100
# The part of the rate that each kind of security event has in the log, beside the traffic.
SECURITY_PART = 0.1
CHUNK = 100  # events between two looks at the clock
SECURITY_SUMMARY_SECONDS = 60.0
# The wait before the first summary of a series, so that it leaves a trace in any case.
FIRST_SUMMARY_SECONDS = 1.0
MOST_COUNTED = 1_000  # networks in a sum

BUDGET_SECONDS = timedelta(days=1).total_seconds()
# Limits of the file of security events, for each kind and day. It keeps the first event of at most
# MOST_NETWORKS networks, which no other event takes the place of, and at most MOST_OF_KIND others,
# of one network at most MOST_OF_NETWORK.
MOST_NETWORKS = 500
MOST_OF_KIND = 500
MOST_OF_NETWORK = 100


class Budget:
    """How many events are logged: a rate, and at first a burst.

    Args:
        rate: Events a second.
        clock: Tells the time.
    """

    def __init__(self, rate: float, clock: IReactorTime) -> None:
        self._clock = clock
        self._bucket = Bucket(rate, rate * BURST_SECONDS, clock.seconds())
        self._chunk = int(max(min(CHUNK, rate), 1))
        self._left = 0

    def allows(self) -> bool:
        """Tell whether one more event is to be logged, and count it if it is."""
        if not self._left:
            now = self._clock.seconds()
            if self._bucket.wait(self._chunk, now):
                return False
            self._bucket.take(self._chunk, now)
            self._left = self._chunk
        self._left -= 1
        return True


def log_budgets(rate: int, clock: IReactorTime) -> Mapping[str, Budget]:
    """Return the budget of each event that has one.

    Connections share one of `rate` events a second, and the traffic over them another one, so that
    no client can hide who visits the server.

    Args:
        rate: Events a second.
        clock: Tells the time.
    """
    connections, traffic = Budget(rate, clock), Budget(rate, clock)
    budgets = {name: Budget(rate * SECURITY_PART, clock) for name in CAUSED_BY_PEERS}
    return budgets | dict.fromkeys(TRAFFIC, traffic) | dict.fromkeys(CONNECTIONS, connections)


@lru_cache
def _network(peer: str) -> str:
    # One host of IPv6 may have all networks of a site.
    return site_of(peer)


class SecurityBudget:
    """How many security events of each kind are kept on a day, of one network and of all.

    Args:
        clock: Tells the time.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._begin()

    def _begin(self) -> None:
        self._day_ends = self._clock.seconds() + BUDGET_SECONDS
        # Nothing is remembered of a network of which nothing is kept.
        self._kept: Counter[tuple[str, str]] = Counter()
        self._firsts: Counter[str] = Counter()
        self._others: Counter[str] = Counter()

    def allows(self, event: LogEvent) -> bool:
        """Tell whether `event` is to be kept, and count it if it is."""
        name = event["event"]
        if name not in CAUSED_BY_PEERS:
            return True
        if self._clock.seconds() >= self._day_ends:
            self._begin()
        network = "" if name in MISTAKES else _network(event["peer"] or "")
        of_network = self._kept[name, network]
        if not of_network and self._firsts[name] < MOST_NETWORKS:
            self._firsts[name] += 1
        elif of_network < MOST_OF_NETWORK and self._others[name] < MOST_OF_KIND:
            self._others[name] += 1
        else:
            return False
        self._kept[name, network] += 1
        return True


class Summary:
    """The events beyond a budget, which one event reports after a while.

    Args:
        events: The sum is reported here.
        clock: Waits.
        seconds: How long it waits after the first of them; for the first sum after a quiet time,
            FIRST_SUMMARY_SECONDS.
    """

    def __init__(self, events: ServiceEvents, clock: IReactorTime, seconds: float) -> None:
        self._events = events
        self._clock = clock
        self._seconds = seconds
        self._timer: IDelayedCall | None = None
        self._begun = 0.0
        self._told = -seconds
        self._clear()

    def _clear(self) -> None:
        self._kinds: Counter[str] = Counter()
        self._networks: Counter[str] = Counter()
        self._bytes = 0
        self._latest: LogEvent = {}

    def add(self, event: LogEvent) -> None:
        """Count `event`, which is not logged."""
        if not self._latest:
            self._begun = now = self._clock.seconds()
            is_first = now - self._told >= self._seconds
            seconds = FIRST_SUMMARY_SECONDS if is_first else self._seconds
            self._timer = self._clock.callLater(seconds, self.tell)
        self._latest = event
        if event["peer"] is not None:
            network = _network(event["peer"])
            if network in self._networks or len(self._networks) < MOST_COUNTED:
                self._networks[network] += 1
        self._kinds[event["event"]] += 1
        self._bytes += event.get("bytes", 0)

    def tell(self) -> None:
        """Report the events that were counted since the last time, if there are any."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if self._latest:
            kinds, networks = self._kinds, self._networks
            peer, sum_of_bytes = self._latest["peer"], self._bytes
            self._clear()
            self._told = self._clock.seconds()
            self._events.summed_up(peer, kinds, networks, sum_of_bytes, self._told - self._begun)


class SecurityLog:
    """Keeps security events, and sums up those of peers beyond a budget.

    Args:
        keep: Where they are kept.
        service: Whose log it is.
        clock: Tells the time.
    """

    def __init__(self, keep: Observer, service: str, clock: IReactorTime) -> None:
        self._keep = keep
        self._budget = SecurityBudget(clock)
        self._summary = Summary(ServiceEvents(service, keep), clock, SECURITY_SUMMARY_SECONDS)

    def __call__(self, event: LogEvent) -> None:
        """Keep a security event."""
        if self._budget.allows(event):
            self._keep(event)
        else:
            self._summary.add(event)

    def tell(self) -> None:
        """Report the events that were summed up since the last summary."""
        self._summary.tell()
