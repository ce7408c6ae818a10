"""Links of streams, on transports in memory and a clock."""

from __future__ import annotations

from collections import Counter
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import LogEvent
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.channels import LINGER_SECONDS, Connections
from twisted_lab.eventlog.event_file import message
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.faults.engine.framing import NO_FRAMING, Framing, Lines
from twisted_lab.faults.engine.link import HELD_BYTES
from twisted_lab.faults.engine.link_names import LinkNames
from twisted_lab.faults.engine.spec import Place, named, read_toxic
from twisted_lab.faults.proxies.held_memory import HeldMemory
from twisted_lab.faults.proxies.proxy import Common, Proxy, UnitCounts
from twisted_lab.faults.proxies.stream_link import StreamLink
from twisted_lab.faults.proxies.upstream import Target

CLIENT = IPv4Address("TCP", "127.0.0.1", 5000)


class Transport(StringTransport):
    """A transport that records how it is closed, and that the test ends."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()

    def loseWriteConnection(self) -> None:
        self.calls["half-close"] += 1

    def loseConnection(self) -> None:
        self.calls["close"] += 1

    def abortConnection(self) -> None:
        self.calls["abort"] += 1


class Dialing:
    """An upstream that the test connects."""

    target = Target("localhost", 9090)

    def __init__(self) -> None:
        self.is_stopped = False
        self.server: Any = None

    def connect(self, protocol: Any, failed: Any) -> Dialing:
        self.server, self.failed = protocol, failed
        return self

    def stop(self) -> None:
        self.is_stopped = True


class StreamLinkTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.reported: list[LogEvent] = []
        self.connections = Connections()
        self.held = HeldMemory(
            2_000_000, lambda: len(self.connections), lambda: self.proxy.control()
        )
        self.counts = UnitCounts()
        events = ServiceEvents("netlab-faults", self.reported.append)
        self.common = Common(
            self.clock, events, self.connections, self.held, self.counts, patience=600
        )

    def open(self, *toxics: str, framing: Framing = NO_FRAMING, connects: bool = True) -> None:
        """Open a link through a proxy with toxics."""
        place = Place("tcp:1", True, framing)
        self.proxy = Proxy(place, self.common, 7, LinkNames())
        self.proxy.change(named(map(read_toxic, toxics)))
        self.upstream = Dialing()
        self.link = StreamLink(self.proxy, self.upstream, CLIENT)  # type: ignore[arg-type]
        self.client, self.server = Transport(), Transport()
        self.link.client.makeConnection(self.client)  # type: ignore[arg-type]
        if connects:
            self.link.server.makeConnection(self.server)  # type: ignore[arg-type]

    def end(self, *sides: Any, error: BaseException | None = None) -> None:
        """Let the transports of sides report their end."""
        for side in sides:
            side.connectionLost(Failure(error or ConnectionDone()))

    def names(self) -> list[str]:
        return [event["event"] for event in self.reported]

    def check_gone(self) -> None:
        self.assertEqual(len(self.connections), 0)
        self.assertEqual(self.held.bytes, 0)
        self.assertEqual(list(self.proxy.links), [])

    def test_bytes_pass_in_both_directions(self) -> None:
        self.open()
        self.assertTrue(self.link.is_direct)
        self.link.client.dataReceived(b"question")
        self.link.server.dataReceived(b"answer")
        self.assertEqual((self.server.value(), self.client.value()), (b"question", b"answer"))
        self.assertEqual(self.link.units, 2)
        self.assertEqual(tuple(self.link.traffic()), (8, 6, 1, 1))

    def test_a_client_is_not_read_before_the_upstream_is_connected(self) -> None:
        self.open(connects=False)
        self.assertEqual(self.client.producerState, "paused")
        self.link.server.makeConnection(self.server)  # type: ignore[arg-type]
        self.assertEqual(self.client.producerState, "producing")

    def test_a_delayed_unit_leaves_later(self) -> None:
        self.open("latency=50ms")
        self.link.client.dataReceived(b"question")
        self.clock.advance(0.049)
        self.assertEqual(self.server.value(), b"")
        self.assertGreater(self.held.bytes, 8)
        self.clock.advance(0.001)
        self.assertEqual(self.server.value(), b"question")
        self.assertEqual(self.held.bytes, 0)

    def test_a_half_close_passes_after_the_bytes_before_it(self) -> None:
        self.open("latency=50ms")
        self.link.client.dataReceived(b"question")
        self.link.client.readConnectionLost()
        self.assertEqual(self.server.calls, {})
        self.clock.advance(0.05)
        self.assertEqual(self.server.calls, {"half-close": 1})
        self.link.server.dataReceived(b"answer")
        self.clock.advance(0.05)
        self.assertEqual(self.client.value(), b"answer")

    def test_both_connections_close_when_both_directions_have_ended(self) -> None:
        self.open()
        self.link.client.readConnectionLost()
        self.link.server.readConnectionLost()
        self.assertEqual(self.client.calls, {"half-close": 1, "close": 1})
        self.assertEqual(self.server.calls, {"half-close": 1, "close": 1})
        self.end(self.link.client, self.link.server)
        self.check_gone()
        self.assertIn("closed by the client", self.reported[-1]["reason"])

    def test_a_peer_that_does_not_close_lingers_for_a_while(self) -> None:
        self.open("half_close")
        self.link.client.dataReceived(b"lost")
        self.assertEqual(self.server.calls, {"half-close": 1})
        self.assertEqual(self.client.calls, {"half-close": 1})
        self.link.client.writeConnectionLost()
        self.clock.advance(LINGER_SECONDS)
        self.assertEqual(self.client.calls["close"], 1)

    def test_a_reset_passes_as_a_reset_in_both_directions(self) -> None:
        for one, other in (("client", "server"), ("server", "client")):
            self.open()
            self.end(getattr(self.link, one), error=ConnectionLost())
            self.assertEqual(getattr(self, other).calls, {"abort": 1})
            self.end(getattr(self.link, other), error=ConnectionAborted())
            self.check_gone()

    def test_a_delayed_reset_passes_later(self) -> None:
        self.open("latency=50ms")
        self.link.client.dataReceived(b"last")
        self.end(self.link.client, error=ConnectionLost())
        self.assertEqual(self.server.calls, {})
        self.clock.advance(0.05)
        self.assertEqual(self.server.value(), b"last")
        self.assertEqual(self.server.calls, {"abort": 1})

    def test_a_blackhole_hides_a_reset(self) -> None:
        self.open("blackhole")
        self.end(self.link.client, error=ConnectionLost())
        self.clock.pump([60] * 9)
        self.assertEqual(self.server.calls, {})
        self.clock.pump([60] * 3)  # the idle timeout
        self.assertIn("abort", self.server.calls)

    def test_a_toxic_resets_both(self) -> None:
        self.open("reset_peer,nth=2")
        self.link.client.dataReceived(b"1")
        self.assertEqual(self.client.calls, {})
        self.link.client.dataReceived(b"2")
        self.assertEqual((self.client.calls, self.server.calls), ({"abort": 1}, {"abort": 1}))
        self.end(self.link.client, self.link.server, error=ConnectionAborted())
        self.check_gone()

    def test_a_toxic_refuses_a_client_before_the_upstream_is_dialed(self) -> None:
        self.open("refuse", connects=False)
        self.assertEqual(self.client.calls, {"abort": 1})
        self.assertIsNone(self.upstream.server)
        self.end(self.link.client, error=ConnectionAborted())
        self.check_gone()

    def test_a_client_that_leaves_while_the_upstream_is_dialed_stops_that(self) -> None:
        self.open(connects=False)
        self.end(self.link.client, error=ConnectionLost())
        self.assertTrue(self.upstream.is_stopped)
        self.check_gone()

    def test_a_missing_upstream_resets_the_client_with_one_event(self) -> None:
        self.open(connects=False)
        self.upstream.failed("Connection refused")
        self.assertEqual(self.client.calls, {"abort": 1})
        self.end(self.link.client, error=ConnectionAborted())
        self.assertEqual(self.names(), ["client connected", "hung up", "client disconnected"])
        self.assertEqual(
            self.reported[1]["reason"], "no connection to localhost:9090: Connection refused"
        )
        self.assertEqual(self.reported[2]["reason"], self.reported[1]["reason"])
        self.check_gone()

    def test_a_slow_reader_stops_the_other_side(self) -> None:
        for toxics in ((), ("latency=1ms",)):
            self.open(*toxics)
            producer: Any = self.server.producer
            producer.pauseProducing()  # as a transport with a full buffer does
            self.assertEqual(self.client.producerState, "paused")
            self.assertEqual(self.server.producerState, "producing")
            producer.resumeProducing()
            self.assertEqual(self.client.producerState, "producing")

    def test_what_a_slow_reader_has_not_taken_is_held(self) -> None:
        self.open("latency=1s")
        self.link.client.dataReceived(bytes(1000))
        self.clock.advance(1)
        self.assertEqual(self.held.bytes, 0)
        producer: Any = self.server.producer
        self.link.client.dataReceived(bytes(1000))
        producer.pauseProducing()  # as a transport with a full buffer does
        self.clock.advance(1)
        self.assertEqual(self.held.bytes, 1000)
        producer.resumeProducing()
        self.assertEqual(self.held.bytes, 0)
        producer.pauseProducing()
        self.link.client.dataReceived(bytes(1000))
        self.clock.advance(1)
        self.link.abort()
        self.end(self.link.client, self.link.server, error=ConnectionAborted())
        self.check_gone()

    def test_a_full_lane_stops_its_source(self) -> None:
        self.open("latency=1s")
        self.link.client.dataReceived(bytes(HELD_BYTES))
        self.assertEqual(self.client.producerState, "paused")
        self.clock.advance(1)
        self.assertEqual(self.client.producerState, "producing")
        self.assertEqual(len(self.server.value()), HELD_BYTES)

    def test_a_link_with_more_than_its_share_is_not_read_while_memory_is_scarce(self) -> None:
        self.open("hold,direction=upstream")
        self.connections.most = 1000
        self.held.add(1_000_000)
        self.assertEqual(self.client.producerState, "producing")  # It holds nothing.
        others = [StreamLink(self.proxy, self.upstream, CLIENT) for _ in range(9)]  # type: ignore[arg-type]
        for other in others:
            other.client.makeConnection(Transport())  # type: ignore[arg-type]
        self.link.client.dataReceived(bytes(100_000))
        self.assertEqual(self.client.producerState, "paused")
        self.assertEqual(self.server.producerState, "paused")
        self.held.add(-300_000)
        self.assertEqual(self.client.producerState, "paused")  # not at once again
        self.held.add(-100_000)
        self.assertEqual(self.client.producerState, "producing")

    def test_a_drain_delivers_what_is_due_and_drops_what_is_on_hold(self) -> None:
        self.open("latency=2s,direction=upstream", "hold,direction=downstream")
        self.link.client.dataReceived(b"late")
        self.link.server.dataReceived(b"held")
        self.link.finish()
        self.assertEqual(self.client.producerState, "paused")
        self.assertEqual(self.server.calls, {})
        self.clock.advance(2)
        self.assertEqual(self.server.value(), b"late")
        self.assertEqual(self.client.value(), b"")
        self.assertEqual(self.client.calls, {"half-close": 1})
        self.assertEqual(self.counts.lost, 1)

    def test_an_abort_drops_and_counts_what_is_held(self) -> None:
        self.open("latency=2s")
        for _ in range(3):
            self.link.client.dataReceived(b"late")
        self.link.abort()
        self.assertEqual(self.counts.lost, 3)
        self.end(self.link.client, self.link.server, error=ConnectionAborted())
        self.check_gone()

    def test_a_toxic_is_added_and_removed_under_use(self) -> None:
        self.open()
        self.proxy.change(named([read_toxic("latency=1s")]))
        self.assertFalse(self.link.is_direct)
        self.link.client.dataReceived(b"late ")
        self.proxy.change(())
        self.link.client.dataReceived(b"later")
        self.assertEqual(self.server.value(), b"")
        self.clock.advance(1)
        self.assertEqual(self.server.value(), b"late later")
        self.assertTrue(self.link.is_direct)

    def test_a_disabled_proxy_ends_its_links_and_refuses(self) -> None:
        self.open()
        self.proxy.disable()
        self.assertEqual(self.client.calls, {"abort": 1})
        refused = StreamLink(self.proxy, self.upstream, CLIENT)  # type: ignore[arg-type]
        transport = Transport()
        refused.client.makeConnection(transport)  # type: ignore[arg-type]
        self.assertEqual(transport.calls, {"abort": 1})
        self.assertEqual(self.reported[-1]["reason"], "the proxy tcp:1 is disabled")

    def test_too_many_links_are_refused(self) -> None:
        self.connections.most = 0
        self.open(connects=False)
        self.assertEqual(self.client.calls, {"abort": 1})
        self.assertIsNone(self.upstream.server)

    def test_an_idle_link_ends(self) -> None:
        self.open()
        self.clock.advance(300)
        self.link.client.dataReceived(b"x")
        self.clock.pump([60] * 9)
        self.assertEqual(self.client.calls, {})
        self.clock.pump([60] * 3)
        self.assertEqual(self.client.calls, {"abort": 1})
        self.assertEqual(self.reported[-1]["reason"], "nothing heard for 600 s")

    def test_one_event_tells_what_happened_to_a_link(self) -> None:
        self.open("loss,every=2", "latency=0", framing=Lines())
        self.link.client.dataReceived(b"1\n2\n3\n4\n")
        self.assertEqual(self.server.value(), b"1\n3\n")
        self.link.abort()
        self.end(self.link.client, self.link.server, error=ConnectionAborted())
        [event] = [each for each in self.reported if each["event"] == "faulted"]
        self.assertEqual((event["units"], event["faulted"], event["lost"]), (4, 4, 2))
        self.assertEqual(event["toxics"], {"loss": 2, "latency": 4})
        self.assertEqual(self.counts, UnitCounts(units=4, faulted=4, lost=2))

    def test_units_that_leave_together_are_one_write_and_slices_are_several(self) -> None:
        for toxic, text, expected in (
            ("latency=0", b"a\nb\nc\n", [b"a\nb\nc\n"]),
            ("slicer=2", b"abcd\n", [b"ab", b"cd", b"\n"]),
        ):
            self.open(toxic, framing=Lines())
            writes: list[bytes] = []
            self.patch(self.server, "write", writes.append)
            self.link.client.dataReceived(text)
            self.assertEqual(writes, expected)
            self.link.abort()

    def test_only_units_are_lost(self) -> None:
        self.open("timeout")
        self.link.client.dataReceived(b"x")
        self.link.client.readConnectionLost()
        self.assertEqual(self.counts, UnitCounts(units=0, faulted=1, lost=1))

    def test_a_fault_without_units_is_an_event(self) -> None:
        self.open("refuse", connects=False)
        self.end(self.link.client, error=ConnectionAborted())
        [event] = [each for each in self.reported if each["event"] == "faulted"]
        self.assertEqual(event["toxics"], {"refuse": 1})
        self.assertTrue(message(event).endswith("lost: 0, with faults: 0 (refuse)"), message(event))

    def test_the_beginning_and_the_end_of_a_link_count_as_no_units(self) -> None:
        self.open("blackhole", framing=Lines())
        self.link.client.dataReceived(b"1\n")
        self.end(self.link.client, error=ConnectionLost())
        self.link.abort()
        self.end(self.link.server, error=ConnectionAborted())
        [event] = [each for each in self.reported if each["event"] == "faulted"]
        self.assertTrue(
            message(event).endswith(" both ways: 1, lost: 1, with faults: 1 (blackhole: 1)"),
            message(event),
        )

    def test_the_last_event_says_whether_a_toxic_the_proxy_or_the_server_has_ended_it(self) -> None:
        def lose_server() -> None:
            self.end(self.link.server, error=ConnectionLost())

        for toxics, act, error, reason in (
            (("reset_peer",), None, ConnectionAborted(), "ended by the toxic reset_peer"),
            (("limit_data=0",), None, ConnectionDone(), "ended by the toxic limit_data"),
            ((), lambda: self.link.abort(), ConnectionAborted(), "cut off by the proxy"),
            ((), lose_server, ConnectionAborted(), "cut off by the server"),
        ):
            self.open(*toxics)
            if act is not None:
                act()
            else:
                self.link.client.dataReceived(b"x")
            self.end(
                *(side for side in (self.link.client, self.link.server) if side.transport),
                error=error,
            )
            self.assertEqual(self.reported[-1]["reason"], reason)

    def test_a_line_is_one_unit_although_its_reader_is_slow(self) -> None:
        self.open(framing=Lines())
        self.link.client.dataReceived(b"begin")
        self.link.client.pauseProducing()
        self.clock.pump([0.01] * 10)
        self.assertEqual(self.link.link.upstream.units, 0)
        self.link.client.resumeProducing()
        self.clock.pump([0.01] * 10)
        self.assertEqual(self.server.value(), b"begin")

    def test_a_burst_of_small_messages_leaves_turns_to_others(self) -> None:
        self.open("latency=0", framing=Lines())
        self.link.client.dataReceived(b"\n" * 20_000)
        self.assertLess(len(self.server.value()), 10_000)
        self.assertEqual(self.client.producerState, "paused")  # or more would pile up meanwhile
        for _ in range(1000):
            self.clock.advance(0)
        self.assertEqual(self.client.producerState, "producing")
        self.assertEqual(self.server.value(), b"\n" * 20_000)
