import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import psycopg
from psycopg.conninfo import conninfo_to_dict
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.storage import Tables, Unusable
from twisted_lab.storage import postgresql_server as module
from twisted_lab.storage.postgresql_server import connect, open_server


class Refusal(Exception):
    """Ends a test where libpq would connect."""


class FakeConnection:
    """A connection whose statements are served by the next of `processes`."""

    def __init__(self, announced: int, processes: list[int]) -> None:
        self.info = SimpleNamespace(backend_pid=announced)
        self._processes = processes

    def __enter__(self) -> "FakeConnection":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, _: str) -> Any:
        return SimpleNamespace(fetchone=lambda: (self._processes.pop(0),))


class PoolerTests(SynchronousTestCase):
    def is_shared(self, announced: int, own: list[int], other: list[int]) -> bool:
        connection: Any = FakeConnection(announced, own)
        with patch.object(module, "connect", lambda _: FakeConnection(9, other)):
            return module._is_shared("postgresql:///lab", connection)

    def test_a_server_announces_the_process_that_serves(self) -> None:
        self.assertFalse(self.is_shared(1, [1], []))

    def test_a_pooler_may_keep_the_process_for_the_connection(self) -> None:
        self.assertFalse(self.is_shared(9, [1, 1], [2]))

    def test_a_pooler_that_gives_the_process_to_others_is_noticed(self) -> None:
        self.assertTrue(self.is_shared(9, [1, 1], [1]))
        self.assertTrue(self.is_shared(9, [1, 2], [3]))


class AddressTests(SynchronousTestCase):
    @contextmanager
    def connecting(self) -> Iterator[dict[str, Any]]:
        asked: dict[str, Any] = {}

        def refuse(_: Any, /, text: str, **options: object) -> None:
            asked.update(conninfo_to_dict(text))
            raise Refusal

        with patch.object(psycopg.Connection, "connect", classmethod(refuse)):
            yield asked

    def test_a_server_that_stores_is_looked_for(self) -> None:
        with self.connecting() as asked:
            self.assertRaises(Refusal, connect, "postgresql://lab@one,two/lab")
        self.assertEqual(asked["target_session_attrs"], "read-write")
        self.assertEqual(asked["host"], "one,two")

    def test_the_address_and_the_environment_decide(self) -> None:
        address = "postgresql://lab@db/lab?target_session_attrs=primary"
        with patch.dict("os.environ", PGCONNECT_TIMEOUT="9"), self.connecting() as asked:
            self.assertRaises(Refusal, connect, address)
        self.assertEqual(asked["target_session_attrs"], "primary")
        self.assertNotIn("connect_timeout", asked)

    def test_a_wrong_address_is_explained_without_the_password(self) -> None:
        for password in ("sec%ret", "sec@ret", "sec/ret"):
            address = f"postgresql://lab:{password}@db/lab"
            error = self.assertRaises(Unusable, open_server, address, Tables(id, []))
            self.assertIn("postgresql://lab@db/lab is no valid address: write %", str(error))
            self.assertNotIn("ret", str(error).replace("PGPASSFILE", ""))

    def test_the_environment_may_say_everything(self) -> None:
        with self.connecting() as asked:
            self.assertRaises(Refusal, connect, "postgresql://")
        self.assertNotIn("host", asked)

    def test_a_wrong_parameter_is_named(self) -> None:
        error = self.assertRaises(Unusable, open_server, "postgresql:///lab?a=1", Tables(id, []))
        self.assertIn('invalid URI query parameter: "a"', str(error))


class ImpatienceTests(SynchronousTestCase):
    def test_a_server_that_does_not_answer_is_left(self) -> None:
        now = [0.0]
        finished: list[bool] = []
        connection: Any = SimpleNamespace(
            pgconn=SimpleNamespace(finish=lambda: finished.append(True))
        )

        def asking() -> Generator[int, int, str]:
            while (yield 1) != 2:
                pass
            return "answer"

        def bounded() -> Any:
            made = module._ImpatientConnection._bounded(connection, asking())
            next(made)
            return made

        self.patch(time, "monotonic", lambda: now[0])
        waiting = bounded()
        now[0] += module.ANSWER_SECONDS
        waiting.send(0)
        waiting.send(1)  # a part of the answer
        now[0] += module.ANSWER_SECONDS
        waiting.send(0)
        self.assertEqual(self.assertRaises(StopIteration, waiting.send, 2).value, "answer")
        waiting = bounded()
        now[0] += module.ANSWER_SECONDS + 0.1
        error = self.assertRaises(psycopg.OperationalError, waiting.send, 0)
        self.assertIn("has not answered for 15 s", str(error))
        self.assertEqual(finished, [True])
