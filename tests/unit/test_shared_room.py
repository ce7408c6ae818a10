"""A room on several nodes, in memory, with failures of the server and of nodes."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.shared_log import MemoryLog
from tests.doubles.shared_nodes import MemoryNode, Nodes, Stay
from twisted_lab.reliable import SharedSecrets
from twisted_lab.reliable.cookies import Cookies
from twisted_lab.rooms import MemberGone, Said
from twisted_lab.rooms.shared_queries import Seated
from twisted_lab.rooms.shared_room import ENTERING, LOST, POLL_SECONDS, TAIL
from twisted_lab.rooms.shared_transactions import PAGE
from twisted_lab.text.user_names import BadName, name_key

SILENT = "has gone silent"


class SharedRoomCase(SynchronousTestCase):
    def start(self, number: int = 2, delay: float = 0.0) -> Nodes:
        """Start nodes that have held their leases for longer than a lease."""
        nodes = Nodes(number, lambda: delay)
        nodes.advance(12, 1.0)
        return nodes

    def join(self, node: MemoryNode, name: str, secret: str = "", place: int | None = None) -> Stay:
        stay = node.join(name, secret, place)
        node.clock.advance(0)
        stay.member  # noqa: B018
        return stay

    def pause(
        self,
        nodes: Nodes,
        node: MemoryNode,
        seconds: float,
        then: Callable[[], object] = lambda: None,
    ) -> None:
        """Pause a node. It goes on at the end, after `then`, and finds that time has passed."""
        node.is_running = False
        nodes.advance(seconds, 0.5)
        then()
        nodes.catch_up(node)


class OrderTests(SharedRoomCase):
    def test_all_nodes_have_one_order_and_a_member_hears_itself_by_reading(self) -> None:
        nodes = self.start()
        here, there = nodes.nodes
        anna, boris = self.join(here, "Anna"), self.join(there, "Boris")
        nodes.advance(0.1)
        here.log.hears = there.log.hears = False
        first, second = anna.say("one"), boris.say("two")
        nodes.clock.advance(0.001)
        self.assertEqual(anna.said, ["Anna: one"])  # A message makes its own node read.
        self.assertEqual(boris.said, ["Anna: one", "Boris: two"])
        nodes.advance(POLL_SECONDS)
        self.assertEqual(anna.said, boris.said)
        self.assertTrue(self.successResultOf(first) and self.successResultOf(second))

    def test_each_node_reads_once_for_a_message(self) -> None:
        nodes = self.start()
        anna = self.join(nodes.nodes[0], "Anna")
        nodes.advance(0.1)
        reads = [node.log.reads for node in nodes.nodes]
        anna.say("one")
        nodes.advance(0.1)
        self.assertEqual([node.log.reads for node in nodes.nodes], [each + 1 for each in reads])
        self.assertEqual(anna.said, ["Anna: one"])

    def test_a_message_is_not_shown_before_it_is_read(self) -> None:
        nodes = self.start(delay=0.2)
        anna = nodes.nodes[0].join("Anna")
        nodes.advance(2)
        anna.say("one")
        nodes.advance(0.4)  # Stored; reading begins.
        self.assertEqual(len(nodes.server.said), 2)
        self.assertEqual(anna.said, [])
        nodes.advance(0.6)
        self.assertEqual(anna.said, ["Anna: one"])

    def test_a_lost_notification_costs_at_most_a_second(self) -> None:
        nodes = self.start()
        anna, boris = (self.join(node, name) for node, name in zip(nodes.nodes, "AB", strict=True))
        nodes.advance(0.1)
        boris.node.log.hears = False
        anna.say("one")
        nodes.advance(POLL_SECONDS, 0.01)
        self.assertEqual(boris.said, ["A: one"])

    def test_more_than_a_page_is_read_at_once(self) -> None:
        nodes = self.start()
        boris = self.join(nodes.nodes[1], "Boris")
        nodes.nodes[1].log.is_cut = True
        for number in range(2 * PAGE + 10):
            nodes.server.tell(f"A{number}", "has left")
        nodes.nodes[1].log.is_cut = False
        nodes.advance(1.1)
        self.assertEqual(len(boris.texts), 2 + 2 * PAGE + 10)

    def test_any_interleaving_keeps_one_order_and_each_message_once(self) -> None:
        for seed in range(25):
            self.play(seed)

    def play(self, seed: int) -> None:
        """Let members speak and move, with any delays, pauses, cuts and outages."""
        chance = random.Random(seed)
        nodes = Nodes(3, lambda: chance.choice((0.0, 0.01, 0.3)))
        nodes.advance(12, 1.0)
        people = [Person(nodes, f"P{number}", chance) for number in range(4)]
        for _ in range(60):
            person = chance.choice(people)
            what = chance.choice(("say", "say", "say", "move", "pause", "cut", "lose", "down"))
            node = chance.choice(nodes.nodes)
            if what == "say":
                person.say()
            elif what == "move":
                person.come(node)
            elif what == "pause" and chance.random() < 0.3:
                self.pause(nodes, node, chance.choice((1, 12)))
            elif what == "cut":
                node.log.is_cut = not node.log.is_cut
            elif what == "lose":
                nodes.server.loses += 1
            elif what == "down":
                nodes.server.is_down = chance.random() < 0.3
            node.log.hears = chance.random() < 0.7
            nodes.advance(chance.choice((0.1, 0.5, 2)), 0.1)
            for each in people:
                each.look()
        nodes.server.is_down, nodes.server.loses = False, 0
        for node in nodes.nodes:
            node.log.is_cut, node.log.hears = False, True
        for _ in range(60):
            nodes.advance(0.5, 0.5)
            for each in people:
                each.look()
        wanted = [text for person in people for text in person.sent]
        for each in people:
            self.assertEqual(sorted(each.heard), sorted(wanted), f"seed {seed}")
            self.assertEqual(each.heard, people[0].heard, f"seed {seed}")
        self.assertEqual(len(nodes.server.members), len(people))
        for node in nodes.nodes:
            self.assertEqual(node.room._names.here(), nodes.server.names.here())


class MembersTests(SharedRoomCase):
    def test_private_messages_reach_members_of_other_nodes(self) -> None:
        nodes = self.start(3)
        anna, boris, vera = (
            self.join(node, name)
            for node, name in zip(nodes.nodes, ("Anna", "Boris", "Vera"), strict=True)
        )
        nodes.advance(0.1)
        anna.say("/msg boris psst")
        nodes.advance(0.1)
        self.assertEqual(anna.said, ["Anna (to Boris): psst"])
        self.assertEqual(boris.said, ["Anna (to you): psst"])
        self.assertEqual(vera.said, [])
        anna.say("/msg nobody psst")
        self.assertIn("no member has that name", anna.texts[-1])

    def test_a_private_message_is_not_shown_to_another_owner_of_its_senders_name(self) -> None:
        nodes = self.start(1)
        [node] = nodes.nodes
        anna, boris = self.join(node, "Anna", "secret"), self.join(node, "Boris")
        nodes.advance(0.1)
        nodes.server.add(Said(0, "Anna", "psst", "Boris", "another", 1, time=0.0))
        nodes.server.commit()
        nodes.advance(0.1)
        self.assertEqual((anna.said, boris.said), ([], ["Anna (to you): psst"]))

    def test_a_private_message_to_somebody_who_left_a_moment_ago_is_refused(self) -> None:
        nodes = self.start()
        anna, boris = self.join(nodes.nodes[0], "Anna"), self.join(nodes.nodes[1], "Boris")
        nodes.advance(0.1)
        nodes.nodes[0].log.hears = False
        boris.leave()
        anna.say("/msg boris psst")
        nodes.advance(0.1)
        self.assertIn("error: no member has that name; /who lists the members", anna.texts)

    def test_who_has_just_joined_hears_what_comes_right_after(self) -> None:
        nodes = self.start()
        anna, slow = self.join(nodes.nodes[0], "Anna"), nodes.nodes[1]
        nodes.advance(0.1)
        slow.log.delay = lambda: 0.5
        for secret in "", "secret":
            boris = slow.join(f"Boris{secret}", secret)
            nodes.advance(0.7)  # It is stored, but its node has not read it yet.
            anna.say(f"/msg boris{secret} psst")
            anna.say("to all")
            nodes.advance(4)
            self.assertEqual(boris.said, ["Anna (to you): psst", "Anna: to all"])
            boris.leave()
            nodes.advance(2)

    def test_no_two_members_of_any_nodes_have_names_alike(self) -> None:
        nodes = self.start()
        here, there = nodes.nodes
        self.join(here, "Ivan")
        for name in ("ivan", "lvan", "Іvan"):
            [failure] = there.join(name).ended
            self.assertTrue(failure.check(BadName), name)  # type: ignore[union-attr]
        boris = self.join(there, "Boris")
        boris.say("/nick lvan")
        self.assertIn("error: somebody's name looks like lvan; choose another name", boris.texts)

    def test_the_first_of_two_gets_the_name(self) -> None:
        nodes = self.start(delay=0.1)
        first = nodes.nodes[0].join("Anna")
        second = nodes.nodes[1].join("Anna")
        nodes.advance(1)
        self.assertEqual([first.is_in, second.is_in], [True, False])

    def test_who_lists_the_members_of_all_nodes_under_their_present_names(self) -> None:
        nodes = self.start(3)
        stays = [self.join(node, f"P{number}") for number, node in enumerate(nodes.nodes)]
        nodes.advance(0.1)
        stays[0].say("/nick Anna")
        stays[1].leave()
        nodes.advance(0.1)
        late = self.join(nodes.add(), "Boris")
        for stay in stays[0], stays[2], late:
            stay.node.room.wake()
            stay.say("/who")
            self.assertEqual(stay.texts[-1], "* here: Anna, Boris, P2")
            self.assertEqual(stay.node.room.members, 3)

    def test_a_name_is_free_again_once_its_member_has_left(self) -> None:
        nodes = self.start()
        self.join(nodes.nodes[0], "Anna").leave()
        anna = self.join(nodes.nodes[1], "Anna")
        anna.say("/nick Boris")
        self.join(nodes.nodes[0], "Anna")

    def test_a_client_that_moves_has_missed_nothing_and_leaves_no_trace(self) -> None:
        nodes = self.start()
        here, there = nodes.nodes
        anna, boris = self.join(here, "Anna"), self.join(here, "Boris", "secret")
        nodes.advance(0.1)
        anna.say("one")
        nodes.advance(0.1)
        place = boris.place
        anna.say("two")
        again = self.join(there, "Boris", "secret", place)
        nodes.advance(0.1)
        anna.say("three")
        nodes.advance(0.1)
        self.assertTrue(boris.channel.hung_up)
        self.assertEqual(again.said, ["Anna: two", "Anna: three"])
        self.assertEqual(anna.texts[2:], ["* Boris has joined", *anna.said])

    def test_catching_up_ends_although_the_room_is_busy(self) -> None:
        nodes = self.start(delay=0.05)
        speakers = [nodes.nodes[0].join(f"P{number}", f"s{number}") for number in range(40)]
        nodes.advance(1)
        place, count = speakers[0].place, 0

        def say(most: int) -> None:
            nonlocal count
            for _ in range(most):
                count += 1
                nodes.server.add(Said(0, "Vera", str(count), "", "vera", count, time=0.0))
            nodes.server.commit()

        say(3 * TAIL)
        back = nodes.nodes[1].join("Boris", "boris", place)
        for _ in range(40):
            say(5)  # In the time of one read.
            nodes.advance(0.1, 0.1)
        self.assertTrue(back.is_in)
        nodes.advance(2)
        self.assertEqual(back.said, [f"Vera: {number + 1}" for number in range(count)])


class FailuresTests(SharedRoomCase):
    def test_a_member_of_a_dead_node_goes_silent_when_the_lease_expires(self) -> None:
        nodes = self.start()
        here, there = nodes.nodes
        anna, boris = self.join(here, "Anna"), self.join(there, "Boris")
        carl = self.join(there, "Carl", "secret")
        nodes.advance(0.1)
        there.is_running = False
        self.join(here, "Carl", "secret", carl.place)
        nodes.advance(6)
        self.assertNotIn(f"* Boris {SILENT}", anna.texts)
        nodes.advance(8)
        self.assertIn(f"* Boris {SILENT}", anna.texts)
        self.assertNotIn(f"* Carl {SILENT}", anna.texts)  # It had moved before.
        self.join(here, "Boris")
        self.assertFalse(boris.channel.hung_up)

    def test_removing_many_members_of_a_dead_node_does_not_delay_renewals(self) -> None:
        nodes = self.start(3)
        here, there, third = nodes.nodes
        for number in range(8 * PAGE):
            name = f"P{number}x"
            nodes.server.put_in(Seated(name, name_key(name), "", name), there.log.id)
        third.is_running = there.is_running = False
        nodes.advance(9)
        here.log.delay = lambda: 0.5  # A page takes a second.
        nodes.advance(25, 0.5)
        self.assertEqual(len(nodes.server.members), 0)
        self.assertEqual([*nodes.server.nodes], [here.log.id])
        self.assertEqual(here.log.id, "node1")

    def test_a_paused_node_sends_nothing_that_it_had_read(self) -> None:
        nodes = self.start()
        here, there = nodes.nodes
        anna, boris = self.join(here, "Anna"), self.join(there, "Boris", "secret")
        nodes.advance(0.5)
        there.log.delay = lambda: 0.3
        nodes.advance(1.5)
        anna.say("one")
        nodes.advance(0.4)  # It has been read, but not delivered.
        there.log.delay = lambda: 0.0
        before = len(boris.texts)
        there.is_running = False
        nodes.advance(20, 0.5)
        nodes.server.is_down = True
        nodes.catch_up(there)
        nodes.advance(3)
        self.assertEqual(boris.texts[before:], [])
        nodes.server.is_down = False
        nodes.advance(5)
        self.assertEqual(boris.said, ["Anna: one"])

    def test_members_of_a_node_that_was_paused_return_unless_they_have_moved(self) -> None:
        nodes = self.start()
        here, there = nodes.nodes
        anna = self.join(here, "Anna")
        boris, carl = self.join(there, "Boris"), self.join(there, "Carl", "secret")
        nodes.advance(0.1)
        moved = []

        def move() -> None:
            self.assertIn(f"* Carl {SILENT}", anna.texts)
            moved.append(self.join(here, "Carl", "secret", carl.place))
            anna.say("one")

        self.pause(nodes, there, 14, then=move)
        nodes.advance(5)
        self.assertTrue(carl.channel.hung_up)
        self.assertEqual(moved[0].said, ["Anna: one"])
        self.assertEqual(boris.said, ["Anna: one"])
        boris.say("back")
        nodes.advance(0.1)
        self.assertEqual(anna.said, ["Anna: one", "Boris: back"])
        self.assertEqual(nodes.server.names.here(), "* here: Anna, Boris, Carl")
        self.assertEqual(anna.texts.count("* Boris has joined"), 2)

    def test_a_member_whose_name_is_taken_meanwhile_is_told(self) -> None:
        nodes = self.start()
        here, there = nodes.nodes
        boris = self.join(there, "Boris")
        nodes.advance(0.1)
        self.pause(nodes, there, 14, then=lambda: self.join(here, "Boris"))
        nodes.advance(5)
        self.assertTrue(boris.channel.hung_up)
        self.assertIn(LOST, boris.texts[-1])

    def test_a_join_that_the_server_has_lost_does_not_break_the_list_of_members(self) -> None:
        # As if a standby without the last entry had taken over.
        nodes = self.start()
        here, there = nodes.nodes
        anna, boris = self.join(here, "Anna"), self.join(here, "Boris")
        nodes.advance(0.1)
        nodes.server.take_out(nodes.server.members["anna"][0])
        again = self.join(there, "Anna")
        nodes.advance(0.1)
        self.assertTrue(anna.channel.hung_up)
        boris.say("/who")
        self.assertEqual(boris.texts[-1], "* here: Anna, Boris")
        again.leave()
        nodes.advance(0.1)
        self.assertEqual(self.join(here, "Carl").texts[-1], "* here: Boris, Carl")

    def test_a_member_that_has_not_returned_yet_stays_although_it_cannot_change_its_name(
        self,
    ) -> None:
        nodes = self.start(1)
        boris = self.join(nodes.nodes[0], "Boris")
        nodes.advance(0.1)
        nodes.server.take_out(nodes.server.members["boris"][0])  # Its node will hear of it later.
        self.assertTrue(self.successResultOf(boris.say("/nick Bob")))
        self.assertEqual(boris.texts[-1], f"error: {LOST}")

    def test_a_member_that_was_entering_when_its_node_was_removed_is_everywhere_or_nowhere(
        self,
    ) -> None:
        nodes = self.start()
        here, there = nodes.nodes
        anna = self.join(here, "Anna")
        there.log.delay = lambda: 0.3
        boris = there.join("Boris")
        nodes.advance(0.4)  # Stored, but not read.
        there.log.delay = lambda: 0.0
        self.pause(nodes, there, 14)
        nodes.advance(5)
        anna.say("/who")
        self.assertEqual(boris.is_in, "Boris" in anna.texts[-1])

    def test_many_members_return_while_the_lease_is_renewed(self) -> None:
        nodes = self.start()
        here, there = nodes.nodes
        for number in range(6 * ENTERING):
            self.join(there, f"P{number}x")
        nodes.advance(0.1)
        there.is_running = False
        nodes.advance(14, 0.5)
        self.assertEqual(len(nodes.server.members), 0)
        there.log.delay = lambda: 0.01
        nodes.catch_up(there)
        nodes.advance(30, 0.02)  # Each takes 0.04 s, and all of them longer than a lease.
        self.assertEqual(len(nodes.server.members), 6 * ENTERING)
        self.assertEqual(there.log.id, "node3")
        self.assertEqual(here.room.members, 6 * ENTERING)

    def test_a_member_that_leaves_while_it_waits_to_return_is_no_member(self) -> None:
        nodes = self.start()
        here, there = nodes.nodes
        stays = [self.join(there, f"P{number}x") for number in range(2 * ENTERING)]
        nodes.advance(0.1)
        there.is_running = False
        nodes.advance(14, 0.5)
        there.log.delay = lambda: 0.01
        nodes.catch_up(there)
        while not nodes.server.members:
            nodes.advance(0.01, 0.01)
        stays[-1].leave()
        nodes.advance(20, 0.02)
        self.assertEqual(len(nodes.server.members), 2 * ENTERING - 1)
        self.assertEqual(here.room.members, 2 * ENTERING - 1)

    def test_many_members_enter_while_the_lease_is_renewed(self) -> None:
        nodes = self.start(1)
        [node] = nodes.nodes
        node.log.delay = lambda: 0.01
        stays = [node.join(f"P{number}x") for number in range(4 * ENTERING)]
        nodes.advance(20, 0.02)  # Each takes 0.04 s, and all of them longer than a lease.
        self.assertTrue(all(stay.is_in for stay in stays))
        self.assertGreaterEqual(node.log.renewals, 7)  # One in 7 s at least.

    def test_a_node_that_has_lost_its_place_in_the_history_sends_its_clients_to_catch_up(
        self,
    ) -> None:
        nodes = self.start()
        here, there = nodes.nodes
        anna = self.join(here, "Anna")
        boris, carl = self.join(there, "Boris"), self.join(there, "Carl", "secret")
        nodes.advance(0.1)
        there.is_running = False
        nodes.advance(14, 0.5)
        nodes.server.most = 4
        for number in range(8):
            anna.say(str(number))
            nodes.advance(4, 0.5)
        place = carl.place
        nodes.catch_up(there)
        nodes.advance(4)
        self.assertTrue(carl.channel.hung_up)
        self.assertEqual(carl.channel.heard[-1], f"error: {LOST}")
        self.assertFalse(boris.channel.hung_up)
        back = self.join(there, "Carl", "secret", place)
        self.assertEqual(back.said, ["Anna: 6", "Anna: 7"])
        anna.say("now")
        nodes.advance(0.1)
        self.assertEqual([back.said[-1], boris.said[-1]], ["Anna: now"] * 2)

    def test_entries_that_arrive_after_a_new_beginning_are_dropped(self) -> None:
        nodes = self.start()
        here, there = nodes.nodes
        anna, boris = self.join(here, "Anna"), self.join(there, "Boris")
        nodes.advance(0.1)
        there.is_running = False
        nodes.advance(14, 0.5)
        nodes.server.most = 4
        for number in range(8):
            anna.say(str(number))
            nodes.advance(1, 0.5)
        answers = iter([succeed(None), answer := Deferred[None](), succeed(None)])

        async def read_late(place: int) -> Sequence[Said]:
            found = nodes.server.said[nodes.server.after(place) :]
            await next(answers)
            return found

        self.patch(there.log, "entries", read_late)
        there.log.delay = lambda: 1.5
        nodes.catch_up(there)
        nodes.advance(5)  # Meanwhile it asks for the entries after its old place, and begins anew.
        there.log.delay = lambda: 0.0
        self.patch(there.log, "entries", partial(MemoryLog.entries, there.log))
        answer.callback(None)
        nodes.advance(2)
        anna.say("now")
        nodes.advance(0.1)
        self.assertEqual(boris.said, ["Anna: now"])
        boris.say("/who")
        self.assertEqual(boris.texts[-1], "* here: Anna, Boris")

    def test_pruning_keeps_what_a_living_node_has_not_read(self) -> None:
        nodes = self.start()
        here, there = nodes.nodes
        anna, boris = self.join(here, "Anna"), self.join(there, "Boris")
        nodes.advance(4)
        nodes.server.most = 1
        there.log.is_cut = True
        for number in range(5):
            anna.say(str(number))
            nodes.advance(1)
        there.log.is_cut = False
        nodes.advance(4)
        self.assertEqual(boris.said, [f"Anna: {number}" for number in range(5)])

    def test_a_node_that_cannot_read_loses_its_lease(self) -> None:
        # Otherwise its members would hear nothing, and no entry could ever be removed.
        nodes = self.start()
        here, there = nodes.nodes
        anna, boris = self.join(here, "Anna"), self.join(there, "Boris")
        there.log.cannot_read = True
        nodes.advance(24)
        self.assertEqual([*nodes.server.nodes], [here.log.id])
        self.assertEqual(anna.texts[-1], f"* Boris {SILENT}")
        there.log.cannot_read = False
        nodes.advance(4)
        self.assertEqual(anna.texts[-1], "* Boris has joined")
        anna.say("again")
        nodes.advance(0.1)
        self.assertEqual(boris.said, ["Anna: again"])

    def test_a_lost_lease_is_reported_once_and_so_is_its_return(self) -> None:
        nodes = self.start()
        self.assertEqual(nodes.nodes[0].leases, [])
        nodes.server.is_down = True
        nodes.advance(8)
        self.assertEqual(nodes.nodes[0].leases, [])
        nodes.advance(20)
        self.assertEqual(nodes.nodes[0].leases, [False])
        nodes.server.is_down = False
        nodes.advance(8)
        self.assertEqual(nodes.nodes[0].leases, [False, True])

    def test_after_an_outage_nobody_removes_living_nodes(self) -> None:
        for seconds in 4, 7, 9, 9.9, 12, 30:
            for start in range(6):
                nodes = self.start(3)
                nodes.advance(start / 2)
                stays = [self.join(node, f"P{n}") for n, node in enumerate(nodes.nodes)]
                nodes.advance(start / 2)
                nodes.server.is_down = True
                nodes.advance(seconds)
                nodes.server.is_down = False
                nodes.advance(20)
                self.assertEqual([*nodes.server.nodes], ["node1", "node2", "node3"])
                self.assertEqual([len(stay.texts) for stay in stays], [4, 3, 2])

    def test_after_a_server_that_hung_nobody_removes_living_nodes(self) -> None:
        for seconds in 8, 12:
            nodes = self.start(3)
            for node in nodes.nodes:
                node.clock.advance(0)
            hang = nodes.clock.seconds() + seconds

            def rest(hang: float = hang, nodes: Nodes = nodes) -> float:
                return max(hang - nodes.clock.seconds(), 0.0)

            for node in nodes.nodes:
                node.log.delay = rest
            nodes.advance(seconds + 20)
            self.assertEqual([*nodes.server.nodes], ["node1", "node2", "node3"])

    def test_a_node_that_is_removed_while_it_registers_tries_again(self) -> None:
        nodes = self.start(1)
        late = nodes.add()
        nodes.nodes.append(late)
        slow = nodes.add()
        slow.log.delay = lambda: 30.0
        nodes.nodes.append(slow)
        nodes.advance(80, 0.5)
        slow.log.delay = lambda: 0.0
        nodes.advance(70, 0.5)
        self.join(slow, "Anna")
        self.assertTrue(slow.room.holds_lease)

    def test_a_node_starts_while_the_server_is_down(self) -> None:
        nodes = Nodes()
        nodes.server.is_down = True
        node = nodes.add()
        nodes.nodes.append(node)
        anna = node.join("Anna")
        nodes.advance(5)
        self.assertFalse(anna.ended)
        nodes.server.is_down = False
        nodes.advance(4)
        self.assertTrue(anna.is_in)

    def test_a_node_that_ends_leaves_at_once(self) -> None:
        nodes = self.start()
        here, there = nodes.nodes
        anna, boris = self.join(here, "Anna"), self.join(there, "Boris")
        nodes.advance(0.1)
        boris.leave()
        there.is_running = False
        Deferred.fromCoroutine(there.room.close())
        nodes.advance(0.1)
        self.assertIn("* Boris has left", anna.texts)
        nodes.advance(4)
        self.assertEqual([*nodes.server.nodes], ["node1"])


class StoringTests(SharedRoomCase):
    def setUp(self) -> None:
        self.nodes = self.start()
        here, there = self.nodes.nodes
        self.anna, self.boris = self.join(here, "Anna", "secret"), self.join(there, "Boris")
        self.nodes.advance(0.1)
        self.server = self.nodes.server

    def test_a_repeated_message_is_stored_once_and_confirmed(self) -> None:
        for _ in range(3):
            self.anna.say("1 hello")
            self.nodes.advance(0.1)
        self.assertEqual(self.boris.said, ["Anna: hello"])
        self.assertEqual(self.anna.texts.count("/done 1"), 3)

    def test_a_message_whose_outcome_is_unknown_is_stored_once(self) -> None:
        self.server.loses = 2
        self.anna.say("1 hello")
        self.nodes.advance(4)
        self.assertEqual(self.boris.said, ["Anna: hello"])
        self.assertEqual(self.anna.said, ["Anna: hello"])
        self.assertIn("/done 1", self.anna.texts)

    def test_a_message_repeated_on_another_node_is_stored_once(self) -> None:
        self.server.loses = 1
        self.anna.say("1 hello")
        back = self.join(self.nodes.nodes[1], "Anna", "secret", self.anna.place)
        back.say("1 hello")
        self.nodes.advance(4)
        self.assertEqual(self.boris.said, ["Anna: hello"])
        self.assertEqual(back.said, ["Anna: hello"])
        self.assertIn("/done 1", back.texts)

    def test_a_clients_message_waits_and_a_plain_member_is_told(self) -> None:
        self.server.is_down = True
        self.anna.say("1 hello")
        self.boris.say("hello?")
        self.nodes.advance(5)
        waits = [text for text in self.anna.texts if text.endswith("; your message waits")]
        self.assertEqual(len(waits), 1)
        self.assertEqual(self.boris.texts[-1], "error: cannot store the data now")
        self.server.is_down = False
        self.nodes.advance(5)
        self.assertEqual(self.boris.said, ["Anna: hello"])
        self.assertEqual(self.anna.texts[-1], "/done 1")

    def test_a_message_that_waited_has_the_time_at_which_it_is_stored(self) -> None:
        self.server.is_down = True
        self.anna.say("1 hello")
        self.nodes.advance(5)
        self.server.is_down = False
        back = self.nodes.clock.seconds()
        self.nodes.advance(5)
        self.assertGreaterEqual(self.server.said[-1].time, back)

    def test_leaving_during_an_outage_is_stored_later(self) -> None:
        self.server.is_down = True
        self.boris.leave()
        self.nodes.advance(5)
        self.server.is_down = False
        self.nodes.advance(4)
        self.assertEqual(self.anna.texts[-1], "* Boris has left")

    def test_a_join_whose_outcome_is_unknown_leaves_no_member(self) -> None:
        self.server.loses = 1
        carl = self.nodes.nodes[0].join("Carl")
        self.nodes.advance(4)
        self.assertFalse(carl.is_in)
        self.assertEqual(self.server.names.here(), "* here: Anna, Boris")

    def test_a_cookie_of_one_node_is_valid_on_the_others(self) -> None:
        first, second = SharedSecrets(), SharedSecrets()
        period = max(self.nodes.nodes[0].periods) - 1
        first.use(period, self.nodes.nodes[0].periods)
        second.use(period - 1, self.nodes.nodes[1].periods)  # It has not learned of the new period.
        cookie = Cookies(first).make("192.0.2.1", 1, 0.0)
        self.assertTrue(Cookies(second).is_good(cookie, "192.0.2.1", 1, 0.0))


class Person:
    """A client that sends again what is not confirmed, and asks for what it has missed.

    Attributes:
        sent: What it has said, as others hear it.
        heard: What it has heard, over all its stays.
    """

    def __init__(self, nodes: Nodes, name: str, chance: random.Random) -> None:
        self.sent: list[str] = []
        self.heard: list[str] = []
        self._nodes, self._name, self._chance = nodes, name, chance
        self._done = self._place = 0
        self._open(nodes.nodes[0])

    def _open(self, node: MemoryNode) -> None:
        self._stay = node.join(self._name, self._name, self._place)
        self._read = 0
        self._saying: Deferred[bool | None] | None = None

    def come(self, node: MemoryNode) -> None:
        """Open another connection."""
        self.look()
        self._open(node)

    def say(self) -> None:
        self.sent.append(f"{self._name}: {len(self.sent) + 1}")

    def look(self) -> None:
        """Read, and send the next message; come again if it is out."""
        stay = self._stay
        for line in stay.channel.heard[self._read :]:
            if line.startswith("error:"):
                continue
            place, _, text = line.split(" ", 2)
            self._place = max(self._place, int(place))
            if text.startswith("P"):
                self.heard.append(text)
            elif text.startswith("/done "):
                self._done = max(self._done, int(text.split(" ")[1]))
        self._read = len(stay.channel.heard)
        if stay.channel.hung_up or (stay.ended and not stay.is_in):
            stay.channel.is_gone = True
            self._open(self._chance.choice(self._nodes.nodes))
        elif (
            stay.is_in
            and self._done < len(self.sent)
            and (self._saying is None or self._saying.called)
        ):
            count = self._done + 1
            self._saying = stay.say(f"{count} {count}").addErrback(
                lambda failure: failure.trap(MemberGone) and None
            )
