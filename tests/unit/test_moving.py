"""Clients of the chat that move to another server."""

from __future__ import annotations

import random
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.chat_network import START, Socket
from tests.doubles.recording import Recorder
from tests.doubles.rooms import FREE, open_chat
from twisted_lab.channels import Connections, Unable
from twisted_lab.channels.datagram_server import DatagramServer
from twisted_lab.client.chat_client import ChatClient, NoAnswer, NotLetIn
from twisted_lab.client.connection import HungUp
from twisted_lab.client.servers import LONGEST_WAIT, SPREAD, Server, Servers
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.reliable import Hello, decode
from twisted_lab.rooms import Line, MemoryHistory, Said, TooMany

A, B, C = (Server(f"10.0.0.{number}", 9095, name) for number, name in enumerate("abc", 1))

CUT_OFF = Unable("cannot read the data now", "no route to host")


class Node:
    """A server, which shares the history with others.

    Attributes:
        state: "up"; "refused" if its port is closed; "silent" if datagrams to it are lost.
        room: Its room.
        opened: The times of the first requests of clients.
    """

    def __init__(self, lab: Lab) -> None:
        self.state = "up"
        self.opened: list[float] = []
        self._lab = lab
        self.start()

    def start(self) -> None:
        """Have a server with nothing in its memory."""
        clock = self._lab.clock
        self.connections = Connections()
        chat = open_chat(self._lab.history, clock, FREE)
        self.room = chat._room
        self.server = DatagramServer(
            clock,
            ServiceEvents("netlab-chat", Recorder(), LogLevel.warn),
            chat.converse,
            self.connections,
            60.0,
            random=self._lab.random,
        )
        self.server.transport = Socket(self._send)

    def _send(self, data: bytes, address: tuple[str, int]) -> None:
        if self.state == "up":
            self._lab.to_client(data, address)


class Lab:
    """Three nodes and their clients, on a network that loses nothing."""

    def __init__(self, seed: int = 0) -> None:
        self.clock = Clock()
        self.clock.advance(START)
        self.history = MemoryHistory()
        self.chance = random.Random(seed)
        self.ports: dict[tuple[str, int], Member | Plain] = {}
        self.nodes = {server: Node(self) for server in (A, B, C)}

    def random(self, count: int) -> bytes:
        return self.chance.randbytes(count)

    def to_client(self, data: bytes, address: tuple[str, int]) -> None:
        if member := self.ports.get(address):
            self.clock.callLater(0.01, member.take, data, address)

    def run(self, until: Callable[[], bool], most: float = 100.0) -> float:
        """Let time pass until something is so; return the seconds that it took."""
        start = self.clock.seconds()
        while not until():
            assert self.clock.seconds() < start + most, "it never comes"
            self.clock.advance(0.01)
        return self.clock.seconds() - start

    def run_for(self, seconds: float) -> None:
        """Let that time pass."""
        end = self.clock.seconds() + seconds
        self.run(lambda: self.clock.seconds() >= end, seconds + 1)


class Member:
    """A member with our client."""

    def __init__(
        self, lab: Lab, name: str, *servers: Server, patience: float = float("inf")
    ) -> None:
        self.texts: list[str] = []
        self.told: list[str] = []
        self._lab = lab
        self._port = 0
        self.servers = Servers(servers or (A, B, C), lab.chance.random)
        self.client = ChatClient(
            lab.clock, name, self._show, self.told.append, patience, lab.random
        )
        self.reopen()
        self.client.start(self, self.servers)

    @property
    def said(self) -> list[str]:
        """The texts said in the room, as it has heard them."""
        return [text for text in self.texts if not text.startswith("* ")]

    def is_settled(self) -> bool:
        """Tell whether it is a member, all of whose messages were confirmed."""
        return self.client.room.is_in and not self.client.room.pending

    def is_at(self, server: Server) -> Callable[[], bool]:
        """Return what tells whether it is a member there."""
        return lambda: self.told[-1:] == [f"moved to {server}"] and self.is_settled()

    def has_ended(self) -> bool:
        """Tell whether its client has ended."""
        return self.client.ended.called

    def _show(self, line: Line) -> None:
        self.texts.append(line.text)

    def reopen(self) -> None:
        self._lab.ports.pop(("192.0.2.1", self._port), None)
        self._port = self._lab.chance.randrange(1024, 65536)
        self._lab.ports["192.0.2.1", self._port] = self

    def take(self, data: bytes, address: tuple[str, int]) -> None:
        if address[1] == self._port:
            self.client.receive(data)

    def write(self, data: bytes) -> None:
        node = self._lab.nodes[self.servers.current]
        if isinstance(decode(data), Hello):
            node.opened.append(self._lab.clock.seconds())
        address = "192.0.2.1", self._port
        if node.state == "refused":
            self._lab.clock.callLater(0.01, self._refused, address)
        elif node.state == "up":
            self._lab.clock.callLater(0.01, node.server.datagramReceived, data, address)

    def _refused(self, address: tuple[str, int]) -> None:
        if address[1] == self._port:
            self.client.datagram_refused()


class MovingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.lab = Lab()

    def join(self, *servers: Server, patience: float = float("inf")) -> Member:
        anna = Member(self.lab, "Anna", *servers, patience=patience)
        self.lab.run(anna.is_settled)
        return anna

    def check_nothing_is_lost(self, anna: Member, state: str, most: float) -> None:
        """Take the first node away while a member talks."""
        for number in range(8):
            anna.client.say(f"{number}")
        self.lab.run_for(0.015)  # The first ones have arrived, and are not confirmed yet.
        self.lab.nodes[A].state = state
        anna.client.say("8")
        self.assertLess(self.lab.run(anna.is_at(B)), most)
        self.assertEqual(anna.said, [f"Anna: {number}" for number in range(9)])
        self.assertTrue(self.lab.nodes[B].connections.served)

    def test_a_client_stays_at_the_node_that_answers(self) -> None:
        anna = self.join()
        self.lab.run_for(300)
        self.assertEqual((anna.told, self.lab.nodes[B].opened), ([], []))
        self.assertIs(anna.servers.current, A)

    def test_it_moves_from_a_node_whose_port_is_closed(self) -> None:
        anna = self.join()
        self.check_nothing_is_lost(anna, "refused", most=2.0)
        self.assertEqual(anna.told, ["moved to b:9095"])

    def test_it_moves_from_a_silent_node(self) -> None:
        anna = self.join()
        self.check_nothing_is_lost(anna, "silent", most=11.5)
        self.assertEqual(anna.told, ["no answer; still trying", "moved to b:9095"])

    def test_it_moves_from_a_node_that_shuts_down(self) -> None:
        anna = self.join()
        boris = Member(self.lab, "Boris", A)
        self.lab.run(boris.is_settled)
        anna.client.say("before")
        self.lab.run_for(0.015)
        self.lab.nodes[A].connections.drain(self.lab.clock, 5)
        self.assertLess(self.lab.run(anna.is_at(B)), 2.0)
        self.lab.run(lambda: not self.lab.nodes[A].connections)
        self.assertEqual((anna.told, anna.said), (["moved to b:9095"], ["Anna: before"]))
        # A client with one address waits.
        self.assertEqual(boris.told, ["the server is shutting down; waiting for it to return"])
        self.lab.nodes[A].start()
        self.lab.run(boris.is_settled)

    def test_it_moves_from_a_node_that_drains_and_others_stay(self) -> None:
        anna = self.join()
        node = self.lab.nodes[A]
        plain: list[bytes] = []
        self.lab.ports["192.0.2.9", 9] = plain_member = Plain(plain)
        node.server.datagramReceived(b"/join Vera\n", plain_member.address)
        self.lab.run(lambda: bool(plain))
        node.server.datagramReceived(plain[-1], plain_member.address)
        node.connections.leave()
        self.assertLess(self.lab.run(anna.is_at(B)), 2.0)
        node.server.datagramReceived(b"hello\n", plain_member.address)
        self.lab.run(lambda: b"Vera: hello\n" in plain)
        self.assertEqual(len(node.connections), 1)
        # A new client is turned away, and goes on as well.
        clara = Member(self.lab, "Clara")
        self.assertLess(self.lab.run(clara.is_settled), 3.0)
        self.assertIs(clara.servers.current, B)
        dora = Member(self.lab, "Dora", A)
        self.lab.run(dora.has_ended)
        self.failureResultOf(dora.client.ended, NotLetIn)

    def test_it_moves_from_a_node_that_drains_and_cannot_store_its_message(self) -> None:
        anna = self.join()
        self.hold_next_message()
        anna.client.say("hello")
        self.lab.run_for(0.5)
        self.lab.nodes[A].connections.leave()
        self.assertLess(self.lab.run(anna.is_at(B)), 3.0)
        self.assertEqual(anna.said, ["Anna: hello"])

    def test_a_new_client_goes_on_from_a_node_that_is_cut_off_from_the_database(self) -> None:
        self.cut_off(A)
        anna = Member(self.lab, "Anna")
        self.assertLess(self.lab.run(anna.is_settled), 3.0)
        self.assertIs(anna.servers.current, B)
        self.lab.run(lambda: not self.lab.nodes[A].connections, 4)
        self.assertEqual(anna.texts[:1], ["* welcome, Anna; /help lists what you can do"])

    def test_a_new_client_waits_if_all_nodes_are_cut_off_from_the_database(self) -> None:
        undo = [self.cut_off(server) for server in (A, B, C)]
        anna = Member(self.lab, "Anna")
        self.lab.run_for(60)
        self.assertEqual(anna.texts[0], "* cannot read the data now; joining in 5 s")
        attempts = sum(len(node.opened) for node in self.lab.nodes.values())
        self.assertLess(attempts, 30)
        for each in undo:
            each()
        self.assertLess(self.lab.run(anna.is_settled), 6.0)

    def test_a_new_client_waits_if_one_node_is_cut_off_and_the_others_drain(self) -> None:
        undo = self.cut_off(A)
        self.lab.nodes[B].connections.leave()
        self.lab.nodes[C].connections.leave()
        anna = Member(self.lab, "Anna")
        self.lab.run_for(30)
        self.assertFalse(anna.has_ended())
        undo()
        self.lab.run(anna.is_settled, 20)

    def test_a_client_that_has_joined_too_often_stays(self) -> None:
        undo = self.cut_off(A, TooMany("too many have joined from your address", 5))
        anna = Member(self.lab, "Anna")
        self.lab.run_for(3)
        undo()
        self.lab.run(anna.is_settled)
        self.assertIs(anna.servers.current, A)
        self.assertEqual(anna.texts[0], "* too many have joined from your address; joining in 5 s")

    def cut_off(self, server: Server, error: Exception = CUT_OFF) -> Callable[[], object]:
        """Let joins on a node fail, because it is cut off from the database; return the undoing."""

        async def fail(client: str) -> bool:
            raise error

        undo = self.patch(self.lab.nodes[server].room, "is_known", fail)
        return lambda: undo.restore()

    def hold_next_message(self) -> None:
        """Let the next message never be stored."""

        async def wait(said: Said) -> int | None:
            undo.restore()
            return await Deferred[int]()

        undo = self.patch(self.lab.history, "add", wait)

    def test_it_moves_if_a_node_closes_the_session(self) -> None:
        anna = self.join()
        [channel] = self.lab.nodes[A].connections
        channel.finish()
        self.assertLess(self.lab.run(anna.is_at(B)), 2.0)

    def test_it_gives_up_once_all_nodes_have_closed_the_session(self) -> None:
        anna = self.join(A, B)
        for is_there, node in ((anna.is_settled, A), (anna.is_at(B), B)):
            self.lab.run(is_there)
            [channel] = self.lab.nodes[node].connections
            channel.finish()
        self.lab.run(anna.has_ended, 5)
        self.failureResultOf(anna.client.ended, HungUp)

    def test_it_comes_back_to_a_node_that_still_knows_it(self) -> None:
        anna = self.join(A, B)
        anna.client.say("one")
        self.lab.run(anna.is_settled)
        self.lab.nodes[A].state = "silent"
        self.lab.run(anna.is_at(B))
        self.lab.nodes[A].state, self.lab.nodes[B].state = "up", "refused"
        anna.client.say("two")
        self.lab.run(anna.is_at(A))
        self.assertEqual(anna.said, ["Anna: one", "Anna: two"])

    def test_a_client_that_leaves_meanwhile_has_everything_confirmed(self) -> None:
        anna = self.join()
        self.lab.nodes[A].state = "refused"
        anna.client.say("last words")
        anna.client.finish()
        self.lab.run(anna.has_ended, 5)
        self.successResultOf(anna.client.ended)
        boris = Member(self.lab, "Boris", C)
        self.lab.run(boris.is_settled)
        boris.client.say("/history 5")
        self.lab.run(lambda: "Anna: last words" in boris.said)

    def test_attempts_are_rare_while_all_nodes_are_down(self) -> None:
        for state, least in (("refused", 70), ("silent", 150)):
            self.lab = Lab()
            anna = self.join()
            for node in self.lab.nodes.values():
                node.state = state
            self.lab.run_for(60)
            moves = anna.servers._moves
            self.lab.run_for(300)
            self.assertLess(anna.servers._moves - moves, 300 / (0.75 * LONGEST_WAIT))
            opened = sorted(time for node in self.lab.nodes.values() for time in node.opened)
            self.assertLess(len(opened), 1.1 * 360)
            self.assertGreater(len(opened), least)
            self.assertEqual(anna.told, ["no answer; still trying"])
            self.lab.nodes[B].state = "up"
            self.lab.run(anna.is_at(B), 6 * LONGEST_WAIT)

    def test_clients_do_not_move_all_at_the_same_moment(self) -> None:
        members = [Member(self.lab, f"m{number}") for number in range(20)]
        self.lab.run(lambda: all(each.is_settled() for each in members))
        self.lab.nodes[A].connections.drain(self.lab.clock, 5)
        self.lab.run(lambda: all(each.is_at(B)() for each in members))
        opened = self.lab.nodes[B].opened
        self.assertEqual(len(opened), 20)
        self.assertGreater(max(opened) - min(opened), SPREAD / 2)

    def test_a_new_client_finds_the_node_that_answers(self) -> None:
        for state, most in (("refused", 0.2), ("silent", 8.0)):
            self.lab = Lab()
            self.lab.nodes[A].state = self.lab.nodes[B].state = state
            anna = Member(self.lab, "Anna")
            self.assertLess(self.lab.run(anna.is_settled), most)
            self.assertEqual((anna.servers.current, anna.told), (C, []))

    def test_a_new_client_gives_up_if_none_answers(self) -> None:
        for state, most in (("refused", 0.2), ("silent", 22.0)):
            self.lab = Lab()
            for node in self.lab.nodes.values():
                node.state = state
            anna = Member(self.lab, "Anna")
            self.assertLess(self.lab.run(anna.has_ended), most)
            self.failureResultOf(anna.client.ended, NoAnswer)

    def test_a_client_in_a_pipe_gives_up_after_its_patience(self) -> None:
        anna = self.join(patience=60)
        for node in self.lab.nodes.values():
            node.state = "silent"
        seconds = self.lab.run(anna.has_ended)
        self.failureResultOf(anna.client.ended, NoAnswer)
        self.assertTrue(59 <= seconds < 62)

    def test_a_node_that_has_restarted_keeps_its_client(self) -> None:
        anna = self.join()
        self.lab.nodes[A].start()
        anna.client.say("hello")
        self.lab.run(anna.is_settled)
        self.lab.run_for(20)
        self.assertEqual((anna.said, anna.told), (["Anna: hello"], []))

    def test_a_suspended_client_stays(self) -> None:
        anna = self.join()
        self.lab.clock.advance(30)
        self.lab.run_for(10)
        self.assertEqual(anna.told, [])


class Plain:
    """A member with plain datagrams."""

    address = "192.0.2.9", 9

    def __init__(self, heard: list[bytes]) -> None:
        self._heard = heard

    def take(self, data: bytes, _: object) -> None:
        self._heard.append(data)
