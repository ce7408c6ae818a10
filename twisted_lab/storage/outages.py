"""Outages of a database, which the log reports once."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall

from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.interfaces import Reactor
from twisted_lab.resources import Outage
from twisted_lab.storage.names import shown

# Seconds from a failure to the next try, and between tries, so that the end of an outage is noticed
# without any client.
PROBE_SECONDS = 5.0
# Seconds without a failure after which an outage has ended. On a full disk some work succeeds all
# the time, and must not cause two lines each.
QUIET_SECONDS = 10.0


class Outages:
    """Reports when a database stops working, and when it works again.

    Args:
        reactor: The clock.
        name: The name of the database.
        events: The reporter; None for none.
        probe: Starts some work, which calls `failed` or `worked` at its end.
    """

    def __init__(
        self,
        reactor: Reactor,
        name: str,
        events: ServiceEvents | None,
        probe: Callable[[], object],
    ) -> None:
        self._reactor = reactor
        self._name = shown(name)
        self._events = events
        self._probe = probe
        self._first: float | None = None  # the time of the first failure of an outage
        self._reason = ""  # of its last failure
        self._last = 0.0  # the time of its last failure
        self._worked: float | None = None  # the time of the first success since then
        self._next_probe: IDelayedCall | None = None
        self._has_stopped = False

    @property
    def current(self) -> Outage | None:
        """The outage that has begun and not ended; None if there is none."""
        if self._first is None:
            return None
        return Outage(self._name, self._reason, self._reactor.seconds() - self._first)

    def failed(self, reason: str) -> None:
        """Note that work failed, as any other would have, because of the database."""
        if self._has_stopped:
            return
        self._last, self._worked, self._reason = self._reactor.seconds(), None, reason
        if self._first is None:
            self._first = self._last
            if self._events is not None:
                self._events.database_lost(self._name, reason)
        self._probe_later()

    def worked(self) -> None:
        """Note that work succeeded."""
        if self._first is None:
            return
        if self._worked is None:
            self._worked = self._reactor.seconds()
        if self._reactor.seconds() - self._last < QUIET_SECONDS:
            self._probe_later()
            return
        if self._events is not None:
            self._events.database_back(self._name, self._worked - self._first)
        self._first = None
        self._cancel()

    def stop(self) -> None:
        """Report nothing more: the database is closed."""
        self._has_stopped = True
        self._cancel()

    def _cancel(self) -> None:
        if self._next_probe is not None:
            self._next_probe.cancel()
            self._next_probe = None

    def _probe_later(self) -> None:
        if self._next_probe is None and not self._has_stopped:
            self._next_probe = self._reactor.callLater(PROBE_SECONDS, self._probe_now)

    def _probe_now(self) -> None:
        self._next_probe = None
        self._probe()
