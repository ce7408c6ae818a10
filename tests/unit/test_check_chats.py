"""Chat servers: datagrams to them, where they can be reached, and what clients say first."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from itertools import chain, count, cycle
from pathlib import Path

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from tests.checked.udp_chat import manifest
from tests.checked.udp_chat_client import manifest as clients
from tests.doubles.check import doing, make_bench, run, tcp
from tests.unit.test_check_subjects import FakeNetwork, ProgramCase
from twisted_lab.check.activity import LOOK_SECONDS
from twisted_lab.check.conversation import echoes
from twisted_lab.check.conversation.acknowledgements import MOST_FORMS, acknowledgement, forms
from twisted_lab.check.conversation.echoes import Search, carries
from twisted_lab.check.conversation.openings import MOST_OPENINGS, openings
from twisted_lab.check.kernel.snapshot import Snapshot
from twisted_lab.check.kernel.sockets import Socket
from twisted_lab.check.kernel.waits import Wait
from twisted_lab.check.requirements.requirement import Level
from twisted_lab.check.requirements.udp_chat import REQUIREMENTS
from twisted_lab.check.requirements.udp_chat_client import REQUIREMENTS as CLIENT_REQUIREMENTS
from twisted_lab.check.subjects import datagram_listener as listeners
from twisted_lab.check.subjects import datagram_peer as peers
from twisted_lab.check.subjects import program as programs
from twisted_lab.check.subjects.bad_network import BadNetwork
from twisted_lab.check.subjects.datagram_listener import DatagramListener
from twisted_lab.check.subjects.datagram_peer import DatagramPeer
from twisted_lab.check.subjects.elsewhere import Elsewhere
from twisted_lab.check.subjects.operator import Operator
from twisted_lab.check.subjects.program import SLEEP_SECONDS
from twisted_lab.check.subjects.server import Server, StartedServer
from twisted_lab.check.trials.chat_manners import KINDS

FOLDER = Path(manifest.__file__).parent
DEADLINE = 10  # seconds that the kernel may take


def udp(port: int = 9090, peer_port: int = 0) -> Socket:
    host, kind = IPv4Address("127.0.0.1"), socket.SOCK_DGRAM
    return Socket(socket.AF_INET, kind, host, port, peer_port, False, 0, 0)


class DatagramPeerTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        bench = make_bench(self.reactor)
        self.other = socket.socket(type=socket.SOCK_DGRAM)
        self.addCleanup(self.other.close)
        self.other.settimeout(DEADLINE)
        self.other.bind(("127.0.0.1", 0))
        host, port = self.other.getsockname()
        elsewhere = Elsewhere(bench.activity)
        server = Server(bench, FakeNetwork(), elsewhere, host, port, socket.SOCK_DGRAM)
        peer = run(self.reactor, server.connect("127.0.7.1"))
        assert isinstance(peer, DatagramPeer)
        self.peer = peer
        self.addCleanup(peer.close)

    def hear(self, *datagrams: bytes) -> None:
        self.peer.write(b"hello")
        _, address = self.other.recvfrom(100)
        for each in datagrams:
            self.other.sendto(each, address)
        self.peer.doRead()

    def test_each_write_is_one_datagram_from_its_address(self) -> None:
        for data in (b"one", b"", b"two"):
            self.peer.write(data)
            received, (host, port) = self.other.recvfrom(100)
            self.assertEqual((received, host, port), (data, "127.0.7.1", self.peer.port))

    def test_datagrams_are_heard_in_their_order(self) -> None:
        self.hear(b"one", b"", b"two")
        self.assertEqual((bytes(self.peer.received), self.peer.datagrams), (b"onetwo", 3))

    def test_what_is_heard_is_bounded(self) -> None:
        self.patch(peers, "MOST_DATAGRAMS", 2)
        self.hear(b"", b"", b"more")
        self.assertEqual((self.peer.received, self.peer.has_ended), (b"", True))
        self.assertEqual(self.reactor.readers, set())
        self.peer.write(b"nothing")

    def test_what_is_heard_is_acknowledged(self) -> None:
        self.peer.acknowledge = bytes.upper
        self.hear(b"one", b"")
        self.assertEqual(self.other.recv(100), b"ONE")

    def test_a_network_may_stand_between(self) -> None:
        lost: list[bytes] = []
        network = BadNetwork(self.reactor, 1, lost.append, self.peer.send)
        self.hear(b"one")
        self.peer.network = network
        self.other.sendto(b"two", ("127.0.7.1", self.peer.port))
        self.peer.doRead()
        self.assertEqual((self.peer.received, network.said), (b"one", [b"two"]))

    def test_the_end_of_a_connection_means_nothing(self) -> None:
        self.peer.finish()
        self.hear(b"text")
        self.assertEqual((self.peer.received, self.peer.has_ended), (b"text", False))

    def test_a_client_that_vanishes_closes_its_port(self) -> None:
        self.peer.write(b"hello")
        _, address = self.other.recvfrom(100)
        self.peer.reset()
        self.other.connect(address)
        self.other.send(b"text")
        self.assertRaises(ConnectionRefusedError, self.other.recv, 100)


class DatagramListenerTests(SynchronousTestCase):
    """The checker's server for clients by UDP."""

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.changes: list[int] = []
        listening = socket.socket(type=socket.SOCK_DGRAM)
        listening.setblocking(False)
        listening.bind(("127.0.0.1", 0))
        self.listener = DatagramListener(self.reactor, listening, lambda: self.changes.append(1))
        self.addCleanup(self.listener.close)

    def client(self, *datagrams: bytes) -> socket.socket:
        client = socket.socket(type=socket.SOCK_DGRAM)
        self.addCleanup(client.close)
        client.settimeout(DEADLINE)
        client.connect(("127.0.0.1", self.listener.port))
        for each in datagrams:
            client.send(each)
        self.listener.doRead()
        return client

    def test_each_address_is_a_peer(self) -> None:
        for text in (b"one", b"two"):
            client = self.client(text, b"")
            self.listener.peers[-1].write(text.upper())
            self.assertEqual(client.recv(100), text.upper())
        self.assertEqual(self.listener.received(), b"onetwo")
        self.assertEqual(self.listener.datagrams, [b"one", b"", b"two", b""])
        self.assertEqual((len(self.listener.peers), len(self.changes)), (2, 2))

    def test_what_is_heard_is_bounded(self) -> None:
        self.patch(listeners, "MOST_DATAGRAMS", 2)
        self.client(b"one", b"two", b"three")
        self.assertEqual((self.listener.received(), self.reactor.readers), (b"onetwo", set()))

    def test_the_number_of_addresses_is_bounded(self) -> None:
        self.patch(listeners, "MOST_PEERS", 1)
        self.client(b"one")
        self.client(b"two")
        self.assertEqual(self.listener.received(), b"one")

    def test_a_datagram_that_cannot_be_sent_is_lost(self) -> None:
        self.client(b"one")
        self.listener.close()
        self.listener.peers[-1].write(b"lost")


class BadNetworkTests(SynchronousTestCase):
    """Datagrams of a peer pass a network that loses, repeats and delays them."""

    def pass_on(self, seed: int) -> tuple[list[bytes], list[bytes]]:
        clock, heard, arrived = MemoryReactorClock(), list[bytes](), list[bytes]()
        network = BadNetwork(clock, seed, heard.append, arrived.append)
        for number in range(50):
            network.receive(b"down %d" % number)
            network.send(b"up %d" % number)
        clock.advance(1)
        self.assertEqual(network.said, [b"down %d" % number for number in range(50)])
        return heard, arrived

    def test_they_are_lost_repeated_and_reordered(self) -> None:
        for way in self.pass_on(seed=1):
            numbers = [int(each.split()[1]) for each in way]
            self.assertLess(len(set(numbers)), 50)
            self.assertLess(len(set(numbers)), len(numbers))
            self.assertNotEqual(numbers, sorted(numbers))

    def test_the_seed_decides(self) -> None:
        self.assertEqual(self.pass_on(seed=1), self.pass_on(seed=1))
        self.assertNotEqual(self.pass_on(seed=1), self.pass_on(seed=2))


class AcknowledgementTests(SynchronousTestCase):
    def test_the_way_of_the_server_comes_first(self) -> None:
        found = forms(b"got #12", b"7 anna1: text")
        self.assertEqual(found[0], b"got #{n}")
        self.assertEqual(acknowledgement(found[0], b"7 anna1: text"), b"got #7")
        self.assertLessEqual(len(found), MOST_FORMS)

    def test_without_a_number_none_is_named(self) -> None:
        self.assertEqual(forms(b"", b"anna1: text"), (b"ACK", b"ack", b"OK"))
        self.assertEqual(acknowledgement(b"ACK {n}", b"anna1: text"), b"")
        self.assertEqual(acknowledgement(b"ACK", b"anna1: text"), b"ACK")


class FindPortTests(ProgramCase):
    """A chat is reached by UDP, or else by TCP."""

    def found(self, *sockets: Socket) -> tuple[int, socket.SocketKind] | None:
        bench, operator = make_bench(self.clock), Operator(self.program, lambda _, __: None)
        server = StartedServer(bench, FakeNetwork(), self.program, operator, 9090, KINDS)
        self.show([], doing(Wait.INPUT, *sockets))
        return (server.port, server.kind) if server.find_port() else None

    def test_udp_is_preferred_to_tcp(self) -> None:
        self.assertEqual(self.found(tcp(9090), udp(7000)), (7000, socket.SOCK_DGRAM))
        self.assertEqual(self.found(tcp(9090)), (9090, socket.SOCK_STREAM))

    def test_the_port_that_was_told_is_preferred(self) -> None:
        self.assertEqual(self.found(udp(7000), udp(9090)), (9090, socket.SOCK_DGRAM))

    def test_a_connected_socket_takes_no_datagrams_of_others(self) -> None:
        self.assertIsNone(self.found(udp(7000, peer_port=53)))


class PollingTests(ProgramCase):
    """A program that waits for datagrams, and looks for something else in between."""

    def setUp(self) -> None:
        super().setUp()
        self.show([], doing(Wait.INPUT, udp(), timeout=0.5))

    def test_what_it_may_still_send_is_waited_for(self) -> None:
        self.assertFalse(run(self.clock, self.program.until(lambda: False, 5)))
        self.assertGreaterEqual(self.clock.seconds(), SLEEP_SECONDS)

    def test_it_is_settled_at_once(self) -> None:
        self.assertTrue(run(self.clock, self.program.settle(5)))
        self.assertLess(self.clock.seconds(), 20 * LOOK_SECONDS)


class OwnDatagramsTests(ProgramCase):
    """A program that is busy, and whose datagrams become more and fewer."""

    def setUp(self) -> None:
        super().setUp()
        self.unread: Iterator[int] = chain([3, 2, 1], cycle([0, 1]))

        def look(_: int) -> Snapshot:
            self.ran += LOOK_SECONDS
            return doing(Wait.NOTHING, others=[replace(udp(), unread=next(self.unread))])

        self.patch(programs, "look", look)

    def test_a_program_that_receives_its_own_spins(self) -> None:
        self.assertFalse(run(self.clock, self.program.settle(60)))
        self.assertTrue(self.program.feeds_itself)
        self.assertLess(self.clock.seconds(), 2)

    def test_one_that_receives_what_clients_have_sent_does_not(self) -> None:
        self.unread = count(10_000, -1)
        self.assertFalse(run(self.clock, self.program.settle(2)))
        self.assertFalse(self.program.feeds_itself)
        self.assertGreaterEqual(self.clock.seconds(), 2)


class WordsTests(SynchronousTestCase):
    def test_a_short_text_stands_in_one_piece(self) -> None:
        self.assertTrue(carries(b"\x1b[31mANNA: \x1b[0mHELLO", b"hello"))
        self.assertFalse(carries(b"h e l l o", b"hello"))

    def test_a_long_text_may_come_in_portions(self) -> None:
        text = b"0123456789" * 30
        self.assertTrue(carries(b"anna: " + text[:200] + b"\nanna: " + text[200:], text))

    def test_texts_are_found_in_any_portions(self) -> None:
        received = bytearray(b"before one ")
        search = Search([b"one", b"two", b"abc" * 100], len(b"before "))
        for portion in (b"t", b"wo " + b"abc" * 50, b"anna: " + b"abc" * 49, b"abc"):
            self.assertFalse(search.has_found(received))
            received += portion
        self.assertTrue(search.has_found(received))

    def test_a_text_from_before_is_not_found(self) -> None:
        self.assertFalse(Search([b"one"], len(b"one")).has_found(bytearray(b"one")))

    def test_a_flood_is_not_looked_through_again(self) -> None:
        looked: list[int] = []
        self.patch(echoes, "carries", lambda received, _: looked.append(len(received)))
        search, received = Search([b"one"], 0), bytearray(500_000)
        for _look in range(3):
            search.has_found(received)
        self.assertEqual(looked[0], 500_000)
        self.assertLessEqual(max(looked[1:]), 20_000)

    def test_the_words_of_the_program_come_after_what_suits_most(self) -> None:
        found = openings(["__join", "enter:"])
        self.assertEqual(found[:4], ("{name}", "", "__join {name}", "__join"))
        self.assertIn("enter:{name}", found)

    def test_a_name_follows_a_command_before_the_command_alone_leaves_all_names_empty(self) -> None:
        found = openings(["/join "])
        self.assertLess(found.index("/join {name}"), found.index("/join "))

    def test_openings_are_few_and_differ(self) -> None:
        found = openings([f"word{number}" for number in range(100)] + ["/join"])
        self.assertEqual((len(found), len(set(found))), (MOST_OPENINGS, MOST_OPENINGS))


class ManifestTests(SynchronousTestCase):
    """The chat servers and clients that the checker judges are complete."""

    def test_each_must_and_should_has_a_broken_client(self) -> None:
        wanted = [each.id for each in CLIENT_REQUIREMENTS if each.level is not Level.INFORMATION]
        self.assertEqual(list(clients.BROKEN), wanted)
        for key, name in clients.BROKEN.items():
            folder = Path(clients.__file__).parent
            self.assertTrue((folder / name).read_text().startswith(f'"""{key}: '), name)

    def test_each_must_and_should_has_a_broken_server(self) -> None:
        wanted = [each.id for each in REQUIREMENTS if each.level is not Level.INFORMATION]
        self.assertEqual(list(manifest.BROKEN), wanted)
        for key, name in manifest.BROKEN.items():
            self.assertTrue((FOLDER / name).read_text().startswith(f'"""{key}: '), name)

    def test_each_program_is_judged(self) -> None:
        judged = {word for _, command, _ in manifest.CORRECT for word in command}
        judged |= {build[-1] for build in manifest.BUILDS.values()} | {*manifest.BROKEN.values()}
        programs = {each.name for each in FOLDER.iterdir() if each.suffix in {".py", ".c", ".js"}}
        self.assertEqual(programs - judged, {"__init__.py", "manifest.py"})
        names = {name for name, _, _ in manifest.CORRECT}
        self.assertLessEqual(manifest.NOT_OFFERED, names)
