"""Connections to a PostgreSQL server that is not there: when they are tried again."""

from __future__ import annotations

import psycopg
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.storage import CannotStore
from twisted_lab.storage.postgresql import FIRST_DELAY, LONGEST_DELAY, PostgreSQLDatabase


class Returned(Exception):
    """The server is there again."""


async def nothing(_: object) -> None:
    pass


class BackOffTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.tries: list[float] = []
        self.is_there = False
        self.database = PostgreSQLDatabase(self.connect, lambda _: None, self.clock.seconds)

    def connect(self) -> psycopg.Connection[object]:
        self.tries.append(self.clock.seconds())
        if self.is_there:
            raise Returned
        raise psycopg.OperationalError("connection refused\n\tIs the server running?")

    def test_work_fails_at_once_and_tries_become_rare(self) -> None:
        for _ in range(20_000):
            [one, other] = self.database.run_all([nothing, nothing])
            self.assertIsInstance(one, CannotStore)
            self.assertEqual(str(other), "connection refused Is the server running?")
            self.clock.advance(0.001)
        pauses = [later - sooner for sooner, later in zip(self.tries, self.tries[1:], strict=False)]
        expected = [min(FIRST_DELAY * 2**number, LONGEST_DELAY) for number in range(len(pauses))]
        for pause, wanted in zip(pauses, expected, strict=True):
            self.assertApproximates(pause, wanted, 0.002)
        self.assertEqual(len(pauses), 8)

    def test_a_server_that_returns_is_found_at_the_next_try(self) -> None:
        self.assertRaises(CannotStore, self.database.run, nothing)
        self.is_there = True
        self.assertRaises(CannotStore, self.database.run, nothing)
        self.clock.advance(FIRST_DELAY)
        self.assertRaises(Returned, self.database.run, nothing)
