"""The entries of a room that several nodes share, on a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from contextlib import ExitStack
from threading import Thread
from typing import Any, TypeVar

import psycopg
import pytest
from twisted.internet.defer import ensureDeferred

from tests.doubles.postgresql import PostgreSQL
from tests.doubles.storage import SlowStorage, StoredCase, execute
from tests.processes import wait_until
from twisted_lab.rooms import MemberGone, Retention, Said
from twisted_lab.rooms.history import KEPT_FOR_A_MONTH
from twisted_lab.rooms.member import CannotSay
from twisted_lab.rooms.schema import SHARED_TABLES
from twisted_lab.rooms.shared_log import SharedLog
from twisted_lab.rooms.shared_writing import PRUNED_BYTES, NodeGone
from twisted_lab.text.user_names import BadName

pytestmark = pytest.mark.xdist_group("postgresql")

Result = TypeVar("Result")


class SharedLogTests(StoredCase):
    @pytest.fixture(autouse=True)
    def _server(self, postgresql: PostgreSQL) -> None:
        self.server = postgresql

    def setUp(self) -> None:
        self.stack = ExitStack()
        self.addCleanup(self.stack.close)
        self.storages: list[SlowStorage[Any]] = []
        self.name = self.stack.enter_context(self.server.new_database())

    def make_node(self, retention: Retention = KEPT_FOR_A_MONTH) -> SharedLog:
        storage = SlowStorage(SHARED_TABLES, self.name)
        self.storages.append(storage)
        self.addCleanup(storage.database.close)
        log = SharedLog(storage, retention)
        self.wait_for(log.register(0))
        return log

    def results(self, *waiting: Awaitable[object]) -> list[object]:
        found: list[object] = []
        for each in waiting:
            ensureDeferred(each).addBoth(found.append)  # type: ignore[arg-type]
        while any(storage.answer() for storage in self.storages):
            pass
        self.assertEqual(len(found), len(waiting))
        return [getattr(each, "value", each) for each in found]

    def wait_for(self, work: Awaitable[Result]) -> Result:
        [result] = self.results(work)
        if isinstance(result, Exception):
            raise result
        return result  # type: ignore[return-value]

    def execute(self, statement: str) -> Any:
        return execute(self.storages[0].database, statement)

    def entries(self, log: SharedLog) -> Sequence[Said]:
        return self.wait_for(log.entries(0))

    def test_messages_that_come_together_are_stored_in_their_order(self) -> None:
        log = self.make_node()
        self.wait_for(log.enter("Boris", "b" * 32, "seat", 5.0))
        _, *found = self.results(
            log.add(Said(0, "Anna", "1", "", "a" * 32, 1, time=6.0)),  # The others wait for it.
            log.add(Said(0, "Anna", "кто \\ 'там'?\"", "", "a" * 32, 2, time=7.0)),
            log.add(Said(0, "Anna", "again", "", "a" * 32, 2, time=7.0)),
            log.add(Said(0, "Carol", "psst", "bORIS", "c" * 32, 1, time=8.5)),
            log.add(Said(0, "Carol", "psst", "nobody", "c" * 32, 2, time=8.5)),
            log.add(Said(0, "Dora", "without a client", time=9.0)),
        )
        one, again, to_one, to_nobody, without = found
        self.assertIsNone(again)
        self.assertIsInstance(to_nobody, CannotSay)
        assert isinstance(one, int)
        self.assertEqual((to_one, without), (one + 1, one + 2))
        joined, _, *said = self.entries(log)
        self.assertEqual((joined.name, joined.text, joined.to), ("Boris", "has joined", "*"))
        self.assertEqual(
            said,
            [
                Said(one, "Anna", "кто \\ 'там'?\"", "", "a" * 32, 2, "", 7.0),
                Said(one + 1, "Carol", "psst", "Boris", "c" * 32, 1, "b" * 32, 8.5),
                Said(one + 2, "Dora", "without a client", time=9.0),
            ],
        )

    def test_a_repeated_message_is_known_although_its_addressee_has_left(self) -> None:
        log = self.make_node()
        self.wait_for(log.enter("Boris", "", "seat", 5.0))
        said = Said(0, "Anna", "bye", "Boris", "a" * 32, 1, time=6.0)
        self.assertIsNotNone(self.wait_for(log.add(said)))
        self.wait_for(log.leave({"seat": "left", "another": "left"}, 7.0))
        self.assertIsNone(self.wait_for(log.add(said)))
        texts = [entry.text for entry in self.entries(log)]
        self.assertEqual(texts, ["has joined", "bye", "has left"])

    def test_new_clients_that_speak_together_have_slots_of_their_own(self) -> None:
        log = self.make_node()
        for count in 1, 2:
            said = [Said(0, name, "hi", "", name * 32, count, time=1.0) for name in "abcd"]
            self.results(log.add(Said(0, "e", "")), *map(log.add, said))
        rows = self.execute("SELECT slot, id, count FROM clients ORDER BY slot")
        self.assertEqual(
            rows.fetchall(), [(number, name * 32, 2) for number, name in enumerate("abcd", 1)]
        )

    def test_names_are_unique_on_all_nodes(self) -> None:
        other, log = self.make_node(), self.make_node()
        self.wait_for(other.enter("Anna", "a" * 32, "one", 5.0))
        for name in "aNNA", "Аnna":  # The second has a Cyrillic letter.
            with self.assertRaises(BadName):
                self.wait_for(log.enter(name, "", "two", 6.0))
        self.wait_for(log.enter("Anna", "a" * 32, "two", 6.0))
        self.wait_for(log.rename("two", "Аnna", 7.0))
        with self.assertRaises(MemberGone):
            self.wait_for(log.rename("one", "Zoe", 8.0))
        with self.assertRaises(MemberGone):
            self.wait_for(log.enter("Anna", "a" * 32, "one", 8.0, is_return=True))
        self.wait_for(other.unregister())
        with self.assertRaises(NodeGone):
            self.wait_for(other.enter("Zoe", "", "three", 9.0))
        texts = [f"{entry.name} {entry.text}" for entry in self.entries(log)]
        self.assertEqual(texts, ["Anna has joined", "Anna has moved", "Anna is now called Аnna"])

    def test_old_entries_are_removed_once_in_a_number_of_bytes(self) -> None:
        said = Said(0, "Anna", "x" * 60_000, "", "a" * 32, time=6.0)
        slack = PRUNED_BYTES // said.size + 1
        log = self.make_node(Retention(64 * PRUNED_BYTES))
        # Otherwise each second of the test's time would remove some, too.
        self.execute("UPDATE room SET place = 9000000000000000")
        kept = 64 * PRUNED_BYTES // said.size
        most = 0
        for count in range(kept + 3 * slack):
            self.wait_for(log.renew(9_000_000_000_000_000 + count))
            self.wait_for(log.add(Said(0, "Anna", said.text, "", "a" * 32, count + 1)))
            if count > kept - 2:
                [[stored]] = self.execute("SELECT count(*) FROM said")
                self.assertGreater(stored, kept - 1)
                most = max(most, stored)
        self.assertGreater(most, kept + slack // 2)
        self.assertLessEqual(most, kept + slack + 1)

    def test_entries_stay_until_all_nodes_have_read_them(self) -> None:
        other, log = self.make_node(), self.make_node(Retention(1))
        places = [self.wait_for(log.add(Said(0, "Anna", str(each)))) or 0 for each in range(4)]
        self.assertEqual(len(self.entries(log)), 4)
        self.wait_for(other.renew(places[1]))
        self.wait_for(log.renew(places[3]))
        self.wait_for(log.add(Said(0, "Anna", "4")))
        self.assertEqual([entry.place for entry in self.entries(log)][:3], places[1:])
        self.assertEqual(self.wait_for(other.register(places[0] - 1)).members, [])
        self.assertIsNone(self.wait_for(other.register(places[0])).members)

    def while_it_waits_for_the_room(self, work: Awaitable[object], change: str) -> object:
        """Return the result of work for which another transaction makes a change in between."""
        found: list[object] = []
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        with psycopg.connect(self.name) as other, psycopg.connect(self.name) as looking:
            looking.autocommit = True
            other.execute("SELECT 1 FROM room FOR UPDATE")
            thread = Thread(target=lambda: found.extend(self.results(work)))
            thread.start()
            wait_until(lambda: looking.execute(waits).fetchone() == (1,))
            other.execute(change)
        thread.join()
        [result] = found
        return result

    def test_a_node_that_is_removed_while_it_waits_for_the_room_stores_nothing(self) -> None:
        log = self.make_node()
        enter = log.enter("Anna", "", "seat", 5.0)
        removed = "UPDATE nodes SET until = '-infinity'"
        self.assertIsInstance(self.while_it_waits_for_the_room(enter, removed), NodeGone)
        self.assertEqual(self.entries(log), [])

    def test_a_node_that_ends_waits_for_those_that_remove_dead_nodes(self) -> None:
        # Otherwise they could remove it before its members, which would stay for ever.
        log = self.make_node()
        self.assertIsNone(self.while_it_waits_for_the_room(log.unregister(), "SELECT 1"))
