"""Database on two threads: one that writes, and one that reads."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Generic, NamedTuple

from dbxs.async_dbapi import AsyncConnection
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.interfaces import Reactor
from twisted_lab.resources import NotReady, Outage, Unable
from twisted_lab.storage.database import CannotStore, Database, Unavailable, Uncancelled
from twisted_lab.storage.migrations import FORMAT
from twisted_lab.storage.names import is_server, shown, whole
from twisted_lab.storage.opening import open_database, open_for_reading
from twisted_lab.storage.outages import Outages
from twisted_lab.storage.sqlite_file import Unusable
from twisted_lab.storage.tables import Migrations, Q, Result, Tables, Work
from twisted_lab.text.language import N_, message_of

AnyWork = Work[AsyncConnection, Any]


class _Gathered(NamedTuple):
    """Work for the next transaction."""

    work: AnyWork
    has_own_locks: bool
    result: Deferred[Any]


class _Reader:
    """Reads on a separate thread and connection, one piece of work after another.

    Each piece is a transaction of its own: a long one would keep the writer from emptying the
    write-ahead log.
    """

    def __init__(self, reactor: Reactor, outages: Outages) -> None:
        self._reactor = reactor
        self._outages = outages
        self._pool = ThreadPool(0, 1, "reading")  # no thread before the first read
        self._database: Database[AsyncConnection] | None = None
        self._waiting: deque[tuple[AnyWork, Deferred[Any]]] = deque()
        self._is_busy = True  # until it is open

    def open(self, database: Database[AsyncConnection]) -> None:
        self._database = database
        self._pool.start()
        self._next()

    def read(self, work: Work[AsyncConnection, Result]) -> Deferred[Result]:
        result: Deferred[Result] = Deferred()
        self._waiting.append((work, result))
        if not self._is_busy:
            self._next()
        return result

    def _next(self) -> None:
        while self._waiting and self._waiting[0][1].called:
            self._waiting.popleft()  # It was cancelled.
        self._is_busy = bool(self._waiting)
        if self._waiting:
            assert self._database is not None
            work, result = self._waiting.popleft()
            deferToThreadPool(self._reactor, self._pool, self._database.run, work).addBoth(
                self._deliver, result
            )

    def _deliver(self, value: object, result: Deferred[Any]) -> None:
        self._next()
        if isinstance(value, Failure) and isinstance(value.value, CannotStore):
            value = Failure(_unable("cannot read the data now", value.value, self._outages))
        else:
            self._outages.worked()
        result.callback(value)

    async def close(self) -> None:
        if self._database is not None:
            with suppress(Unable):
                await self.read(_nothing)  # comes after everything else
            await deferToThreadPool(self._reactor, self._pool, self._database.close)
            self._pool.stop()

    def discard(self) -> None:
        self._pool.stop()
        if self._database is not None:
            self._database.close()


class Storage:
    """Runs work on a database without blocking the reactor.

    While one transaction is written to the disk, further work is collected for the next one. So
    many peers share a single writer, which suits SQLite, and a single wait for the disk. Work that
    arrives before the file is open waits for that.

    Work on the storage itself gets a connection; work on a store returned by `of` gets queries.

    Args:
        reactor: The reactor, in whose thread results are delivered.
        path: The name of the database.
        events: The reporter of an upgrade of the file.

    Attributes:
        path: Its name; the path of a file is absolute.
    """

    def __init__(self, reactor: Reactor, path: str, events: ServiceEvents | None = None) -> None:
        self._reactor = reactor
        self._events = events
        self.path = whole(path)
        self._pool = ThreadPool(1, 1, "storage")
        self._database: Database[AsyncConnection] | None = None
        self._gathered: list[_Gathered] = []
        self._is_busy = True  # until it is open
        self._outages = Outages(reactor, self.path, events, self._probe)
        self._reader = _Reader(reactor, self._outages)
        self._migrations: dict[str, Migrations] = {}

    @property
    def outage(self) -> Outage | None:
        """The outage of the database that has not ended; None if there is none."""
        return self._outages.current

    def of(self, tables: Tables[Q]) -> TableStore[Q]:
        """Return a store for work on `tables`, which opening the file creates or upgrades.

        Raises:
            RuntimeError: The file is open already.
            ValueError: Another package of the same name has tables in the file.
        """
        if self._database is not None:
            raise RuntimeError("the file is open: declare all tables before it is opened")
        for each in tables.migrations:
            if self._migrations.setdefault(each.package, each) != each:
                raise ValueError(f"two packages called {each.package} have tables")
        return TableStore(self, tables)

    def open(self) -> None:
        """Open the file, and start the threads.

        Raises:
            NotReady: The file cannot be opened.
        """
        try:
            tables = Tables(_itself, list(self._migrations.values()))
            self._database = open_database(self.path, tables)
            if self._events is not None:
                if self._database.is_new:
                    self._events.created(self.path)
                if upgrade := self._database.upgrade:
                    self._events.upgraded(self.path, *upgrade)
                for setting in self._database.weak:
                    self._events.not_durable(shown(self.path), setting)
            reading = open_for_reading(self.path, tables)
        except Unusable as error:
            raise NotReady(message_of(error)) from None
        self._pool.start()
        self._reader.open(reading)
        self._next()

    def run(
        self, work: Work[AsyncConnection, Result], has_own_locks: bool = False
    ) -> Deferred[Result]:
        """Run `work` in a transaction.

        Args:
            work: The work.
            has_own_locks: See `Tables`.

        Returns:
            A Deferred that fires with the work's result, once that is on disk. It fails with Unable
            if the result cannot be stored, or with the work's exception; nothing is changed then.
        """
        return self._gather(work, has_own_locks, Deferred())

    def keep(
        self, work: Work[AsyncConnection, Result], has_own_locks: bool = False
    ) -> Deferred[Result]:
        """See `twisted_lab.storage.Store`, and `run`."""
        return self._gather(work, has_own_locks, Uncancelled())

    def read(self, work: Work[AsyncConnection, Result]) -> Deferred[Result]:
        """See `twisted_lab.storage.Store`.

        Returns:
            A Deferred that fails with Unable if the data cannot be read, or with the work's
            exception. Work that is cancelled before it starts is not run.
        """
        return self._reader.read(work)

    def _gather(
        self, work: Work[AsyncConnection, Result], has_own_locks: bool, result: Deferred[Result]
    ) -> Deferred[Result]:
        self._gathered.append(_Gathered(work, has_own_locks, result))
        if not self._is_busy:
            self._next()
        return result

    def _next(self) -> None:
        gathered, self._gathered = self._gathered, []
        self._is_busy = bool(gathered)
        if not gathered:
            return
        assert self._database is not None
        deferToThreadPool(
            self._reactor,
            self._pool,
            self._database.run_all,
            [each.work for each in gathered],
            all(each.has_own_locks for each in gathered),
        ).addErrback(lambda failure: [failure.value] * len(gathered)).addCallback(
            self._deliver, [each.result for each in gathered]
        )

    def _deliver(self, values: Sequence[object], results: list[Deferred[Any]]) -> None:
        self._next()
        for value, result in zip(values, results, strict=True):
            if isinstance(value, CannotStore):
                result.errback(_unable(N_("cannot store the data now"), value, self._outages))
                continue
            self._outages.worked()
            if isinstance(value, Exception):
                result.errback(Failure(value))
            else:
                result.callback(value)

    def _probe(self) -> None:
        work = _nothing if is_server(self.path) else _rewrite
        for result in self.run(work), self.read(_nothing):
            result.addErrback(lambda failure: failure.trap(Unable))

    async def close(self) -> None:
        """Finish the pending work, and close the file."""
        self._outages.stop()
        if self._database is None:
            return
        await self._reader.close()
        with suppress(Unable):
            await self.run(_nothing)  # comes after everything else
        await deferToThreadPool(self._reactor, self._pool, self._database.close)
        self._pool.stop()

    def discard(self) -> None:
        """See `Resource.discard`."""
        self._reader.discard()
        self._pool.stop()
        if self._database is not None:
            self._database.discard()


class TableStore(Generic[Q]):
    """A `twisted_lab.storage.Store` on threads; `Storage` describes its results."""

    def __init__(self, storage: Storage, tables: Tables[Q]) -> None:
        self._storage = storage
        self._tables = tables

    def run(self, work: Work[Q, Result]) -> Deferred[Result]:
        """See `Storage.run`."""
        return self._storage.run(self._tables.bind(work), self._tables.has_own_locks)

    def keep(self, work: Work[Q, Result]) -> Deferred[Result]:
        """See `twisted_lab.storage.Store`."""
        return self._storage.keep(self._tables.bind(work), self._tables.has_own_locks)

    def read(self, work: Work[Q, Result]) -> Deferred[Result]:
        """See `Storage.read`."""
        return self._storage.read(self._tables.bind(work))


def _itself(connection: AsyncConnection) -> AsyncConnection:
    return connection


def _unable(told: str, error: CannotStore, outages: Outages) -> Unable:
    is_outage = isinstance(error, Unavailable)
    if is_outage:
        outages.failed(str(error))
    return Unable(told, str(error), is_known=is_outage)


async def _nothing(_: object) -> None:
    pass


async def _rewrite(connection: AsyncConnection) -> None:
    """Write what an SQLite file has already: work that writes nothing succeeds on a full disk."""
    await (await connection.cursor()).execute(f"PRAGMA user_version = {FORMAT}")
