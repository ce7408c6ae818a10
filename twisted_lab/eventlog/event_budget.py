"""Rate limits of logged events, and summaries of the events beyond them.

Only events that peers can cause are limited. Those of the process and its operator are always
logged.
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

# Routine events caused by peers. All other events are security events.
CONNECTIONS = frozenset({"client connected", "client disconnected", "faulted"})
TRAFFIC = frozenset({"received", "sent", "relayed"}) | CONNECTIONS
# Bugs of the service, with long tracebacks. They share a limit, whichever peer causes them.
MISTAKES = frozenset({"conversation failed", "twisted"})
# Security events that peers can cause at any rate.
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

# The burst, in seconds of the rate. A class of 30 clients that each send 1,000 messages in a loop
# causes 60,060 events.
BURST_SECONDS = 100
# The rate of each kind of security event, as a part of the rate of traffic events.
SECURITY_PART = 0.1
CHUNK = 100  # events between two readings of the clock
SECURITY_SUMMARY_SECONDS = 60.0
# The first summary of a series comes early, so that even a short series leaves a trace.
FIRST_SUMMARY_SECONDS = 1.0
MOST_COUNTED = 1_000  # networks in a summary

BUDGET_SECONDS = timedelta(days=1).total_seconds()
# Limits of the security log, for each kind of event and day: the first event of each of
# MOST_NETWORKS networks, which have room of their own, and MOST_OF_KIND further events. At most
# MOST_OF_NETWORK of all these are of one network.
MOST_NETWORKS = 500
MOST_OF_KIND = 500
MOST_OF_NETWORK = 100


class Budget:
    """A rate limit of events, with a burst.

    Args:
        rate: Events per second.
        clock: The clock of the limit.
    """

    def __init__(self, rate: float, clock: IReactorTime) -> None:
        self._clock = clock
        self._bucket = Bucket(rate, rate * BURST_SECONDS, clock.seconds())
        self._chunk = int(max(min(CHUNK, rate), 1))
        self._left = 0

    def allows(self) -> bool:
        """Tell whether to log one more event; count it if so."""
        if not self._left:
            now = self._clock.seconds()
            if self._bucket.wait(self._chunk, now):
                return False
            self._bucket.take(self._chunk, now)
            self._left = self._chunk
        self._left -= 1
        return True


def log_budgets(rate: int, clock: IReactorTime) -> Mapping[str, Budget]:
    """Return the budgets of all events that have one, by name of the event.

    Connections share one budget of `rate` events per second, and the traffic over them shares
    another one, so that no client can hide the connections of others by its traffic.

    Args:
        rate: Events per second.
        clock: The clock of the limits.
    """
    connections, traffic = Budget(rate, clock), Budget(rate, clock)
    budgets = {name: Budget(rate * SECURITY_PART, clock) for name in CAUSED_BY_PEERS}
    return budgets | dict.fromkeys(TRAFFIC, traffic) | dict.fromkeys(CONNECTIONS, connections)


@lru_cache
def _network(peer: str) -> str:
    # One IPv6 host may use all networks of a site.
    return site_of(peer)


class SecurityBudget:
    """Daily limits of security events of each kind, for one network and for all.

    Args:
        clock: The clock that begins new days.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._begin()

    def _begin(self) -> None:
        self._day_ends = self._clock.seconds() + BUDGET_SECONDS
        # Events kept of each kind and network. A network without any takes no memory.
        self._kept: Counter[tuple[str, str]] = Counter()
        self._firsts: Counter[str] = Counter()
        self._others: Counter[str] = Counter()

    def allows(self, event: LogEvent) -> bool:
        """Tell whether to keep `event`; count it if so."""
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
    """A summary of events beyond a budget, reported as one event.

    Args:
        events: The reporter of the summary.
        clock: The clock for the delay.
        seconds: The delay after the first event, in seconds. The first summary after a quiet time
            comes after FIRST_SUMMARY_SECONDS.
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
        """Report the events counted since the last summary, if there are any."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if self._latest:
            kinds, networks = self._kinds, self._networks
            peer, sum_of_bytes = self._latest["peer"], self._bytes
            self._clear()
            self._told = self._clock.seconds()
            self._events.summed_up(peer, kinds, networks, sum_of_bytes, self._told - self._begun)


class SecurityLog:
    """An observer that keeps security events, and sums up those of peers beyond the limits.

    Args:
        keep: The observer that gets the kept events.
        service: The name under which summaries are reported.
        clock: The clock for limits and summaries.
    """

    def __init__(self, keep: Observer, service: str, clock: IReactorTime) -> None:
        self._keep = keep
        self._budget = SecurityBudget(clock)
        self._summary = Summary(ServiceEvents(service, keep), clock, SECURITY_SUMMARY_SECONDS)

    def __call__(self, event: LogEvent) -> None:
        """Keep a security event, or count it for the next summary."""
        if self._budget.allows(event):
            self._keep(event)
        else:
            self._summary.add(event)

    def tell(self) -> None:
        """Report the events that were summed up since the last summary."""
        self._summary.tell()
