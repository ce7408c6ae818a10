"""Budgets of the log: how many events peers may cause before they are summed up.

An event that only the process or its operator can cause has no budget, and is always logged.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import LogEvent

from twisted_lab.channels import cancel
from twisted_lab.events import Observer, ServiceEvents
from twisted_lab.peers import network_of
from twisted_lab.token_bucket import Bucket

# What peers do all the time. Everything else is a security event.
TRAFFIC = frozenset({"client connected", "received", "sent", "relayed", "client disconnected"})
# Security events that a peer can cause as often as it likes.
CAUSED_BY_PEERS = frozenset(
    {
        "hung up",
        "refused",
        "client dropped",
        "unable",
        "logged in",
        "login failed",
        "login refused",
        "conversation failed",
        "twisted",
    }
)

# Thirty clients that each send 1,000 messages in a loop, all at once, make 60,100 events.
BURST_SECONDS = 100
# The part of the rate that each kind of security event has in the log, beside the traffic.
SECURITY_PART = 0.1
CHUNK = 100  # events between two looks at the clock
SECURITY_SUMMARY_SECONDS = 60.0

DAY = 86_400.0
# In the file of security events, of each kind: so many at once and as many again a day.
MOST_OF_KIND = 1_000
MOST_OF_NETWORK = 100
# Beyond as many networks, the one heard of longest ago begins anew; the budget of all remains.
MOST_NETWORKS = 10_000


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
    """Return the budget of each event that has one: traffic shares one of `rate` events a second.

    Args:
        rate: Events a second.
        clock: Tells the time.
    """
    traffic = Budget(rate, clock)
    budgets = {name: Budget(rate * SECURITY_PART, clock) for name in CAUSED_BY_PEERS}
    return budgets | dict.fromkeys(TRAFFIC, traffic)


class SecurityBudget:
    """How many security events of each kind are kept, of one network and of all.

    Args:
        clock: Tells the time.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        now = clock.seconds()
        self._kinds = {
            name: Bucket(MOST_OF_KIND / DAY, MOST_OF_KIND, now) for name in CAUSED_BY_PEERS
        }
        self._networks: OrderedDict[tuple[str, str], Bucket] = OrderedDict()

    def allows(self, event: LogEvent) -> bool:
        """Tell whether `event` is to be kept, and count it if it is."""
        name = event["event"]
        if name not in self._kinds:
            return True
        now = self._clock.seconds()
        key = name, network_of(event["peer"] or "")
        if key not in self._networks:
            self._networks[key] = Bucket(MOST_OF_NETWORK / DAY, MOST_OF_NETWORK, now)
        self._networks.move_to_end(key)
        if len(self._networks) > MOST_NETWORKS:
            self._networks.popitem(last=False)
        buckets = self._networks[key], self._kinds[name]
        if any(bucket.wait(1, now) for bucket in buckets):
            return False
        for bucket in buckets:
            bucket.take(1, now)
        return True


class Summary:
    """The events beyond a budget, which one event tells of after a while.

    Args:
        events: The sum is reported here.
        clock: Waits.
        seconds: How long it waits after the first of them.
    """

    def __init__(self, events: ServiceEvents, clock: IReactorTime, seconds: float) -> None:
        self._events = events
        self._clock = clock
        self._seconds = seconds
        self._timer: IDelayedCall | None = None
        self._begun = 0.0
        self._clear()

    def _clear(self) -> None:
        self._kinds: Counter[str] = Counter()
        self._bytes = 0
        self._latest: LogEvent = {}

    def add(self, event: LogEvent) -> None:
        """Count `event`, which is not logged."""
        if not self._latest:
            self._begun = self._clock.seconds()
            self._timer = self._clock.callLater(self._seconds, self.tell)
        self._latest = event
        self._kinds[event["event"]] += 1
        self._bytes += event.get("bytes", 0)

    def tell(self) -> None:
        """Report what was counted since the last time, if anything was."""
        cancel(self._timer)
        if self._latest:
            kinds: dict[str, Any] = dict(self._kinds.most_common())
            peer, sum_of_bytes = self._latest["peer"], self._bytes
            self._clear()
            seconds = self._clock.seconds() - self._begun
            self._events.summed_up(peer, kinds, sum_of_bytes, seconds)


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
        """Keep `event` if it is a security event."""
        if event["event"] in TRAFFIC:
            return
        if self._budget.allows(event):
            self._keep(event)
        else:
            self._summary.add(event)

    def close(self) -> None:
        """Tell of what was summed up last."""
        self._summary.tell()
