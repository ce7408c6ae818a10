from unittest.mock import patch

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.connections import FakeConnection
from twisted_lab.channels import Connections
from twisted_lab.channels.connections import MOST_REFUSED, MOST_REFUSED_PER_PEER
from twisted_lab.eventlog.counters import Traffic


class ConnectionsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.connections = Connections()

    def test_nothing_to_drain(self) -> None:
        self.successResultOf(self.connections.drain(self.clock, 5))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_all_hang_up(self) -> None:
        for _ in range(3):
            FakeConnection(self.connections, prompt=True)
        self.assertEqual(len(self.connections), 3)
        self.successResultOf(self.connections.drain(self.clock, 5))
        self.assertEqual(len(self.connections), 0)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_one_finishes_later(self) -> None:
        slow = FakeConnection(self.connections, prompt=False)
        drained = self.connections.drain(self.clock, 5)
        self.clock.advance(4.9)
        self.assertNoResult(drained)
        self.connections.remove(slow)
        self.successResultOf(drained)
        self.assertFalse(slow.aborted)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_one_does_not_even_abort(self) -> None:
        broken = FakeConnection(self.connections, prompt=False)
        drained = self.connections.drain(self.clock, 5)
        with patch.object(broken, "abort"):
            self.clock.pump([1] * 6)
        self.successResultOf(drained)
        self.connections.remove(broken)

    def test_one_never_finishes(self) -> None:
        prompt = FakeConnection(self.connections, prompt=True)
        stuck = FakeConnection(self.connections, prompt=False)
        drained = self.connections.drain(self.clock, 5)
        self.clock.pump([1] * 5)
        self.successResultOf(drained)
        self.assertEqual((prompt.aborted, stuck.aborted), (False, True))

    def test_more_than_there_may_be(self) -> None:
        connections = Connections(most=2, most_per_peer=2)
        first, _, third = (FakeConnection(connections, True, f"192.0.2.{n}") for n in (1, 2, 3))
        self.assertEqual(
            str(third.refusal), "too many connections: 2 are served at once; try again later"
        )
        self.assertEqual((connections.served, connections.refused, len(connections)), (2, 1, 3))
        third.abort()
        self.assertIn("too many", str(connections.refusal("192.0.2.3")))
        first.abort()
        self.assertIsNone(connections.refusal("192.0.2.3"))

    def test_one_host_does_not_take_the_places_of_those_who_are_told_why(self) -> None:
        connections = Connections(most=0)
        loud = [
            FakeConnection(connections, True, "192.0.2.1")
            for _ in range(MOST_REFUSED_PER_PEER + 90)
        ]
        told = [connection for connection in loud if connections.is_told(connection)]
        self.assertEqual(told, loud[:MOST_REFUSED_PER_PEER])
        self.assertTrue(connections.is_told(FakeConnection(connections, True, "192.0.2.2")))
        told[0].abort()
        self.assertTrue(connections.is_told(FakeConnection(connections, True, "192.0.2.1")))
        self.assertEqual(connections.refused, MOST_REFUSED_PER_PEER + 92)

    def test_many_hosts_are_not_told(self) -> None:
        connections = Connections(most=0)
        for number in range(MOST_REFUSED):
            refused = FakeConnection(connections, True, f"192.0.2.{number}")
            self.assertTrue(connections.is_told(refused))
        self.assertFalse(connections.is_told(FakeConnection(connections, True, "198.51.100.1")))

    def test_more_of_one_peer_than_there_may_be(self) -> None:
        for first, same, other in (
            ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
            ("::ffff:192.0.2.1", "192.0.2.1", "::ffff:192.0.2.2"),
            ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"),
        ):
            connections = Connections(most_per_peer=1)
            connection = FakeConnection(connections, True, first)
            self.assertEqual(
                str(connections.refusal(same)),
                "too many connections from your address: 1 are served",
            )
            self.assertIsNone(connections.refusal(other))
            connection.abort()
            self.assertIsNone(connections.refusal(same))
            self.assertEqual(len(connections._of_peer), 0)

    def test_peers_of_a_unix_socket_are_not_one_peer(self) -> None:
        connections = Connections(most_per_peer=1)
        FakeConnection(connections, True)
        self.assertIsNone(connections.refusal(""))

    def test_nobody_new_while_it_pauses(self) -> None:
        self.connections.pausing = True
        self.assertIn("no new", str(FakeConnection(self.connections, True).refusal))

    def test_what_has_come_and_gone(self) -> None:
        first = FakeConnection(self.connections, True)
        FakeConnection(self.connections, True)
        first.abort()
        self.connections.remove(first)
        self.assertEqual(self.connections.traffic(), Traffic(2, 4, 6, 8))
