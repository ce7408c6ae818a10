"""Catching up: a member gets far more output than its channel buffers, over each transport."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.chat_network import CALM, START, Net, Socket
from tests.doubles.recording import Recorder, SlowWire, recorded_events
from tests.doubles.rooms import open_chat
from tests.doubles.storage import SlowStorage
from twisted_lab.channels import (
    Connections,
    ConversationFactory,
    Int32Channel,
    StreamChannel,
    TextChannel,
)
from twisted_lab.channels.datagram_server import DatagramServer
from twisted_lab.codecs import FrameDecoder, encode_frame
from twisted_lab.rooms import MemoryHistory, Said
from twisted_lab.rooms.kept_history import KeptHistory
from twisted_lab.rooms.schema import HISTORY_TABLES

SECRET = "0123456789abcdef"
# Three times the output that a channel buffers for a slow peer.
COUNT = 13
LONG = "x" * 65_000
TEXTS = [f"Boris: {number} {LONG}" for number in range(COUNT)]
# A full transport, a batch, and the message that filled them.
MOST_HELD = 4 * 65_536


def history() -> MemoryHistory:
    """Return a history with many messages by Boris."""
    kept = MemoryHistory()
    for number in range(COUNT):
        said = Said(number + 1, "Boris", f"{number} {LONG}", time=START)
        Deferred.fromCoroutine(kept.add(said))
    return kept


class StreamCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        self.events, self.log = recorded_events(LogLevel.warn)
        self.connections = Connections()
        self.chat = open_chat(history(), self.clock)

    def connect(self, make: Callable[[], StreamChannel]) -> tuple[StreamChannel, SlowWire]:
        factory = ConversationFactory(
            self.clock, self.events, self.chat.converse, make, self.connections
        )
        channel, wire = factory.buildProtocol(None), SlowWire()
        channel.makeConnection(wire)
        return channel, wire

    def read(self, channel: StreamChannel, wire: SlowWire) -> bytes:
        """Read in pieces until no more output arrives."""
        read = b""
        quiet = 0
        while quiet < 4:
            self.assertLess(len(wire.value()) + channel._outbox._size, MOST_HELD)
            self.assertFalse(wire.disconnected, self.log)
            piece = wire.read()
            read += piece
            quiet = 0 if piece else quiet + 1
            self.clock.pump([0.0, 0.05])
        self.assertEqual(self.log, [])
        return read

    def placed(self, lines: list[str]) -> list[str]:
        """Check the places, and return the messages without places and times."""
        said = [line.split(" ", 2) for line in lines if " * " not in line]
        self.assertEqual([int(place) for place, _, _ in said], list(range(1, COUNT + 1)))
        return [text for _, _, text in said]


class StreamTests(StreamCase):
    def test_a_reader_of_lines_gets_all_messages(self) -> None:
        channel, wire = self.connect(lambda: TextChannel(60))
        channel.dataReceived(f"/join Anna {SECRET} 0\n".encode())
        lines = self.read(channel, wire).decode().splitlines()
        self.assertEqual(self.placed(lines), TEXTS)
        self.assertIn("* welcome, Anna", lines[-2])

    def test_a_reader_of_frames_gets_all_messages(self) -> None:
        channel, wire = self.connect(lambda: Int32Channel(60))
        channel.dataReceived(encode_frame(f"/join Anna {SECRET} 0".encode()))
        decoder = FrameDecoder(100_000)
        decoder.feed(self.read(channel, wire))
        self.assertEqual(self.placed([frame.decode() for frame in decoder.take(99)]), TEXTS)

    def test_a_peer_without_newlines_gets_all_messages(self) -> None:
        channel, wire = self.connect(lambda: TextChannel(60))
        channel.dataReceived(f"/join Anna {SECRET} 0".encode())
        self.clock.pump([0.2, 0.001])
        self.assertEqual(len(wire.writes), 1)
        lines = self.read(channel, wire).decode().splitlines()
        self.assertEqual(self.placed(lines), TEXTS)
        self.assertEqual(len(wire.writes), len(lines))

    def test_history_arrives_in_order_while_others_talk(self) -> None:
        channel, wire = self.connect(lambda: TextChannel(60))
        other, others = self.connect(lambda: TextChannel(60))
        channel.dataReceived(b"/join Anna\n")
        other.dataReceived(b"/join Vera\n")
        wire.read()
        channel.dataReceived(b"/history 100\nlast\n")
        read = b""
        for number in range(COUNT):
            other.dataReceived(f"live {number} {LONG}\n".encode())
            others.read()
            read += wire.read()
            self.clock.advance(5)  # A member may send 16 KiB a second.
        read += self.read(channel, wire)
        lines = read.decode().splitlines()
        self.assertEqual([line for line in lines if line.startswith("Boris")], TEXTS)
        live = [f"Vera: live {number} {LONG}" for number in range(COUNT)]
        self.assertEqual([line for line in lines if line.startswith("Vera")], live)
        self.assertIn("Anna: last", lines)

    def test_a_member_that_stops_reading_is_dropped(self) -> None:
        channel, wire = self.connect(lambda: TextChannel(60))
        channel.dataReceived(b"/join Anna\n/history 100\n")
        for _ in range(3):
            self.clock.advance(59)
            self.assertEqual(self.log, [])
            wire.read()
        self.clock.pump([61, 61, 0])
        self.assertTrue(wire.disconnected)
        self.assertEqual(self.log.names, ["hung up"])
        self.assertIn("no output read for 60 s", self.log.messages[0])

    def test_a_slow_but_steady_reader_gets_all_messages(self) -> None:
        channel, wire = self.connect(lambda: TextChannel(60))
        channel.dataReceived(b"/join Anna\n/history 100\n")
        # The kernel sends data long before it accepts more.
        for _ in range(10):
            wire.acknowledged += 1000
            self.clock.pump([30, 30])
        self.assertEqual(self.log, [])
        self.clock.pump([61, 61, 0])
        self.assertTrue(wire.disconnected)
        self.assertIn("no output read for 60 s", self.log.messages[0])


class DatagramTests(SynchronousTestCase):
    def test_a_reliable_session_gets_all_messages(self) -> None:
        for toxics in (CALM, (*CALM, "loss=10%", "reorder=10%,delay=100ms")):
            net = Net(1, toxics, history())
            anna = net.join("Anna")
            anna.client.room._place = 0
            net.run(anna.is_in)
            self.assertEqual(anna.said, TEXTS)
            vera = net.join("Vera")
            net.run(vera.is_in)
            anna.client.say("/history 100")
            for number in range(3):
                vera.client.say(f"live {number} {LONG[:-500]}")
            net.run(partial(anna.has_heard, 2 * COUNT + 3))
            boris = [text for text in anna.said[COUNT:] if text.startswith("Boris: ")]
            self.assertEqual(boris, TEXTS)
            self.assertEqual(net.log, Recorder())
            self.assertEqual(anna.told, [])

    def test_plain_datagrams_are_paced(self) -> None:
        clock = Clock()
        clock.advance(1000)
        events, log = recorded_events(LogLevel.warn)
        chat = open_chat(history(), clock)
        server = DatagramServer(clock, events, chat.converse, Connections(), 60.0)
        sent: list[bytes] = []
        server.transport = Socket(lambda data, _: sent.append(data))
        here = "192.0.2.1", 4000
        server.datagramReceived(b"/join Anna", here)
        server.datagramReceived(sent[-1], here)
        server.datagramReceived(b"/history 100", here)
        sizes = []
        while sent:
            sizes.append(sum(map(len, sent)))
            sent.clear()
            clock.pump([0.0, 0.11, 0.0])
        self.assertLess(max(sizes), 16_384 + 67_000)
        self.assertGreater(sum(sizes), COUNT * len(LONG))
        self.assertEqual(log, [])


class GatheredTests(SynchronousTestCase):
    """Other members talk while a client catches up from a slow history."""

    def setUp(self) -> None:
        self.storage = SlowStorage(HISTORY_TABLES)
        self.addCleanup(self.storage.database.close)
        self.net = Net(0, CALM, KeptHistory(self.storage))

    def settle(self) -> None:
        for _ in range(20):
            self.storage.answer()
            self.net.clock.advance(0.05)

    def test_each_message_arrives_once_whenever_it_is_sent(self) -> None:
        boris = self.net.join("Boris")
        self.settle()
        said = 0
        members = []
        for number in range(20):
            anna = self.net.join(f"Anna{number}")
            anna.client.room._place = 0
            members.append(anna)
            # The number of turns varies, so that the message arrives before, during and after.
            for turn in range(12):
                if turn == number % 12:
                    boris.client.say(f"{said}")
                    said += 1
                self.net.clock.advance(0.011)
                self.storage.answer()
            self.settle()
        everything = [f"Boris: {number}" for number in range(said)]
        for anna in members:
            self.assertEqual(anna.said, everything)

    def test_a_stored_message_is_delivered_after_its_sender_disconnects(self) -> None:
        anna, boris = self.net.join("Anna"), self.net.join("Boris")
        self.settle()
        for text in ("hello", "/msg Boris psst"):
            anna.client.say(text)
            self.net.clock.advance(0.05)
            [connection] = [c for c in self.net.connections if str(anna.address[1]) in c.label]
            connection.abort()
            self.net.clock.advance(0)
            self.assertEqual(len(self.net.connections), 2)
            heard = len(boris.texts)
            self.storage.answer()
            self.net.clock.pump([0.01] * 5)
            told = text.rpartition(" ")[2]
            self.assertTrue(boris.texts[heard].endswith(f": {told}"), boris.texts)
            self.assertEqual(boris.texts[heard + 1], "* Anna has left")
            # The sender comes back and finds its message in the history.
            while anna.client.room.pending:
                self.settle()
        self.assertEqual(anna.said, ["Anna: hello", "Anna (to Boris): psst"])
