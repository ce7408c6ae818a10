"""Storage and hashing without threads and without waiting."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, cast

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.accounts import Passwords
from twisted_lab.storage import Database, Tables, Uncancelled, Work, open_database
from twisted_lab.storage.tables import Q, Result
from twisted_lab.testing import MemoryStorage

CHEAP = Passwords(memory_mib=0.0625, passes=1)


class StoredCase(SynchronousTestCase):
    """Tests of stored data: in memory, and on a server in tests/integration/test_on_server.py."""

    def new_database(self) -> str:
        """Return the name of a database without tables, which is there until the test ends."""
        return ":memory:"

    def make_database(self, tables: Tables[Q]) -> Database[Q]:
        """Return an open database of its own."""
        database = open_database(self.new_database(), tables)
        self.addCleanup(database.close)
        return database

    def new_storage(self, tables: Tables[Q]) -> MemoryStorage[Q]:
        """Return a store with a database of its own."""
        storage = MemoryStorage(tables, self.new_database())
        self.addCleanup(storage.database.close)
        return storage


def execute(database: Database[Any], statement: str) -> Any:
    """Execute a statement that the queries do not have; return the driver's cursor."""
    return cast(Any, database)._connection.execute(statement)


class SlowStorage(MemoryStorage[Q]):
    """A store in memory that does its work in order when `answer` is called."""

    def __init__(self, tables: Tables[Q], name: str = ":memory:") -> None:
        super().__init__(tables, name)
        self._gathered: list[tuple[Work[Q, Any], Deferred[Any]]] = []

    def run(self, work: Work[Q, Result]) -> Deferred[Result]:
        return self._gather(work, Deferred())

    def read(self, work: Work[Q, Result]) -> Deferred[Result]:
        return self._gather(work, Deferred())

    def keep(self, work: Work[Q, Result]) -> Deferred[Result]:
        return self._gather(work, Uncancelled())

    def _gather(self, work: Work[Q, Result], result: Deferred[Result]) -> Deferred[Result]:
        self._gathered.append((work, result))
        return result

    def answer(self) -> int:
        """Do all pending work in one transaction, and return the number of its pieces."""
        gathered, self._gathered = self._gathered, []
        values = self.database.run_all([work for work, _ in gathered])
        for value, (_, result) in zip(values, gathered, strict=True):
            result.callback(value)
        return len(gathered)


class ShuffledStorage(SlowStorage[Q]):
    """A store whose reads run beside writes, as on threads of any speed."""

    def __init__(self, tables: Tables[Q], name: str = ":memory:") -> None:
        super().__init__(tables, name)
        self._reads: deque[tuple[Work[Q, Any], Deferred[Any]]] = deque()
        self._stored: list[tuple[Any, Deferred[Any]]] = []
        self._read: list[tuple[Any, Deferred[Any]]] = []

    def read(self, work: Work[Q, Result]) -> Deferred[Result]:
        result: Deferred[Result] = Deferred()
        self._reads.append((work, result))
        return result

    def steps(self) -> list[Callable[[], None]]:
        """Return the possible next steps: a thread works, or delivers its results."""
        writer = self._hear_stored if self._stored else self._store if self._gathered else None
        reader = self._hear_read if self._read else self._read_one if self._reads else None
        return [step for step in (writer, reader) if step is not None]

    def _store(self) -> None:
        gathered, self._gathered = self._gathered, []
        values = self.database.run_all([work for work, _ in gathered])
        self._stored = list(zip(values, [result for _, result in gathered], strict=True))

    def _hear_stored(self) -> None:
        stored, self._stored = self._stored, []
        for value, result in stored:
            result.callback(value)

    def _read_one(self) -> None:
        work, result = self._reads.popleft()
        self._read = [(self.database.run(work), result)]

    def _hear_read(self) -> None:
        [(value, result)], self._read = self._read, []
        result.callback(value)


class CountingHashes:
    """Makes and counts hashes immediately; while `slow` is set, they wait for `finish`."""

    def __init__(self, passwords: Passwords = CHEAP) -> None:
        self.passwords = passwords
        self.count = 0
        self.networks: list[str] = []
        self.slow = False
        self._waiting: list[Deferred[None]] = []

    def matches(
        self, hashed: str, password: str, network: str = "", is_own: bool = False
    ) -> Deferred[bool]:
        self.count += 1
        self.networks.append(network)
        wait = Deferred[None]() if self.slow else succeed(None)
        self._waiting.append(wait)
        return wait.addCallback(lambda _: self.passwords.matches(hashed, password))

    def hash(self, password: str, network: str = "", is_own: bool = False) -> Deferred[str]:
        self.count += 1
        self.networks.append(network)
        return succeed(self.passwords.hash(password))

    def finish(self) -> None:
        self.slow = False
        for wait in self._waiting:
            if not wait.called:
                wait.callback(None)
