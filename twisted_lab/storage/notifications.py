"""Notifications of a PostgreSQL server (LISTEN), on a thread of their own."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from twisted.internet.interfaces import IReactorFromThreads

if TYPE_CHECKING:
    import psycopg


class Notifications:
    """Tells when there may be something new.

    It says so, too, after each connection has been made, because it has missed what was before. If
    a network loses the connection without a word, it hears nothing until TCP notices: whoever needs
    to know asks once in a while, too.

    Args:
        reactor: The reactor, in whose thread `wake` is called.
        address: The address of the database.
        channel: The name of the channel, a word in small letters.
        wake: Called with the payload of the last notification; with None after each connection.
    """

    def __init__(
        self,
        reactor: IReactorFromThreads,
        address: str,
        channel: str,
        wake: Callable[[str | None], object],
    ) -> None:
        self._reactor = reactor
        self._address = address
        self._listen = f"LISTEN {channel}"
        self._wake = wake
        self._stops, self._stop = -1, -1
        self._thread = threading.Thread(target=self._run, name="notifications", daemon=True)

    def open(self) -> None:
        """Start the thread."""
        self._stops, self._stop = os.pipe()
        self._thread.start()

    async def close(self) -> None:
        """End the thread."""
        self.discard()

    def discard(self) -> None:
        """End the thread; it does not outlast a connection that is being made."""
        if self._stop >= 0:
            os.close(self._stop)
            self._stop = -1

    def _run(self) -> None:
        # Not before the database was opened, which says in one line that psycopg is missing.
        import psycopg

        from twisted_lab.storage.postgresql import FIRST_DELAY, LONGEST_DELAY
        from twisted_lab.storage.postgresql_server import connect

        delay = 0.0
        while not self._wait(self._stops, seconds=delay):
            delay = min(max(2 * delay, FIRST_DELAY), LONGEST_DELAY)
            with suppress(psycopg.Error), connect(self._address) as connection:
                connection.execute(self._listen)
                delay = 0.0
                self._hear(connection.pgconn)
        os.close(self._stops)

    def _hear(self, connection: psycopg.pq.abc.PGconn) -> None:
        payload: str | None = None
        while True:
            self._reactor.callFromThread(self._wake, payload)
            if self._stops in self._wait(self._stops, connection.socket):
                return
            connection.consume_input()
            while (notification := connection.notifies()) is not None:
                payload = notification.extra.decode()  # One call is enough for all.

    def _wait(self, *descriptors: int, seconds: float | None = None) -> list[int]:
        """Wait until some descriptors are readable, and return these."""
        polling = select.poll()
        for descriptor in descriptors:
            polling.register(descriptor, select.POLLIN)
        found = polling.poll(None if seconds is None else seconds * 1000)
        return [descriptor for descriptor, _ in found]
