"""The entries of a room that several nodes share: in memory, and on a server elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, TypeVar, cast

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.shared_log import START, MemoryLog, Server
from twisted_lab.rooms import MemberGone, Said, client_id
from twisted_lab.rooms.member import CannotSay
from twisted_lab.rooms.room_log import RoomLog
from twisted_lab.rooms.shared_transactions import LEASE_SECONDS, PAGE
from twisted_lab.rooms.shared_writing import NodeGone
from twisted_lab.text.user_names import BadName

Result = TypeVar("Result")
CLIENT = client_id("secret")


class LogContract:
    """The promises to a node. A test case mixes them in, and makes the logs."""

    def make_log(self) -> RoomLog:
        """Return a log of the room, for another node."""
        raise NotImplementedError

    def expire(self, log: RoomLog) -> None:
        """End the lease of a node."""
        raise NotImplementedError

    def prune(self, log: RoomLog, name: str) -> None:
        """Have all old messages removed, with another one by `name`."""
        raise NotImplementedError

    def now(self, work: Awaitable[Result]) -> Result:
        case = cast(Any, self)
        result: Result = case.successResultOf(Deferred.fromCoroutine(cast(Any, work)))
        return result

    def fails(self, work: Awaitable[object], error: type[Exception]) -> Exception:
        case = cast(Any, self)
        failure = case.failureResultOf(Deferred.fromCoroutine(cast(Any, work)), error)
        return cast(Exception, failure.value)

    def registered(self) -> RoomLog:
        log = self.make_log()
        self.now(log.register(0))
        return log

    def says(self, log: RoomLog, place: int = 0) -> list[tuple[str, str]]:
        """Return who did or said what, as a node reads it."""
        return [(said.name, said.text) for said in self.now(log.entries(place))]

    def test_entries_of_all_nodes_have_one_order(self) -> None:
        one, two = self.registered(), self.registered()
        places = [
            self.now(one.enter("Anna", CLIENT, "a1", START)),
            self.now(two.enter("Boris", "", "b1", START)),
            self.now(one.add(Said(1, "Anna", "hello", "", CLIENT, 1, time=START))),
            self.now(two.rename("b1", "Boba", START)),
            self.now(two.add(Said(1, "Boba", "psst", "anna", time=START))),
        ]
        self.now(two.leave({"b1": "left", "none": "left"}, START))
        entries = [*self.now(one.entries(0))]
        assert entries == [*self.now(two.entries(0))]
        assert [said.place for said in entries[:-1]] == places == sorted(set(cast(Any, places)))
        assert self.says(one, cast(int, places[1])) == [
            ("Anna", "hello"),
            ("Boris", "is now called Boba"),
            ("Boba", "psst"),
            ("Boba", "has left"),
        ]
        assert (entries[4].to, entries[4].listener) == ("Anna", CLIENT)

    def test_names_are_unique_on_all_nodes(self) -> None:
        one, two = self.registered(), self.registered()
        self.now(one.enter("Ivan", "", "a1", START))
        for name in "ivan", "lvan", "Іvan":
            self.fails(two.enter(name, "", "b1", START), BadName)
        self.now(two.enter("Boris", "", "b1", START))
        self.fails(two.rename("b1", "lvan", START), BadName)
        self.now(one.rename("a1", "Іvan", START))  # It is its own name.
        self.now(one.rename("a1", "Anna", START))
        self.now(two.rename("b1", "lvan", START))
        self.now(two.leave({"b1": "left"}, START))
        self.now(one.enter("Ivan", "", "a2", START))
        assert [name for name, _ in self.says(one)][-2:] == ["lvan", "Ivan"]

    def test_a_client_is_one_member_wherever_it_comes_from(self) -> None:
        one, two = self.registered(), self.registered()
        self.now(one.enter("Anna", CLIENT, "a1", START))
        place = self.now(two.enter("Vera", CLIENT, "b1", START))
        assert self.says(one)[1:] == [("Anna", "is now called Vera"), ("Vera", "has moved")]
        assert self.now(one.entries(place - 1))[0].listener == "b1"
        self.now(one.leave({"a1": "left"}, START))
        self.fails(one.rename("a1", "Boris", START), MemberGone)
        self.fails(one.enter("Vera", CLIENT, "a1", START, is_return=True), MemberGone)
        # The same again, because the node has not heard of the first time.
        self.now(two.enter("Vera", CLIENT, "b1", START))
        assert len(self.says(one)) == 4

    def test_a_repeated_message_has_no_place(self) -> None:
        one, two = self.registered(), self.registered()
        said = Said(1, "Anna", "hello", "", CLIENT, 7, time=START)
        assert self.now(one.add(said))
        assert self.now(two.add(said)) is None
        assert self.now(two.knows(CLIENT))
        assert not self.now(two.knows(client_id("another")))
        self.fails(one.add(Said(1, "Anna", "psst", "Nobody", CLIENT, 8)), CannotSay)
        assert self.says(one) == [("Anna", "hello")]

    def test_a_page_is_for_a_client_and_ends_with_what_its_node_has_read(self) -> None:
        one, two = self.registered(), self.registered()
        self.now(one.enter("Anna", CLIENT, "a1", START))
        self.now(one.enter("Boris", "", "b1", START))
        for count, to in enumerate(("", "Boris", ""), 1):
            place = self.now(one.add(Said(1, "Anna", str(count), to, CLIENT, count, time=START)))
        for log, read, texts in (two, 0, ""), (two, place, "123"), (one, (place or 0) - 1, "12"):
            log.has_read(read or 1)
            found = self.now(log.since(0, CLIENT))
            assert [said.text for said in found] == [*texts]
        assert [said.text for said in self.now(two.since(0, "another"))] == ["1", "3"]

    def test_a_dead_node_and_its_members_are_removed(self) -> None:
        one, two = self.registered(), self.registered()
        self.now(one.enter("Anna", "", "a1", START))
        self.now(one.enter("Carl", CLIENT, "c1", START))
        self.expire(one)
        self.now(two.enter("Carl", CLIENT, "c2", START))  # It moves in time.
        _, dead = self.now(two.renew(1))
        assert len(dead) == 1
        assert self.now(two.bury(dead)) is False
        assert self.says(two)[-1] == ("Anna", "has gone silent")
        for work in (
            one.renew(1),
            one.enter("Boris", "", "b1", START),
            one.add(Said(1, "Anna", "hello", time=START)),
            one.bury(dead),
        ):
            self.fails(work, NodeGone)
        self.now(one.leave({"a1": "left"}, START))
        assert self.now(two.renew(1)).dead == []
        again = self.now(one.register(1))
        assert again.place == 1
        assert again.members is None
        self.now(one.enter("Anna", "", "a1", START, is_return=True))
        assert self.says(two)[-1] == ("Anna", "has joined")

    def test_a_node_that_has_renewed_its_lease_is_not_removed(self) -> None:
        one, two = self.registered(), self.registered()
        self.now(one.enter("Anna", "", "a1", START))
        self.expire(one)
        _, dead = self.now(two.renew(1))
        self.now(one.renew(1))
        assert self.now(two.bury(dead)) is False
        assert self.now(one.renew(1)).dead == []

    def test_removing_many_members_can_be_interrupted(self) -> None:
        one, two, three = self.registered(), self.registered(), self.registered()
        for number in range(PAGE + 1):
            self.now(one.enter(f"P{number}x", "", f"s{number}", START))
        self.now(one.unregister())
        _, dead = self.now(two.renew(1))
        assert self.now(two.bury(dead)) is True
        self.fails(one.renew(1), NodeGone)
        _, dead = self.now(three.renew(1))
        assert len(dead) == 1
        assert self.now(three.bury(dead)) is False
        place, silent = 0, 0
        while page := self.now(two.entries(place)):
            place = page[-1].place
            silent += sum(said.text == "has gone silent" for said in page)
        assert silent == PAGE + 1
        assert self.now(three.renew(1)).dead == []

    def test_a_new_node_begins_with_the_members_at_its_place(self) -> None:
        one = self.registered()
        self.now(one.enter("Anna", CLIENT, "a1", START))
        two = self.make_log()
        found = self.now(two.register(0))
        assert [(each.name, each.client, each.seat) for each in found.members or ()] == [
            ("Anna", CLIENT, "a1")
        ]
        assert self.says(two, found.place) == []
        self.now(one.enter("Boris", "", "b1", START))
        assert self.says(two, found.place) == [("Boris", "has joined")]

    def test_what_a_living_node_has_not_read_is_kept(self) -> None:
        one, two = self.registered(), self.registered()
        places = [self.now(one.add(Said(1, "Anna", str(n), time=START))) or 0 for n in range(3)]
        self.now(one.renew(places[2]))
        self.now(two.renew(places[0]))
        self.prune(one, "Vera")
        assert self.says(two, places[0]) == [("Anna", "1"), ("Anna", "2"), ("Vera", "now")]
        self.now(two.unregister())
        self.prune(one, "Vera")
        assert ("Anna", "1") not in self.says(one)
        found = self.now(two.register(places[0]))
        assert found.members == []
        assert found.place > places[2]

    def test_all_nodes_have_the_same_secrets(self) -> None:
        one, two = self.registered(), self.registered()
        first, second = self.now(one.renew(1)).secrets, self.now(two.renew(1)).secrets
        shared = {*first.by_period} & {*second.by_period}
        assert {first.period, second.period} <= shared
        assert all(first.by_period[each] == second.by_period[each] for each in shared)
        assert len({*first.by_period.values()}) == 3


class MemoryLogTests(LogContract, SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(START)
        self.server = Server(self.clock)

    def make_log(self) -> MemoryLog:
        return MemoryLog(self.server, self.clock)

    def expire(self, log: RoomLog) -> None:
        assert isinstance(log, MemoryLog)
        others = {*self.server.nodes} - {log.id}
        self.clock.advance(LEASE_SECONDS + 1)
        for node in others:
            place = self.server.nodes[node][1]
            self.server.nodes[node] = self.clock.seconds() + LEASE_SECONDS, place

    def prune(self, log: RoomLog, name: str) -> None:
        self.server.most = 1
        self.now(log.add(Said(1, name, "now", time=START)))
