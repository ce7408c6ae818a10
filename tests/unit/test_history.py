"""A room's history: its limits, the cost of a page, and its order."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Coroutine
from itertools import count
from typing import Any, TypeVar, cast

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import Clock

from tests.doubles.rooms import free_limits, make_room
from tests.doubles.storage import ShuffledStorage, SlowStorage, StoredCase, execute
from twisted_lab.rooms import (
    PAGE_MESSAGES,
    History,
    HistoryBusy,
    Member,
    MemoryHistory,
    Retention,
    Said,
    client_id,
)
from twisted_lab.rooms.history import DAY_SECONDS
from twisted_lab.rooms.kept_history import MOST_READS, PRUNED, KeptHistory
from twisted_lab.rooms.queries import FREE_SLOT
from twisted_lab.rooms.schema import HISTORY_TABLES

Result = TypeVar("Result")


class HistoryCase(StoredCase):
    def run_now(self, coroutine: Coroutine[Deferred[Any], Any, Result]) -> Result:
        result: Result = self.successResultOf(ensureDeferred(coroutine))
        return result

    def say(self, history: History, *said: Said) -> None:
        for message in said:
            self.assertIsNotNone(self.run_now(history.add(message)))

    def places(self, history: History) -> list[int]:
        """Return the places of all messages to all."""
        found = [0]
        while page := self.run_now(history.since(found[-1], "")):
            found += [said.place for said in page]
        return found[1:]


class RetentionTests(HistoryCase):
    def histories(self, retention: Retention) -> list[History]:
        return [MemoryHistory(retention), KeptHistory(self.new_storage(HISTORY_TABLES), retention)]

    def test_old_messages_are_deleted_beyond_the_byte_limit(self) -> None:
        text = "ж" * 10_000
        for history, size in zip(
            self.histories(Retention(most_bytes=100_000)),
            (sys.getsizeof(text), Said(1, "Anna", text).size),
            strict=True,
        ):
            kept = -(-100_000 // size)
            for number in range(1, 21):
                self.say(history, Said(number, "Anna", text, "", "a", number))
                first = max(number - kept + 1, 1)
                self.assertEqual(self.places(history), list(range(first, number + 1)))
            # All are known, deleted or not.
            for number in range(1, 21):
                again = Said(99, "Anna", text, "", "a", number)
                self.assertIsNone(self.run_now(history.add(again)))

    def test_messages_are_deleted_after_some_days(self) -> None:
        for history in self.histories(Retention(days=2)):
            for number in (1, 2, 3):
                self.say(history, Said(number, "Anna", "x", time=number * DAY_SECONDS))
            self.assertEqual(self.places(history), [2, 3])

    def test_the_newest_message_stays_and_places_ascend(self) -> None:
        for history in self.histories(Retention(most_bytes=1, days=1)):
            places = []
            for time in (9, 90, 2, 900):
                said = Said(7, "Anna", "x" * 1000, time=time * DAY_SECONDS)
                places.append(self.run_now(history.add(said)))
                self.assertEqual(self.places(history), places[-1:])
            self.assertEqual(places, [7, 8, 9, 10])
            self.assertEqual(self.run_now(history.newest()), 10)

    def test_an_oversized_history_shrinks_in_small_steps(self) -> None:
        storage = self.new_storage(HISTORY_TABLES)
        old = [Said(number, "Anna", "x") for number in range(1, 3 * PRUNED)]
        self.say(KeptHistory(storage), *old)
        history = KeptHistory(storage, Retention(most_bytes=1))
        self.say(history, Said(1000, "Anna", "x"))
        # Each message also makes room for itself.
        self.assertEqual(len(self.places(history)), 2 * PRUNED - 1)
        self.say(history, Said(1001, "Anna", "x"))
        self.assertEqual(len(self.places(history)), PRUNED - 1)

    def test_a_large_message_makes_room_for_itself(self) -> None:
        storage = self.new_storage(HISTORY_TABLES)
        history = KeptHistory(storage, Retention(most_bytes=300_000))
        self.say(history, *(Said(number, "Anna", "x") for number in range(1, 2001)))
        for _ in range(9):
            self.say(history, Said(1, "Anna", "x" * 65_536))
            upto = "SELECT max(upto) - min(upto) FROM said"
            [filled] = execute(storage.database, upto).fetchone()
            self.assertLess(filled, 300_000)

    def test_pruning_at_the_start_deletes_all_old_messages(self) -> None:
        storage = SlowStorage(HISTORY_TABLES, self.new_database())
        self.addCleanup(storage.database.close)
        history = KeptHistory(storage)
        for number in range(1, 3 * PRUNED):
            ensureDeferred(history.add(Said(number, "Anna", "x", time=0.0)))
        storage.answer()
        pruning = ensureDeferred(KeptHistory(storage).prune(99 * DAY_SECONDS))
        while storage.answer():
            pass
        self.successResultOf(pruning)
        seeing = ensureDeferred(history.last(100))
        storage.answer()
        newest = 3 * PRUNED - 1
        self.assertEqual(self.successResultOf(seeing), (newest - 1, newest))

    def test_a_client_is_known_after_its_messages_are_deleted(self) -> None:
        for history in self.histories(Retention(most_bytes=1)):
            self.assertFalse(self.run_now(history.knows("a")))
            self.say(history, Said(1, "Anna", "x", "", "a", 1), Said(2, "Boris", "x"))
            self.assertEqual(self.places(history), [2])
            self.assertTrue(self.run_now(history.knows("a")))
            self.assertFalse(self.run_now(history.knows("")))


PAGES = ((0, ""), (0, "a"), (150, "b"), (150, "nobody"), (300, "a"), (300, ""))


class CostTests(HistoryCase):
    """The cost of a page in SQLite does not grow with messages outside of the page."""

    def setUp(self) -> None:
        self.storage = self.new_storage(HISTORY_TABLES)
        self.history = KeptHistory(self.storage)
        self._steps = 0

    def _step(self) -> None:
        self._steps += 1

    def cost(self, coroutine: Coroutine[Deferred[Any], Any, Any]) -> int:
        connection = cast(Any, self.storage.database)._connection
        self._steps = 0
        connection.set_progress_handler(self._step, 1)
        self.run_now(coroutine)
        connection.set_progress_handler(None, 0)
        return self._steps

    def costs(self) -> list[int]:
        """Return the cost of a message to all, and of each page after it."""
        history = self.history
        return [
            self.cost(history.add(Said(0, "Boris", "x"))),
            self.cost(history.last(1)),
            *(self.cost(history.since(place, client)) for place, client in PAGES),
        ]

    def test_private_messages_of_others_do_not_slow_a_page(self) -> None:
        for number in range(1, 301):
            to = ("", "") if number <= 150 else ("Boris", "b")
            self.say(self.history, Said(number, "Anna", "x", to[0], "a", number, to[1]))
        before = self.costs()
        for number in range(1000):  # from clients with ids, and from others
            ids = ("c", "d") if number % 2 else ("", "")
            self.say(self.history, Said(0, "Carl", "x", "Dora", ids[0], number, ids[1]))
        for small, large in zip(before, self.costs(), strict=True):
            self.assertLess(large, 1.2 * small + 50)
            self.assertLess(large, 100 * PAGE_MESSAGES)

    def test_the_number_of_pending_requests_is_bounded(self) -> None:
        storage = SlowStorage(HISTORY_TABLES, self.new_database())
        self.addCleanup(storage.database.close)
        history = KeptHistory(storage)
        ensureDeferred(history.add(Said(1, "Anna", "x")))
        storage.answer()
        waiting = [ensureDeferred(history.last(1)) for _ in range(MOST_READS)]
        error = self.failureResultOf(ensureDeferred(history.last(1)), HistoryBusy)
        self.assertEqual(str(error.value), "the history is busy; try again")
        # A client that is catching up waits instead.
        page = ensureDeferred(history.since(0, ""))
        waiting.pop().addErrback(lambda _: None).cancel()
        self.assertNoResult(page)
        storage.answer()
        self.assertEqual(len(self.successResultOf(page)), 1)
        for each in waiting:
            self.assertEqual(self.successResultOf(each), (0, 1))
        ensureDeferred(history.last(1))


class MemberChannel:
    """A channel of a client with numbered messages; it records the places of messages."""

    def __init__(self, place: int) -> None:
        self.place = place
        self.is_gone = False
        self.heard: list[int] = []

    def say(self, text: str) -> None:
        if self.is_gone:
            return
        place, _, line = text.split(" ", 2)
        self.place = max(self.place, int(place))
        if line.startswith("Vera"):
            self.heard.append(int(place))

    def hang_up(self) -> None:
        """Drop all further output."""
        self.is_gone = True

    async def taken(self) -> None:
        pass


class OrderTests(HistoryCase):
    seeds = 100

    def test_each_message_arrives_once_however_reads_and_writes_overtake(self) -> None:
        for seed in range(self.seeds):
            self.play(random.Random(seed))

    def play(self, chance: random.Random) -> None:
        """Let members join, listen to Vera, and return from their last place."""
        storage = ShuffledStorage(HISTORY_TABLES, self.new_database())
        history = KeptHistory(storage)
        ticks, clock = count(), Clock()
        room = make_room(history, clock, lambda: float(next(ticks)))
        names = ["Anna", "Boris", "Carl", "Dora"]
        heard: dict[str, list[int]] = {name: [] for name in names}
        members: dict[str, Member] = {}
        channels: dict[str, MemberChannel] = {}
        vera = room.join("Vera", MemberChannel(0), free_limits(), 0.0, client_id("Vera"))
        said = 0

        async def come(name: str, place: int) -> None:
            channels[name] = channel = MemberChannel(place)
            await room.catch_up(channel, client_id(name), place, free_limits().address)
            members[name] = room.join(name, channel, free_limits(), 0.0, client_id(name))

        for name in names:
            ensureDeferred(come(name, 0))
        while said < 60 or storage.steps():
            clock.advance(0)
            name = chance.choice(names)
            what = chance.choice(("say", "whisper", "leave", "ask", *["go on"] * 4))
            if what in ("say", "whisper") and said < 60:
                said += 1
                to = f"/msg {name} " if what == "whisper" else ""
                ensureDeferred(room.hear(vera, f"{said} {to}{said}", float(said)))
            elif what == "leave" and said < 60 and name in members:
                heard[name] += channels[name].heard
                channels[name].hang_up()
                del members[name]
                ensureDeferred(come(name, channels[name].place))
            elif what == "ask" and name in members:
                ensureDeferred(room.hear(members[name], "1 /who", float(said)))
            elif steps := storage.steps():
                chance.choice(steps)()
        clock.advance(0)
        for name in names:
            reading = ensureDeferred(history.since(0, client_id(name)))
            while steps := storage.steps():
                steps[0]()
            everything = [said.place for said in self.successResultOf(reading)]
            self.assertEqual(heard[name] + channels[name].heard, everything)
        storage.database.close()


class IndexTests(StoredCase):
    def test_an_index_finds_the_least_recent_client(self) -> None:
        storage = self.new_storage(HISTORY_TABLES)
        plan = execute(storage.database, "EXPLAIN QUERY PLAN " + re.sub(r"\{\w+\}", "9", FREE_SLOT))
        steps = [step[3] for step in plan]
        self.assertNotIn("TEMP B-TREE", " ".join(steps))
        [scan] = [step for step in steps if step.startswith("SCAN clients")]
        self.assertIn("INDEX clients_by_place", scan)
