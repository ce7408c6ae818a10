"""The connections that a service has open, so that it can end them in good order."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime


class Connection(Protocol):
    """What `Connections` asks of each of its members."""

    def finish(self) -> None:
        """Take nothing more from the peer; send it what it is owed, and close."""
        ...

    def abort(self) -> None:
        """Close at once; what is not sent yet is lost."""
        ...


class Connections:
    """The open connections of one service.

    A protocol adds itself when it is connected and removes itself when it is not any more.

    Attributes:
        draining: Whether the service is to end, so that nobody new should be served.
    """

    def __init__(self) -> None:
        self.draining = False
        self._open: set[Connection] = set()
        self._all_closed: Deferred[None] | None = None

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: Connection) -> None:
        """Count `connection` among the open ones."""
        self._open.add(connection)

    def remove(self, connection: Connection) -> None:
        """Forget `connection`, which has closed."""
        self._open.discard(connection)
        if not self._open and self._all_closed is not None:
            self._all_closed.callback(None)
            self._all_closed = None

    def drain(self, clock: IReactorTime, seconds: float) -> Deferred[None]:
        """Finish with everybody, and abort what has not closed after `seconds`.

        Call it once nothing listens any more.

        Returns:
            A Deferred that fires when no connection is open.
        """
        self.draining = True
        if not self._open:
            return succeed(None)
        self._all_closed = all_closed = Deferred[None]()
        for connection in list(self._open):
            connection.finish()
        timers = [
            clock.callLater(seconds, self.abort),
            # Whatever has gone wrong, a service must be able to stop.
            clock.callLater(seconds + 1, self._give_up),
        ]

        def stop_waiting(_: None) -> None:
            for timer in timers:
                if timer.active():
                    timer.cancel()

        return all_closed.addCallback(stop_waiting)

    def abort(self) -> None:
        """Close all connections at once."""
        for connection in list(self._open):
            connection.abort()

    def _give_up(self) -> None:
        for connection in list(self._open):
            self.remove(connection)
