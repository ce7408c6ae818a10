"""Drain of a process whose clients can go elsewhere, before it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.interfaces import IReactorTime

from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.process.network_service import NetworkService

LOOK_SECONDS = 1.0  # between two looks whether clients remain
# Workers report their connections once a second, so the first look comes later.
FIRST_LOOK_SECONDS = 2.0


class ProcessDrain:
    """Admits nobody new, and ends the process once its clients have gone.

    Clients of the reliable protocol are told to go; the others are served until they do.

    Args:
        clock: The clock.
        services: The services for clients.
        seconds: The process ends after this time even if clients remain.
        events: The reporter of the end of the drain.
        end: Ends the process.
    """

    def __init__(
        self,
        clock: IReactorTime,
        services: Sequence[NetworkService],
        seconds: float,
        events: ServiceEvents,
        end: Callable[[], object],
    ) -> None:
        self._clock = clock
        self._services = services
        self._since = clock.seconds()
        self._until = self._since + seconds
        self._events = events
        self._end = end

    @property
    def left(self) -> float:
        """Seconds until the process ends even if clients remain."""
        return max(self._until - self._clock.seconds(), 0.0)

    async def begin(self) -> None:
        """Close the services to new clients, and wait for the others from now on."""
        for service in self._services:
            await service.leave()
        self._clock.callLater(min(FIRST_LOOK_SECONDS, self.left), self._look)

    def _look(self) -> None:
        clients = sum(service.counts().open for service in self._services)
        if self.left and clients:
            self._clock.callLater(min(LOOK_SECONDS, self.left), self._look)
        else:
            self._events.drained(self._clock.seconds() - self._since, clients)
            self._end()
