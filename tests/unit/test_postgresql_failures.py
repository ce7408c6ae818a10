from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import psycopg
from psycopg import errors
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.storage.database import CannotStore, Unavailable
from twisted_lab.storage.postgresql import FIRST_DELAY, PostgreSQLDatabase


class FakeConnection:
    """A connection that notes statements, and raises what `fails` has for one of them."""

    def __init__(self, fails: dict[str, Exception]) -> None:
        self.said: list[str] = []
        self.closed = False
        self._fails = fails

    def execute(self, statement: str, _: object = ()) -> Any:
        self.said.append(statement)
        if error := self._fails.get(statement):
            self.closed = isinstance(error, errors.AdminShutdown)
            raise error
        return SimpleNamespace(fetchone=lambda: (1,))

    @contextmanager
    def pipeline(self) -> Iterator[None]:
        yield

    transaction = pipeline

    def rollback(self) -> None:
        self.said.append("ROLLBACK")


async def harmless(_: object) -> str:
    return "done"


class PostgreSQLDatabaseTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.fails: dict[str, Exception] = {}
        self.made: deque[FakeConnection] = deque()
        self.refusal: Exception | None = None
        connect: Any = self.connect
        self.database = PostgreSQLDatabase(connect, lambda _: "queries", self.clock.seconds)

    def connect(self) -> FakeConnection:
        if self.refusal is not None:
            raise self.refusal
        self.made.append(FakeConnection(self.fails))
        return self.made[-1]

    def kinds(self, count: int) -> list[type]:
        return [type(each) for each in self.database.run_all([harmless] * count)]

    def test_a_server_at_fault_fails_all_work_at_once(self) -> None:
        # Each piece alone would wait as long, or fail as well.
        for error in (
            errors.QueryCanceled("timeout"),
            errors.DiskFull("full"),
            errors.ReadOnlySqlTransaction("standby"),
            errors.LockNotAvailable("locked"),
        ):
            self.fails["COMMIT"] = error
            self.assertEqual(self.kinds(3), [Unavailable] * 3)
            self.assertEqual(self.made[0].said.count("COMMIT"), 1)
            self.made[0].said.clear()

    def test_an_error_of_one_piece_fails_that_piece(self) -> None:
        async def wrong(_: object) -> None:
            self.made[0].execute("wrong")

        self.fails["wrong"] = errors.UniqueViolation("twice")
        results = self.database.run_all([harmless, wrong, harmless])
        self.assertEqual([type(each) for each in results], [str, CannotStore, str])

    def test_only_work_with_locks_of_its_own_does_not_take_turns(self) -> None:
        async def wrong(_: object) -> None:
            self.made[0].execute("wrong")

        self.fails["wrong"] = errors.UniqueViolation("twice")
        for has_own_locks, locks in (False, 3), (True, 0):
            # One transaction fails, and then each piece has one of its own.
            self.database.run_all([harmless, wrong], has_own_locks)
            said = self.made[0].said
            self.assertEqual(said.count("BEGIN"), 3)
            self.assertEqual(sum("advisory" in each for each in said), locks)
            said.clear()

    def test_a_refused_connection_is_tried_again_after_a_while(self) -> None:
        self.refusal = psycopg.OperationalError("too many connections")
        self.assertEqual(self.kinds(1), [Unavailable])
        self.refusal = None
        self.assertEqual(self.kinds(1), [Unavailable])
        self.clock.advance(FIRST_DELAY)
        self.assertEqual(self.kinds(1), [str])

    def test_no_timeout_ends_the_wait_for_a_standby(self) -> None:
        # The server would answer that it has committed.
        self.kinds(1)
        self.assertEqual(self.made[0].said[-2:], ["SET LOCAL statement_timeout = 0", "COMMIT"])

    def test_a_lost_commit_is_not_settled_without_the_standby(self) -> None:
        self.fails["COMMIT"] = errors.AdminShutdown("terminated")
        self.assertEqual(self.kinds(1), [str])
        said = self.made[1].said
        self.assertEqual(said[-2], "SET LOCAL statement_timeout = 0")
        self.assertTrue(said[-1].startswith("UPDATE writers"))
