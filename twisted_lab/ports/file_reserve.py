"""The limit of open files, and a reserve of them."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

from twisted.internet.interfaces import IDelayedCall, IListeningPort, IReactorTime
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
        self._ports: WeakKeyDictionary[Port, bool] = WeakKeyDictionary()
        self._waiting: set[Port] = set()
        self._calm: IDelayedCall | None = None

    def _is_scarce(self, descriptor: int, is_own: bool) -> bool:
        # The kernel gives the lowest number that is free.
        return 0 <= self.limit <= descriptor + self._part(2 if is_own else 1)

    def _part(self, divisor: int) -> int:
        return max(min(RESERVE, self.limit // 4) // divisor, 1)

    def guard(self, port: IListeningPort, is_own: bool = False) -> IListeningPort:
        """Have `port` leave the reserve alone, if it is one of a kind that is known.

        Args:
            port: The port.
            is_own: Whether it serves the operator of the process: it may use half of the reserve.

        Returns:
            The port.
        """
        if isinstance(port, Port):
            self._ports[port] = is_own
            make: Any = port.transport
            accept = port.doRead

            def transport(socket: Any, *arguments: Any) -> Any:
                if self._is_scarce(socket.fileno(), is_own):
                    self._stop_accepting(is_own)
                return make(socket, *arguments)

            def accept_some() -> None:
                # The burst of one port fits into the reserve: the first one at the limit stops all.
                most = self._part(16 if is_own else 4)
                port.numberAccepts = min(port.numberAccepts, most)
                accept()

            port.transport = transport  # type: ignore[assignment]
            port.doRead = accept_some  # type: ignore[method-assign]
        return port

    def _stop_accepting(self, is_own: bool) -> None:
        # All at once: each of them could accept a burst in the same turn of the reactor.
        scarce = {port for port, own in self._ports.items() if is_own or not own}
        if not self._waiting:
            self._clock.callLater(LOOK_SECONDS, self._look)
        for port in scarce - self._waiting:
            if _is_open(port):
                port.stopReading()
                self._waiting.add(port)
        if self._calm is None:
            self._events.out_of_files(self.limit)
        cancel(self._calm)
        self._calm = self._clock.callLater(CALM_SECONDS, self._look_back)

    def _look(self) -> None:
        # A low number that is free does not tell how many are.
        try:
            count = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
        except OSError:
            count = self.limit
        for port in list(self._waiting):
            if not _is_open(port):
                self._waiting.remove(port)
            elif not self._is_scarce(count, self._ports[port]):
                self._waiting.remove(port)
                port.numberAccepts = 1
                port.startReading()
        if self._waiting:
            self._clock.callLater(LOOK_SECONDS, self._look)

    def _look_back(self) -> None:
        if self._waiting:
            self._calm = self._clock.callLater(CALM_SECONDS, self._look_back)
        else:
            self._calm = None
            self._events.accepting_again()


def _is_open(port: Port) -> bool:
    return bool(port.connected) and not port.disconnecting
