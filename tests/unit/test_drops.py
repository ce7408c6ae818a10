"""The server drops members that read nothing; the others hear everything in one order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.crowd import LONG, Crowd
from twisted_lab.channels import TextChannel
from twisted_lab.codecs import encode_frame
from twisted_lab.reliable import Data

# Several times as many as conversations fit into each other before Python's stack ends.
SILENT = 250


class DropTests(SynchronousTestCase):
    def rounds(self, add: Callable[[Crowd], None]) -> None:
        crowd = Crowd()
        self.addCleanup(crowd.end)
        for _ in range(2):
            crowd.drop(add, SILENT)

    def test_by_tcp(self) -> None:
        self.rounds(Crowd.add_stream)

    def test_by_the_reliable_protocol(self) -> None:
        self.rounds(Crowd.add_session)


class EndTests(SynchronousTestCase):
    """Whichever way a member's connection ends, its conversation ends once, and outside of it."""

    def end(
        self, add: Callable[[Crowd], None], ask: bytes, way: Callable[[Crowd, Any], None]
    ) -> None:
        crowd = Crowd()
        self.addCleanup(crowd.end)
        for reader in crowd.readers:
            reader.heard()
        for reader in crowd.readers:
            reader.channel.dataReceived(LONG.encode() + b"\n")
        crowd.clock.advance(10)
        before = len(crowd.clock.getDelayedCalls())
        add(crowd)
        [channel] = crowd.silent
        if isinstance(channel, TextChannel):
            channel.dataReceived(ask)
        else:
            channel.receive(Data(channel.session.number, 1, 0, encode_frame(ask)))
        crowd.turn()
        crowd.heard()
        way(crowd, channel)
        heard = crowd.heard()
        self.assertEqual([line for line in heard if "has" in line], [])
        for _ in range(8):
            crowd.turn()
            for reader in crowd.readers:
                reader.channel.dataReceived(b"\n")
            crowd.clock.pump([1.0] * 30)
        heard = crowd.heard()
        ends = [line for line in heard if line.startswith("* s1 has ")]
        self.assertEqual(len(ends), 1, (ask, way, heard))
        self.assertEqual(len(crowd.connections), len(crowd.readers))
        self.assertLessEqual(len(crowd.clock.getDelayedCalls()), before)
        self.assertNotIn("conversation failed", crowd.log.names)

    def test_all_ways(self) -> None:
        def aborted(_: Crowd, channel: Any) -> None:
            channel.abort()

        def hung_up_on(_: Crowd, channel: Any) -> None:
            channel.hang_up()

        def both(_: Crowd, channel: Any) -> None:
            channel.hang_up()
            channel.abort()

        def stopped(_: Crowd, channel: Any) -> None:
            channel.finish()

        def idle(_: Crowd, channel: Any) -> None:
            pass

        for way in (aborted, hung_up_on, both, stopped, idle):
            for ask in (b"\n", b"/history 8\n"):
                self.end(Crowd.add_stream, ask, way)
            for ask in (b"1 ", b"1 /history 8"):
                self.end(Crowd.add_session, ask, way)

    def test_another_at_its_address(self) -> None:
        def evicted(crowd: Crowd, channel: Any) -> None:
            crowd.add_session(channel.address[1])
            crowd.heard()  # The other one has joined.

        for ask in (b"1 ", b"1 /history 8"):
            self.end(Crowd.add_session, ask, evicted)
