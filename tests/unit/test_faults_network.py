"""The datagram network on a simulated clock."""

from __future__ import annotations

from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IUDPTransport
from twisted.internet.protocol import DatagramProtocol
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from twisted_lab.faults import DatagramNetwork, advance
from twisted_lab.faults.engine.link import HELD_BYTES

ANNA, BORIS, SERVER = ("192.0.2.1", 1000), ("192.0.2.2", 1000), ("192.0.2.9", 9000)


class End(DatagramProtocol):
    """Remembers what arrives, with its time, and answers."""

    noisy = False

    def __init__(self, clock: Clock, answer: bytes = b"") -> None:
        self.received: list[tuple[float, bytes]] = []
        self.sources: list[tuple[str, int]] = []
        self.has_stopped = False
        self._clock = clock
        self._answer = answer

    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        self.received.append((round(self._clock.seconds(), 6), datagram))
        self.sources.append(addr)
        if self._answer:
            assert self.transport
            self.transport.write(self._answer + datagram, addr)

    def stopProtocol(self) -> None:
        self.has_stopped = True

    @property
    def datagrams(self) -> list[bytes]:
        return [data for _, data in self.received]


class NetworkTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()

    def connect(self, *toxics: str, seed: int = 0, answer: bytes = b"") -> DatagramNetwork:
        self.network = DatagramNetwork(self.clock, toxics, seed=seed)
        self.server = End(self.clock, answer)
        self.network.listen(SERVER, self.server)
        self.anna = End(self.clock)
        self.transport = self.network.listen(ANNA, self.anna)
        return self.network

    def send(self, *datagrams: bytes) -> None:
        for datagram in datagrams:
            self.transport.write(datagram, SERVER)

    def test_a_datagram_and_its_answer_arrive_in_the_next_turns(self) -> None:
        self.connect(answer=b"re: ")
        self.send(b"hello")
        self.assertEqual(self.server.datagrams, [])
        self.clock.advance(0)
        self.assertEqual((self.server.datagrams, self.server.sources), ([b"hello"], [ANNA]))
        self.assertEqual((self.anna.datagrams, self.anna.sources), ([b"re: hello"], [SERVER]))

    def test_each_direction_is_delayed_and_the_clock_stops_at_each_arrival(self) -> None:
        self.connect("latency=50ms", answer=b"re: ")
        self.send(b"one")
        advance(self.clock, 10)
        self.assertEqual(self.server.received, [(0.05, b"one")])
        self.assertEqual(self.anna.received, [(0.1, b"re: one")])
        self.assertEqual(self.clock.seconds(), 10.0)

    def test_faults_have_directions(self) -> None:
        self.connect("loss,nth=2,direction=upstream", "duplicate,nth=1,direction=downstream")
        self.server._answer = b"re: "
        self.send(b"1", b"2", b"3")
        advance(self.clock, 0)
        self.assertEqual(self.server.datagrams, [b"1", b"3"])
        self.assertEqual(self.anna.datagrams, [b"re: 1", b"re: 1", b"re: 3"])

    def lost(self, seed: int, others: int = 0, *more: str) -> list[bytes]:
        self.connect("loss=30%", *more, seed=seed)
        for number in range(others):
            self.network.send(b"other", ("192.0.2.77", 1000 + number), SERVER)
        self.send(*[b"%d" % number for number in range(100)])
        advance(self.clock, 1)
        return [data for data in self.server.datagrams if data != b"other"]

    def test_the_same_seed_loses_the_same_datagrams(self) -> None:
        lost = self.lost(1)
        self.assertTrue(50 < len(lost) < 90, lost)
        self.assertEqual(self.lost(1), lost)
        self.assertEqual(self.lost(1, 20), lost)
        self.assertEqual(self.lost(1, 0, "latency=30ms,jitter=10ms"), lost)
        self.assertNotEqual(self.lost(2), lost)

    def test_rebind_changes_the_address_that_the_server_sees(self) -> None:
        self.connect("rebind,nth=2", answer=b"re: ")
        self.send(b"1", b"2", b"3")
        advance(self.clock, 0)
        old, new, *rest = self.server.sources
        self.assertEqual((old, new[0], rest), (ANNA, ANNA[0], [new]))
        self.assertNotEqual(old, new)
        self.assertEqual(self.anna.datagrams, [b"re: 1", b"re: 2", b"re: 3"])
        # The old address is no longer hers.
        assert self.server.transport
        self.server.transport.write(b"late", old)
        advance(self.clock, 0)
        self.assertNotIn(b"late", self.anna.datagrams)

    def test_held_datagrams_are_released(self) -> None:
        network = self.connect("hold,nth=1")
        self.send(b"1", b"2")
        advance(self.clock, 100)
        self.assertEqual(self.server.datagrams, [b"2"])
        self.assertEqual(network.release(), 1)
        advance(self.clock, 0)
        self.assertEqual(self.server.datagrams, [b"2", b"1"])

    def test_the_toxics_change_also_for_existing_links(self) -> None:
        network = self.connect("loss")
        self.send(b"1")
        network.change(["hold"])
        self.send(b"2")
        advance(self.clock, 1)
        self.assertEqual(self.server.datagrams, [])
        network.change([])
        self.send(b"3")
        advance(self.clock, 1)
        self.assertEqual(self.server.datagrams, [b"2", b"3"])

    def test_a_link_that_has_timed_out_begins_again(self) -> None:
        self.connect("timeout=2s,nth=1")
        self.send(b"1", b"2")
        advance(self.clock, 3)
        self.assertEqual(self.server.datagrams, [])
        self.send(b"3")
        advance(self.clock, 1)
        self.assertEqual(self.network._names._arrived, 2)

    def test_what_a_full_link_cannot_hold_is_lost(self) -> None:
        network = self.connect("hold")
        self.send(*[bytes(60_000)] * 30)
        self.assertEqual(network.release(), HELD_BYTES // 60_000 + 1)

    def test_datagrams_to_nobody_are_lost(self) -> None:
        self.connect()
        self.transport.write(b"x", BORIS)
        advance(self.clock, 0)
        boris = End(self.clock)
        self.network.listen(BORIS, boris)
        self.transport.write(b"y", BORIS)
        advance(self.clock, 0)
        self.assertEqual(boris.datagrams, [b"y"])

    def test_a_port_in_use_is_refused_and_free_after_the_end(self) -> None:
        self.connect()
        self.assertRaises(CannotListenError, self.network.listen, ANNA, End(self.clock))
        self.successResultOf(self.transport.stopListening())
        self.transport.stopListening()
        self.assertTrue(self.anna.has_stopped)
        self.send(b"after the end")
        self.network.listen(ANNA, End(self.clock))
        advance(self.clock, 0)
        self.assertEqual(self.server.datagrams, [])

    def test_a_connected_protocol_hears_only_its_peer(self) -> None:
        self.connect(answer=b"re: ")
        self.transport.connect(*SERVER)
        self.transport.write(b"hello")
        self.network.send(b"noise", BORIS, ANNA)
        advance(self.clock, 0)
        self.assertEqual(self.anna.datagrams, [b"re: hello"])

    def test_transports_are_those_of_twisted(self) -> None:
        self.connect()
        verifyObject(IUDPTransport, self.transport)
        host = self.network.listen(("2001:db8::1", 0), End(self.clock)).getHost()
        self.assertEqual((host.type, host.host), ("UDP", "2001:db8::1"))
        self.assertTrue(host.port)
        self.assertFalse(self.transport.getBroadcastAllowed())

    def test_toxics_of_streams_are_refused(self) -> None:
        error = self.assertRaises(ValueError, DatagramNetwork, self.clock, ["reset_peer"])
        self.assertIn("reset_peer acts only on streams", str(error))
