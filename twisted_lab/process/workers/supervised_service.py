"""Network service whose connections worker processes serve."""

from __future__ import annotations

import signal

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocolFactory
from twisted.logger import LogLevel

from twisted_lab.channels import Connections
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.process.counts import Counts, WorkerState
from twisted_lab.process.network_service import NetworkService
from twisted_lab.process.service_process import ServiceProcess
from twisted_lab.process.workers.shared_socket import SharedSocket
from twisted_lab.process.workers.worker_pool import WorkerPool


class SupervisedService(NetworkService):
    """A service whose port belongs to this process, and its connections to workers.

    Args:
        process: The process that the service belongs to.
        events: The reporter of the service's events.
        factory: The factory that the workers use.
        socket: The listening socket.
        pool: The workers.
    """

    def __init__(
        self,
        process: ServiceProcess,
        events: ServiceEvents,
        factory: IProtocolFactory,
        socket: SharedSocket,
        pool: WorkerPool,
    ) -> None:
        super().__init__(process, events, [socket], factory, Connections())
        self._pool = pool
        process.late_resources.append(pool)
        if process.reloads:
            process.reloads.append(lambda: pool.signal(signal.SIGHUP))

    def counts(self) -> Counts:
        """See `NetworkService`; the counts are those of the workers' last reports."""
        return self._pool.counts()

    def workers(self) -> list[WorkerState]:
        """See `NetworkService`."""
        return self._pool.each()

    async def ask(self, word: str, *arguments: str) -> list[tuple[str, object]]:
        """See `NetworkService`."""
        answers = await self._pool.ask(word, *arguments)
        return [(f"{self.events.service} worker {number}", answer) for number, answer in answers]

    async def leave(self) -> None:
        """See `NetworkService`; the workers stop listening, too."""
        self._leave()
        await super().leave()

    def log_from(self, level: LogLevel) -> None:
        """See `NetworkService`."""
        self._pool.log_from(level)

    def announce(self) -> None:
        """See `NetworkService`; this also reports the workers."""
        for pid in self._pool.pids:
            self.events.worker_started(pid)
        super().announce()

    def drain(self) -> Deferred[None]:
        """See `NetworkService`; the workers drain and end."""
        return self._pool.drain(self._process.drain_seconds)

    def abort(self) -> None:
        """See `NetworkService`; the workers end at once."""
        self._pool.abort()
