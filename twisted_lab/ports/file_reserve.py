"""The limit of open files, and a reserve of them."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from weakref import WeakSet

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.tcp import Port

from twisted_lab.channels import cancel
from twisted_lab.eventlog.events import ServiceEvents

# This many files are left to logs, databases and the like, and to a burst of connections.
RESERVE = 128
LOOK_SECONDS = 0.1
# After this many seconds without a wait for files, service is normal again. Peers that come and go
# at the limit are one event, which is reported once.
CALM_SECONDS = 10.0


def raise_file_limit() -> int:
    """Let the process open as many files, and so serve as many peers, as it is allowed to.

    Returns:
        The number of files; negative if there is no limit.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Some systems have a hard limit that they do not let a process reach.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


class FileReserve:
    """Stops ports from accepting while too few files can still be opened.

    Clients that connect meanwhile wait in the kernel's queue. Twisted would accept and drop them,
    and no other code that needs a file could get one.

    Args:
        clock: Waits.
        events: Events are reported here.

    Attributes:
        limit: The most files that may be open; negative if there is no limit.
    """

    def __init__(self, clock: IReactorTime, events: ServiceEvents) -> None:
        self._clock = clock
        self._events = events
        self.limit = resource.RLIM_INFINITY
        self._ports: WeakSet[_GuardedPort] = WeakSet()
        self._waiting: set[_GuardedPort] = set()
        self._calm: IDelayedCall | None = None

    def guard(self, port: Port, is_own: bool = False) -> None:
        """Have `port` leave the reserve alone.

        Args:
            port: The port.
            is_own: Whether it serves the operator of the process: it may use half of the reserve.
        """
        self._ports.add(_GuardedPort(port, self, is_own))

    def part(self, divisor: int) -> int:
        """Return this part of the reserve, as a number of files."""
        return max(min(RESERVE, self.limit // 4) // divisor, 1)

    def look(self, port: _GuardedPort) -> None:
        """Stop accepting if what `port` has accepted leaves too few files."""
        if port.is_open and self._is_scarce(self._next_number(port), port):
            self._stop_accepting(port.is_own)

    def _next_number(self, port: _GuardedPort) -> int:
        # The kernel gives the lowest number that is free.
        try:
            number = os.dup(port.port.fileno())
        except OSError:
            return self.limit
        os.close(number)
        return number

    def _is_scarce(self, used: int, port: _GuardedPort) -> bool:
        return 0 <= self.limit <= used + self.part(2 if port.is_own else 1)

    def _stop_accepting(self, is_own: bool) -> None:
        # All at once: each of them could accept a burst in the same turn of the reactor.
        scarce = {port for port in self._ports if is_own or not port.is_own}
        if not self._waiting:
            self._clock.callLater(LOOK_SECONDS, self._look_again)
        for port in scarce - self._waiting:
            if port.is_open:
                port.port.stopReading()
                self._waiting.add(port)
        if self._calm is None:
            self._events.out_of_files(self.limit)
        cancel(self._calm)
        self._calm = self._clock.callLater(CALM_SECONDS, self._look_back)

    def _look_again(self) -> None:
        # A low number that is free does not tell how many are.
        try:
            count = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
        except OSError:
            count = self.limit
        for port in list(self._waiting):
            if not port.is_open:
                self._waiting.remove(port)
            elif not self._is_scarce(count, port):
                self._waiting.remove(port)
                port.port.numberAccepts = 1
                port.port.startReading()
        if self._waiting:
            self._clock.callLater(LOOK_SECONDS, self._look_again)

    def _look_back(self) -> None:
        if self._waiting:
            self._calm = self._clock.callLater(CALM_SECONDS, self._look_back)
        else:
            self._calm = None
            self._events.accepting_again()


class _GuardedPort:
    """A port that accepts a small burst at a time, and reports to the reserve after each.

    The port is made by an endpoint of Twisted's, and so of Twisted's class: its `doRead` can be
    replaced, but not overridden.
    """

    def __init__(self, port: Port, reserve: FileReserve, is_own: bool) -> None:
        self.port = port
        self.is_own = is_own
        self._reserve = reserve
        self._accept = port.doRead
        port.doRead = self._accept_some  # type: ignore[method-assign]

    @property
    def is_open(self) -> bool:
        return bool(self.port.connected) and not self.port.disconnecting

    def _accept_some(self) -> None:
        # The burst of one port fits into the reserve: the first one at the limit stops all.
        most = self._reserve.part(16 if self.is_own else 4)
        self.port.numberAccepts = min(self.port.numberAccepts, most)
        self._accept()
        self._reserve.look(self)
