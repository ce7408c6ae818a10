"""Limit and reserve of file descriptors."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from weakref import WeakSet

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.tcp import Port

from twisted_lab.channels import cancel
from twisted_lab.eventlog.events import ServiceEvents

# File descriptors kept for logs, databases and the like, and for a burst of connections.
RESERVE = 128
LOOK_SECONDS = 0.1  # between checks while ports do not accept
# The shortage is over after this many seconds without a port that waits. Thus clients that come and
# go at the limit cause one report.
RECOVERY_SECONDS = 10.0


def raise_file_limit() -> int:
    """Raise the soft limit of file descriptors to the hard limit, and so the limit of connections.

    Returns:
        The soft limit; negative if there is none.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # On some systems a process cannot reach its hard limit.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


class FileReserve:
    """Stops ports from accepting while file descriptors are scarce.

    New connections then wait in the kernel's queue. Twisted alone would accept and drop them, and
    other code could not open files.

    Args:
        clock: The clock for timers.
        events: The reporter of a shortage and its end.

    Attributes:
        limit: The soft limit of file descriptors; negative if there is none.
    """

    def __init__(self, clock: IReactorTime, events: ServiceEvents) -> None:
        self._clock = clock
        self._events = events
        self.limit = resource.RLIM_INFINITY
        self._ports: WeakSet[_GuardedPort] = WeakSet()
        self._waiting: set[_GuardedPort] = set()
        self._shortage_timer: IDelayedCall | None = None

    def guard(self, port: Port, is_own: bool = False) -> None:
        """Make `port` stop accepting before the reserve is used up.

        Args:
            port: The port.
            is_own: Whether it serves the operator, who may use half of the reserve.
        """
        self._ports.add(_GuardedPort(port, self, is_own))

    def part(self, divisor: int) -> int:
        """Return the reserve divided by `divisor`, at least 1 file descriptor."""
        return max(min(RESERVE, self.limit // 4) // divisor, 1)

    def look(self, port: _GuardedPort) -> None:
        """Stop accepting if the connections of `port` have made file descriptors scarce."""
        if port.is_open and self._is_scarce(self._next_number(port.port.fileno()), port.is_own):
            self._stop_accepting(port.is_own)

    def is_scarce(self, number: int) -> bool:
        """Tell whether clients may not use up further descriptors.

        Args:
            number: An open descriptor.
        """
        return self._is_scarce(self._next_number(number), False)

    def _next_number(self, number: int) -> int:
        # The kernel returns the lowest free number.
        try:
            number = os.dup(number)
        except OSError:
            return self.limit
        os.close(number)
        return number

    def _is_scarce(self, used: int, is_own: bool) -> bool:
        return 0 <= self.limit <= used + self.part(2 if is_own else 1)

    def _stop_accepting(self, is_own: bool) -> None:
        # All ports together, because each could accept a burst in the same turn of the reactor.
        scarce = {port for port in self._ports if is_own or not port.is_own}
        if not self._waiting:
            self._clock.callLater(LOOK_SECONDS, self._check_waiting)
        for port in scarce - self._waiting:
            if port.is_open:
                port.port.stopReading()
                self._waiting.add(port)
        if self._shortage_timer is None:
            self._events.out_of_files(self.limit)
        cancel(self._shortage_timer)
        self._shortage_timer = self._clock.callLater(RECOVERY_SECONDS, self._end_shortage)

    def _check_waiting(self) -> None:
        # Count the open files, because a low free number does not mean that many are free.
        try:
            count = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
        except OSError:
            count = self.limit
        for port in list(self._waiting):
            if not port.is_open:
                self._waiting.remove(port)
            elif not self._is_scarce(count, port.is_own):
                self._waiting.remove(port)
                port.port.numberAccepts = 1
                port.port.startReading()
        if self._waiting:
            self._clock.callLater(LOOK_SECONDS, self._check_waiting)

    def _end_shortage(self) -> None:
        if self._waiting:
            self._shortage_timer = self._clock.callLater(RECOVERY_SECONDS, self._end_shortage)
        else:
            self._shortage_timer = None
            self._events.accepting_again()


class _GuardedPort:
    """A port that accepts connections in small bursts, with a check of the reserve after each.

    Endpoints create ports of Twisted's own class, so `doRead` cannot be overridden and is replaced
    in the instance.
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
        # The burst of one port fits into the reserve, and the first port at the limit stops all.
        most = self._reserve.part(16 if self.is_own else 4)
        self.port.numberAccepts = min(self.port.numberAccepts, most)
        self._accept()
        self._reserve.look(self)
