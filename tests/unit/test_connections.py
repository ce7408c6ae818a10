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

    def test_a_drain_without_connections_ends_immediately(self) -> None:
        self.successResultOf(self.connections.drain(self.clock, 5))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_drain_ends_when_all_have_closed(self) -> None:
        for _ in range(3):
            FakeConnection(self.connections, prompt=True)
        self.assertEqual(len(self.connections), 3)
        self.successResultOf(self.connections.drain(self.clock, 5))
        self.assertEqual(len(self.connections), 0)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_drain_waits_for_a_slow_connection(self) -> None:
        slow = FakeConnection(self.connections, prompt=False)
        drained = self.connections.drain(self.clock, 5)
        self.clock.advance(4.9)
        self.assertNoResult(drained)
        self.connections.remove(slow)
        self.successResultOf(drained)
        self.assertFalse(slow.aborted)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_drain_ends_despite_a_failed_abort(self) -> None:
        broken = FakeConnection(self.connections, prompt=False)
        drained = self.connections.drain(self.clock, 5)
        with patch.object(broken, "abort"):
            self.clock.pump([1] * 6)
        self.successResultOf(drained)
        self.connections.remove(broken)

    def test_a_drain_aborts_connections_at_the_timeout(self) -> None:
        prompt = FakeConnection(self.connections, prompt=True)
        stuck = FakeConnection(self.connections, prompt=False)
        drained = self.connections.drain(self.clock, 5)
        self.clock.pump([1] * 5)
        self.successResultOf(drained)
        self.assertEqual((prompt.aborted, stuck.aborted), (False, True))

    def test_connections_over_the_limit_are_refused(self) -> None:
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

    def test_error_messages_to_refused_peers_are_limited_per_host(self) -> None:
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

    def test_error_messages_to_refused_peers_are_limited_in_total(self) -> None:
        connections = Connections(most=0)
        for number in range(MOST_REFUSED):
            refused = FakeConnection(connections, True, f"192.0.2.{number}")
            self.assertTrue(connections.is_told(refused))
        self.assertFalse(connections.is_told(FakeConnection(connections, True, "198.51.100.1")))

    def test_connections_over_the_limit_per_peer_are_refused(self) -> None:
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

    def test_unix_socket_peers_have_no_limit_per_peer(self) -> None:
        connections = Connections(most_per_peer=1)
        FakeConnection(connections, True)
        self.assertIsNone(connections.refusal(""))

    def test_a_paused_service_refuses_connections(self) -> None:
        self.connections.pausing = True
        self.assertIn("no new", str(FakeConnection(self.connections, True).refusal))

    def test_traffic_includes_closed_connections(self) -> None:
        first = FakeConnection(self.connections, True)
        FakeConnection(self.connections, True)
        first.abort()
        self.connections.remove(first)
        self.assertEqual(self.connections.traffic(), Traffic(2, 4, 6, 8))
