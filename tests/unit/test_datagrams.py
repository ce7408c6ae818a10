"""The chat over datagrams: its replies to strangers, members and attackers."""

from __future__ import annotations

import random
from collections.abc import Callable
from unittest.mock import Mock, patch

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.chat_network import FIFTHS, Member, Net, Socket
from tests.doubles.recording import recorded_events
from twisted_lab.channels import Channel, Connections, PeerGone, PeerSilent
from twisted_lab.channels.datagram import Address, DatagramChannel
from twisted_lab.channels.datagram_server import DatagramServer
from twisted_lab.channels.inbox import DatagramInbox
from twisted_lab.channels.reliable import ReliableChannel
from twisted_lab.channels.turn_budget import TurnBudget
from twisted_lab.codecs import MessageError, encode_frame
from twisted_lab.eventlog.counters import Traffic
from twisted_lab.reliable.packets import (
    NO_KEY,
    Ack,
    Close,
    Cookie,
    Data,
    Hello,
    Open,
    Packet,
    Ping,
    Refusal,
    Side,
    Welcome,
    decode,
    seal,
)

KEY = bytes(range(16))
HERE = "192.0.2.7", 4000
THERE = "192.0.2.8", 4000


class DatagramsCase(SynchronousTestCase):
    """One server, whose conversation is played by the test; packets are made by hand."""

    level = LogLevel.info

    def setUp(self) -> None:
        self.clock = Clock()
        self.channels: list[Channel] = []
        self.ends: list[Deferred[None]] = []
        self.sent: list[tuple[bytes, Address]] = []
        events, self.log = recorded_events(self.level)
        self.connections = Connections()
        self.server = DatagramServer(
            self.clock, events, self.converse, self.connections, 60.0, max_message=2000
        )
        self.server.transport = Socket(lambda data, address: self.sent.append((data, address)))

    async def converse(self, channel: Channel) -> None:
        self.channels.append(channel)
        end: Deferred[None] = Deferred()
        self.ends.append(end)
        await end

    def give(self, data: bytes, address: Address = HERE) -> list[bytes]:
        """Give the server a datagram, and return its replies to that address."""
        self.sent.clear()
        self.server.datagramReceived(data, address)
        return [data for data, to in self.sent if to == address]

    def packet(self, packet: Packet, key: bytes = KEY, address: Address = HERE) -> list[Packet]:
        return [decode(data) for data in self.give(seal(packet, key, Side.CLIENT), address)]

    def cookie(self, address: Address = HERE) -> bytes:
        [cookie] = self.packet(Hello(7), NO_KEY, address)
        assert isinstance(cookie, Cookie)
        return cookie.cookie

    def open(
        self, address: Address = HERE, number: int = 7, key: bytes = KEY, attempt: int = 1
    ) -> int:
        request = Open(number, self.cookie(address), key, attempt)
        welcome = self.packet(request, key, address)[0]
        assert isinstance(welcome, Welcome)
        self.assertEqual((welcome.number, welcome.attempt), (number, attempt))
        return welcome.session

    def join_plain(self, name: str = "Anna", address: Address = HERE) -> Channel:
        [answer] = self.give(b"/join " + name.encode(), address)
        self.give(answer, address)
        return self.channels[-1]

    def say(self, session: int, *texts: str, sequence: int = 0) -> list[Packet]:
        stream = b"".join(encode_frame(text.encode()) for text in texts)
        return self.packet(Data(session, sequence, 5, stream))

    def hear(self, channel: Channel) -> Deferred[str]:
        return Deferred.fromCoroutine(channel.hear())


class StrangerTests(DatagramsCase):
    def test_every_first_datagram_gets_at_most_one_of_three_times_its_size(self) -> None:
        chance = random.Random(5)
        kinds: list[Packet] = [
            Cookie(7, 1, b"x" * 12),
            Welcome(7, 8, 9),
            Ack(7, 0, 0),
            Ping(7, 0),
            Close(7, False),
            Refusal(7, 1, b"no"),
        ]
        for size in range(1501):
            filler = chance.randbytes(size)
            firsts = [
                filler,
                b"\xc1" + filler[1:],
                b"/join A".ljust(size)[:size],
                b"/join " + b"A" * (size - 6),
                b"/join A 123456789abc".ljust(size, b"\n")[:size],
                b"x" * size,
                b"\n" * size,
                *(bytes((0xC1, kind)) + filler[2:] for kind in range(10)),
                seal(Data(7, 0, 0, filler[:1174]), KEY, Side.CLIENT),
                seal(Open(7, b"x" * 12, KEY, 1), KEY, Side.CLIENT).ljust(size)[:size],
                *(seal(kind, KEY, Side.CLIENT) for kind in kinds),
                seal(Hello(7), NO_KEY, Side.CLIENT),
            ]
            for first in firsts:
                answers = self.give(first)
                self.assertLessEqual(len(answers), 1, first)
                self.assertLessEqual(len(self.sent), 1, first)
                self.assertLessEqual(sum(map(len, answers)), 3 * len(first), first)
        self.assertEqual(self.channels, [])
        self.assertEqual(len(self.connections), 0)
        self.assertEqual(self.log, [])

    def test_two_servers_never_answer_each_other_for_ever(self) -> None:
        for first in (
            b"/join A",
            b"hello",
            b"/join A 123456789abc",
            seal(Hello(7), NO_KEY, Side.CLIENT),
        ):
            answers = [first]
            for _ in range(5):
                answers = [answer for data in answers for answer in self.give(data, THERE)]
                # Another server has another secret.
                answers = [data.replace(b" 1", b" 2") for data in answers][:1]
                self.server.validator = type(self.server.validator)()
            self.assertEqual(answers, [], first)

    def test_those_who_are_too_many_are_told(self) -> None:
        self.join_plain(address=THERE)
        self.connections.most = 1
        refusal = b"too many connections: 1 are served at once; try again later"
        self.assertEqual(self.give(b"/join Anna " + self.cookie()), [b"error: " + refusal + b"\n"])
        self.assertEqual(self.packet(Open(7, self.cookie(), KEY, 3)), [Refusal(7, 3, refusal)])
        # A client without a cookie gets no refusal.
        self.assertIsInstance(self.packet(Open(7, b"x" * 12, KEY, 3))[0], Cookie)

    def test_the_refused_are_counted_and_leave_nothing_else_behind(self) -> None:
        self.join_plain(address=THERE)
        self.connections.most_per_peer = 1
        self.log.clear()
        address = "192.0.2.8", 5
        cookie = self.cookie(address)
        for number in range(200):
            self.packet(Open(number, cookie, KEY, 1), address=address)
        self.assertEqual((len(self.channels), len(self.connections)), (1, 1))
        self.assertEqual((list(self.server._peers), self.server._clients), ([THERE], {}))
        self.assertEqual(self.connections.refused, 200)
        self.assertEqual(self.server.events.counters.errors, {"refused": 200})
        # Another host's peers are served as usual.
        self.open()
        # A line a second in the log, with a count.
        self.clock.advance(1.0)
        self.packet(Open(200, cookie, KEY, 1), address=address)
        why = "192.0.2.8:5: too many connections from your address: 1 are served"
        self.assertEqual(
            [line for line in self.log.messages if line.startswith("refused")],
            [f"refused {count} datagram peers, at last {why}" for count in (1, 200)],
        )

    def test_new_sessions_of_a_host_are_limited_in_time(self) -> None:
        self.connections.most_per_peer = 5
        cookie = self.cookie()
        for number in range(5):
            self.packet(Open(number, cookie, KEY, 1))
            self.ends[-1].callback(None)
        [answer, *_] = self.packet(Open(9, cookie, KEY, 1))
        why = b"too many new connections from your address: 5 a second"
        self.assertEqual(answer, Refusal(9, 1, why))
        self.assertEqual((len(self.channels), self.connections.refused), (5, 1))
        self.open(THERE, number=99)
        self.clock.advance(1.0)
        self.open(number=9)

    def test_nobody_is_replaced_by_a_peer_that_is_refused(self) -> None:
        self.join_plain()
        self.connections.most = 1
        self.packet(Open(7, self.cookie(), KEY, 1))
        self.give(b"still here")
        for text in ("/join Anna", "still here"):
            self.assertEqual(self.successResultOf(self.hear(self.channels[0])), text)

    def test_nobody_is_let_in_at_the_end(self) -> None:
        self.join_plain(address=THERE)
        self.connections.drain(self.clock, 5)
        self.assertEqual(self.give(b"/join Anna"), [])
        self.assertEqual(self.packet(Open(7, self.cookie(), KEY, 1)), [])


class CountingTests(DatagramsCase):
    def test_what_has_come_and_gone_is_counted(self) -> None:
        channel = self.join_plain()
        assert isinstance(channel, DatagramChannel)
        before = channel.traffic()
        self.give(b"a\nbc\n")
        channel.say("hello")
        self.assertEqual(channel.label, "192.0.2.7:4000")
        self.assertEqual(
            channel.traffic(),
            Traffic(before.bytes_in + 3, before.bytes_out + 6, 3, before.messages_out + 1),
        )

    def test_what_was_sent_again_is_counted(self) -> None:
        self.open()
        channel = self.channels[-1]
        assert isinstance(channel, DatagramChannel)
        channel.say("hello")
        for _ in range(100):
            self.clock.advance(0.1)
        again = self.server.retransmissions
        self.assertGreater(again, 0)
        channel.abort()
        self.assertEqual(self.server._sessions, {})
        self.assertEqual(self.server.retransmissions, again)


class PlainTests(DatagramsCase):
    def test_a_datagram_is_a_message_and_lines_are_several(self) -> None:
        channel = self.join_plain()
        self.assertEqual(channel.peer.text, "192.0.2.7:4000")
        for datagram in (b"one", b"two\n", b"three\r\nfour", b"", b"\n"):
            self.give(datagram)
        heard = [self.successResultOf(self.hear(channel)) for _ in range(7)]
        self.assertEqual(heard, ["/join Anna", "one", "two", "three", "four", "", ""])
        hearing = self.hear(channel)
        self.assertNoResult(hearing)
        self.give(b"five")
        self.assertEqual(self.successResultOf(hearing), "five")

    def test_what_is_said_goes_out_in_the_same_or_the_next_turn(self) -> None:
        channel = self.join_plain()
        self.sent.clear()
        channel.say("héllo \ud800")
        self.assertEqual(self.sent, [])
        self.clock.advance(0)
        self.assertEqual(self.sent, [("héllo ?\n".encode(), HERE)])

    def test_long_messages_are_cut_between_characters(self) -> None:
        channel = self.join_plain()
        for text in ("x" * 5000, "é" * 3000, "€" * 341 + "x" * 800):
            self.sent.clear()
            channel.say(text)
            self.clock.advance(0)
            pieces = [data.decode() for data, _ in self.sent]
            self.assertTrue(all(len(data) <= 1024 for data, _ in self.sent))
            self.assertTrue(all(piece.startswith("… ") for piece in pieces[1:]))
            joined = pieces[0][:-1] + "".join(piece[2:-1] for piece in pieces[1:])
            self.assertEqual(joined, text)

    def test_what_is_no_message_ends_it(self) -> None:
        for bad, why in ((b"\xff", "not UTF-8 at byte 0"), (b"x" * 2001, "message of 2001 bytes")):
            channel = self.join_plain()
            self.give(b"before")
            self.give(bad)
            self.successResultOf(self.hear(channel))
            self.assertEqual(self.successResultOf(self.hear(channel)), "before")
            failure = self.failureResultOf(self.hear(channel), MessageError)
            self.assertIn(why, str(failure.value))
            self.ends[-1].errback(failure)
            self.clock.advance(0)
            self.assertIn(why.encode(), self.sent[-1][0])
            self.assertEqual(len(self.connections), 0)
            self.failureResultOf(self.hear(channel), PeerGone)

    def test_what_is_not_heard_is_bounded(self) -> None:
        channel = self.join_plain()
        for _ in range(1000):
            self.give(b"x\n" * 1000)
        heard = 0
        while (hearing := self.hear(channel)).called:
            self.successResultOf(hearing)
            heard += 1
        self.assertEqual(heard, 64)

    def test_a_pause_of_the_process_is_no_silence(self) -> None:
        channel = self.join_plain()
        self.successResultOf(self.hear(channel))
        hearing = self.hear(channel)
        self.clock.pump([1.0] * 30)
        self.clock.advance(1000)
        self.clock.pump([1.0] * 28)
        self.assertNoResult(hearing)
        self.clock.pump([1.0] * 2)
        self.failureResultOf(hearing, PeerSilent)

    def test_silence_is_told_and_may_be_waited_out(self) -> None:
        channel = self.join_plain()
        self.successResultOf(self.hear(channel))
        hearing = self.hear(channel)
        self.clock.advance(30)
        self.give(b"")
        self.assertEqual(self.successResultOf(hearing), "")
        hearing = self.hear(channel)
        self.clock.pump([1.0] * 59 + [0.9])
        self.assertNoResult(hearing)
        self.clock.advance(0.2)
        self.failureResultOf(hearing, PeerSilent)
        hearing = self.hear(channel)
        self.clock.advance(59)
        self.give(b"still here")
        self.assertEqual(self.successResultOf(hearing), "still here")

    def test_hanging_up_makes_a_stranger(self) -> None:
        channel = self.join_plain()
        self.ends[0].callback(None)
        self.assertEqual(len(self.connections), 0)
        channel.say("too late")
        self.failureResultOf(Deferred.fromCoroutine(channel.taken()), PeerGone)
        self.assertEqual(self.give(b"hello\n"), [b"error: /join NAME\n"])
        self.assertIn("closed by the server", self.log.messages[-1])

    def test_one_long_answer_at_a_time(self) -> None:
        channel = self.join_plain()
        hearing = self.hear(channel)
        self.give(b"long\nlong\nlong\n")
        self.successResultOf(hearing)
        channel.say("x" * 20_000)
        taking = Deferred.fromCoroutine(channel.taken())
        self.clock.advance(0.2)
        self.successResultOf(taking)
        self.assertNoResult(self.hear(channel))

    def test_nothing_waits_for_a_peer_that_is_gone(self) -> None:
        channel = self.join_plain()
        channel.say("x" * 20_000)
        channel.hang_up()
        self.failureResultOf(Deferred.fromCoroutine(channel.taken()), PeerGone)
        self.clock.advance(0)
        self.assertEqual(
            [call for call in self.clock.getDelayedCalls() if call.getTime() < 0.2], []
        )

    def test_packets_from_its_address_are_a_strangers(self) -> None:
        channel = self.join_plain()
        [cookie] = self.packet(Ping(99, 0))
        self.assertIsInstance(cookie, Cookie)
        session = self.open()
        self.failureResultOf(self.hear(channel), PeerGone)
        self.ends[0].callback(None)
        self.assertEqual(len(self.connections), 1)
        # Any plain text from a session's address is a stranger's,
        self.assertEqual(self.give(b"hello there"), [b"error: /join NAME\n"])
        [answer] = self.give(b"/join Anna")
        self.give(b"/join Anna 123456789abc")
        self.assertEqual(self.packet(Ping(session, 5)), [Ack(session, 0, 5)])
        # until it sends the cookie back: then the client that had the session there is gone.
        self.give(answer)
        self.assertEqual(len(self.channels), 3)
        self.assertIsInstance(self.packet(Ping(session, 5))[0], Cookie)

    def test_lines_that_come_too_fast_are_lost(self) -> None:
        plain = self.join_plain()
        assert isinstance(plain, DatagramChannel)
        counts = []
        for seconds in (0.0, 0.5, 1.0, 100.0):
            self.clock.advance(seconds)
            before = plain.traffic().messages_in
            for _ in range(3):
                self.give(b"\n" * 100)
                while len(plain._inbox):
                    self.hear(plain)
                    self.clock.advance(0)
            counts.append(plain.traffic().messages_in - before)
        self.assertEqual(counts, [63, 8, 16, 64])

    def test_the_characters_that_wait_are_bounded(self) -> None:
        self.server.max_message = 65_536
        plain = self.join_plain()
        assert isinstance(plain, DatagramChannel)
        for _ in range(10):
            self.give(b"x" * 40_000)
        self.assertEqual(plain.traffic().messages_in, 3)  # The first one is /join.
        for _ in range(3):
            self.successResultOf(self.hear(plain))
        self.give(b"x" * 40_000)
        self.assertEqual(plain.traffic().messages_in, 4)


class TurnTests(DatagramsCase):
    def test_messages_that_wait_for_their_turn_are_no_silence(self) -> None:
        async def listen(channel: Channel) -> None:
            while True:
                await channel.hear()
                self.clock.rightNow += 0.02

        self.server.converse = listen
        waiting: list[tuple[TurnBudget, Callable[[float], object]]] = []

        def wait(budget: TurnBudget, work: Callable[[float], object]) -> None:
            if not budget.is_waiting:
                budget._next_turn = Mock()
                waiting.append((budget, work))

        [answer] = self.give(b"/join Anna", THERE)
        with patch.object(TurnBudget, "wait", wait):
            self.give(answer, THERE)
            self.give(b"x\n" * 30, THERE)
            session = self.open()
            self.say(session, *["x"] * 30)
            self.assertEqual(len(waiting), 2)
            self.clock.pump([1.0] * 100)
        self.assertEqual(len(self.connections), 2)
        for budget, work in waiting:
            budget._begin(work)
        self.clock.pump([1.0] * 59)
        self.assertEqual(len(self.connections), 2)
        self.clock.pump([1.0] * 2)
        self.assertEqual(len(self.connections), 0)

    def test_messages_from_before_the_close_are_heard_however_late(self) -> None:
        heard: list[str] = []
        ready: Deferred[None] = Deferred()

        async def listen(channel: Channel) -> None:
            heard.append(await channel.hear())
            await ready
            while True:
                heard.append(await channel.hear())

        self.server.converse = listen
        session = self.open()
        self.say(session, *["x"] * 40)
        self.packet(Close(session, False))
        self.clock.pump([1.0] * 10)
        ready.callback(None)
        self.clock.pump([0.1] * 10)
        self.assertEqual(len(heard), 40)
        self.assertEqual(len(self.connections), 0)

    def test_a_packet_of_many_messages_takes_several_turns(self) -> None:
        heard: list[float] = []

        async def answer(channel: Channel) -> None:
            while True:
                await channel.hear()
                heard.append(self.clock.rightNow)
                self.clock.rightNow += 0.001
                channel.say("ok")

        self.server.converse = answer
        session = self.open()
        self.say(session, *["x"] * 140)
        self.assertLessEqual(len(heard), 16)


class LocalAddressTests(DatagramsCase):
    """One peer uses two local addresses."""

    one: Address = *HERE, "198.51.100.1"
    other: Address = *HERE, "198.51.100.2"

    def test_a_plain_peer_is_a_stranger_at_the_other_one(self) -> None:
        channel = self.join_plain(address=self.one)
        self.assertEqual(channel.peer.text, "192.0.2.7:4000")
        self.assertEqual(self.give(b"hello\n", self.other), [b"error: /join NAME\n"])
        self.sent.clear()
        channel.say("hello")
        self.clock.advance(0)
        self.assertEqual(self.sent, [(b"hello\n", self.one)])

    def test_a_session_moves_to_the_other_one(self) -> None:
        session = self.open(self.one)
        [cookie] = self.packet(Ping(session, 5), address=self.other)
        assert isinstance(cookie, Cookie)
        # The cookie proves where the peer is, whichever local address it used.
        self.assertEqual(cookie.cookie, self.cookie(self.one))
        request = Open(7, cookie.cookie, KEY, 2)
        self.assertEqual(self.packet(request, address=self.other), [Welcome(7, session, 2)])
        self.channels[0].say("hello")
        self.clock.advance(0)
        self.assertEqual({address for _, address in self.sent}, {self.other})
        self.assertEqual(self.channels[0].peer.text, "192.0.2.7:4000")


class ReliableTests(DatagramsCase):
    def test_a_session(self) -> None:
        session = self.open()
        [channel] = self.channels
        self.assertEqual(self.say(session, "one", "two"), [Ack(session, 1, 5)])
        self.assertEqual(self.successResultOf(self.hear(channel)), "one")
        self.assertEqual(self.successResultOf(self.hear(channel)), "two")
        self.sent.clear()
        channel.say("hello")
        channel.say("you")
        self.clock.advance(0)
        [(data, address)] = self.sent
        self.assertEqual(address, HERE)
        self.assertEqual(
            decode(data), Data(session, 0, 0, encode_frame(b"hello") + encode_frame(b"you"))
        )
        self.packet(Ack(session, 1, 0))
        self.ends[0].callback(None)
        self.clock.advance(0)
        self.assertEqual(decode(self.sent[-1][0]), Close(session, False))
        self.packet(Close(session, False))
        self.assertEqual(len(self.connections), 0)
        self.assertIn("closed by the server", self.log.messages[-1])

    def test_the_peer_closes(self) -> None:
        session = self.open()
        hearing = self.hear(self.channels[0])
        self.assertEqual(self.packet(Close(session, False)), [Close(session, False)])
        self.failureResultOf(hearing, PeerGone)
        self.ends[0].callback(None)
        self.assertEqual(self.packet(Close(session, False)), [Close(session, False)])
        self.clock.pump([1.0] * 4)
        self.assertEqual(len(self.connections), 0)
        self.assertIn("closed by the client", self.log.messages[-1])

    def test_an_open_that_comes_twice_opens_once(self) -> None:
        request = Open(7, self.cookie(), KEY, 1)
        welcomes = [self.packet(request)[0] for _ in range(3)]
        self.assertEqual(len(set(welcomes)), 1)
        self.assertEqual(len(self.channels), 1)

    def test_nobody_speaks_as_another(self) -> None:
        session = self.open()
        hearing = self.hear(self.channels[0])
        words = Data(session, 0, 5, encode_frame(b"I am Anna"))
        other = bytes(16)
        # Not with another key, not from another address, not with her session and his own.
        self.assertEqual(self.packet(words, other), [])
        self.assertEqual(self.packet(words, other, THERE), [])
        [answer] = self.packet(words, KEY, THERE)
        self.assertIsInstance(answer, Cookie)
        his = self.open(THERE, 8, other)
        self.assertNotEqual(his, session)
        self.assertEqual(self.packet(words, other, THERE), [])
        # Nor does his cookie for his own address take her session with another key.
        self.assertEqual(self.packet(Open(7, self.cookie(THERE), other, 9), other, THERE), [])
        self.assertNoResult(hearing)
        self.assertEqual(self.packet(words), [Ack(session, 1, 5)])
        self.assertEqual(self.successResultOf(hearing), "I am Anna")

    def test_a_changed_address_is_shown_to_be_ones_own_first(self) -> None:
        session = self.open()
        [channel] = self.channels
        channel.say("before")
        self.clock.advance(0)
        [answer] = self.packet(Ping(session, 5), address=THERE)
        assert isinstance(answer, Cookie)
        self.assertEqual(answer.number, session)
        self.clock.advance(1.0)
        self.assertEqual({address for _, address in self.sent[1:]}, {HERE})
        request = Open(7, answer.cookie, KEY, 2)
        welcome, again = self.packet(request, address=THERE)
        self.assertEqual(welcome, Welcome(7, session, 2))
        assert isinstance(again, Data)
        self.assertEqual(again.fragment, encode_frame(b"before"))
        self.assertEqual(channel.peer.text, "192.0.2.8:4000")
        self.assertEqual(len(self.channels), 1)
        # The old address is a stranger's; an open from there that was late changes nothing.
        self.assertIsInstance(self.packet(Ping(session, 5))[0], Cookie)
        self.assertEqual(self.packet(Open(7, self.cookie(), KEY, 1)), [])
        self.assertEqual(channel.peer.text, "192.0.2.8:4000")

    def test_one_address_has_one_peer(self) -> None:
        self.open()
        hearing = self.hear(self.channels[0])
        self.open(number=8, key=bytes(16))
        self.clock.advance(0)
        self.failureResultOf(hearing, PeerGone)
        self.ends[0].callback(None)
        self.assertEqual(len(self.connections), 1)

    def test_who_is_hung_up_on_may_begin_anew(self) -> None:
        session = self.open()
        request = Open(7, self.cookie(), KEY, 2)
        self.ends[0].callback(None)
        [welcome, *_] = self.packet(request)
        assert isinstance(welcome, Welcome)
        self.assertNotEqual(welcome.session, session)
        self.assertEqual(len(self.channels), 2)

    def test_a_peer_that_takes_nothing_is_cut_off(self) -> None:
        self.open()
        [channel] = self.channels
        for _ in range(400):
            channel.say("x" * 1000)
        self.assertIn("client dropped", self.log.names)
        self.assertEqual(self.log.names.count("sent"), 262)
        self.failureResultOf(self.hear(channel), PeerGone)
        self.ends[0].callback(None)
        self.assertEqual(len(self.connections), 0)

    def test_taken_waits_for_the_peer(self) -> None:
        session = self.open()
        [channel] = self.channels
        self.say(session, "more")
        channel.say("x" * 100_000)
        taking = Deferred.fromCoroutine(channel.taken())
        hearing = self.hear(channel)
        self.clock.advance(0)
        acknowledged = 0
        assert isinstance(channel, ReliableChannel)
        while not hearing.called:
            self.assertEqual(taking.called, channel.session.sender.backlog <= 65_536)
            acknowledged += 2
            self.packet(Ack(session, acknowledged, 0))
            self.assertLess(acknowledged, 100)
        self.successResultOf(taking)
        self.assertEqual(self.successResultOf(hearing), "more")
        self.successResultOf(Deferred.fromCoroutine(channel.taken()))

    def test_silence(self) -> None:
        session = self.open()
        hearing = self.hear(self.channels[0])
        for _ in range(10):
            self.clock.advance(50)
            self.packet(Ping(session, 0))
        self.assertNoResult(hearing)
        self.clock.pump([1.0] * 30)
        self.sent.clear()
        self.clock.pump([1.0] * 31)
        failure = self.failureResultOf(hearing, PeerSilent)
        self.ends[0].errback(failure)
        self.clock.advance(0)
        self.assertEqual(len(self.connections), 0)
        # Nothing tells it that it is out: if it comes back it gets a cookie, and resumes.
        self.assertEqual(self.sent, [])
        self.assertIsInstance(self.packet(Ping(session, 0))[0], Cookie)

    def test_one_that_acknowledges_nothing_is_silent(self) -> None:
        session = self.open()
        self.channels[0].say("hello?")
        for _ in range(70):
            self.clock.advance(1.0)
            self.packet(Ping(session, 0))
        self.assertIsInstance(self.packet(Ping(session, 0))[0], Cookie)
        self.assertIn("silent", self.log.messages[-1])

    def test_a_pause_of_the_process_while_the_peer_should_take(self) -> None:
        self.open()
        self.channels[0].say("x" * 100_000)
        taking = Deferred.fromCoroutine(self.channels[0].taken())
        self.clock.pump([1.0] * 30)
        self.clock.advance(1000)
        self.clock.pump([1.0] * 28)
        self.assertNoResult(taking)
        self.clock.pump([1.0] * 4)
        self.failureResultOf(taking, PeerSilent)

    def test_silence_while_the_peer_should_take(self) -> None:
        self.open()
        self.channels[0].say("x" * 100_000)
        taking = Deferred.fromCoroutine(self.channels[0].taken())
        self.clock.pump([1.0] * 61)
        self.failureResultOf(taking, PeerSilent)

    def test_moving_to_and_fro_does_not_send_all_again_each_time(self) -> None:
        session = self.open()
        self.channels[0].say("x" * 100_000)
        self.clock.advance(0)
        cookies = {address: self.cookie(address) for address in (HERE, THERE)}
        again = self.server.retransmissions
        for _ in range(50):
            for address in (THERE, HERE):
                self.packet(Open(7, cookies[address], KEY, 2), address=address)
        self.assertEqual(self.server.retransmissions - again, 10)
        self.clock.advance(1.0)
        again = self.server.retransmissions
        self.packet(Open(7, cookies[THERE], KEY, 2), address=THERE)
        self.assertGreater(self.server.retransmissions, again)
        self.assertEqual(self.packet(Ping(session, 5), address=THERE)[0], Ack(session, 0, 5))

    def test_the_characters_that_wait_are_bounded(self) -> None:
        self.server.max_message = 65_536
        session = self.open()
        stream = encode_frame(b"x" * 40_000) * 5
        pieces = [stream[start : start + 1000] for start in range(0, len(stream), 1000)]
        for sequence, piece in enumerate(pieces):
            self.packet(Data(session, sequence, 5, piece))
        [ack] = self.packet(Ping(session, 5))
        assert isinstance(ack, Ack)
        self.assertEqual(ack.next, 81)
        [channel] = self.channels
        assert isinstance(channel, ReliableChannel)
        self.successResultOf(self.hear(channel))
        # The second message is ready, and still counts.
        self.assertEqual(self.packet(Data(session, 81, 5, pieces[81])), [])
        self.successResultOf(self.hear(channel))
        # The client sends the rest again.
        [ack] = self.packet(Data(session, 81, 5, pieces[81]))
        assert isinstance(ack, Ack)
        self.assertEqual(ack.next, 82)

    def test_old_deadlines_of_a_session_do_not_pile_up(self) -> None:
        session = self.open()
        for sequence in range(1, 1000):
            self.channels[0].say("x")
            self.clock.advance(0)
            self.packet(Ack(session, sequence, int(self.clock.seconds() * 1000)))
            self.clock.pump([0.25] * 2)
        self.assertLess(len(self.server._deadlines._heap), 100)

    def test_a_close_from_a_changed_address(self) -> None:
        session = self.open()
        [answer] = self.packet(Close(session, False), address=THERE)
        assert isinstance(answer, Cookie)
        self.packet(Open(7, answer.cookie, KEY, 2), address=THERE)
        self.assertEqual(self.packet(Close(session, False), address=THERE), [Close(session, False)])

    def test_what_is_not_heard_is_bounded_and_comes_again(self) -> None:
        session = self.open()
        [channel] = self.channels
        for sequence in range(3):
            self.say(session, *("x" for _ in range(40)), sequence=sequence)
        self.assertEqual(self.say(session, "late", sequence=2), [])
        for _ in range(DatagramInbox.MESSAGES + 1):
            self.successResultOf(self.hear(channel))
        self.assertEqual(self.say(session, "late", sequence=2), [Ack(session, 3, 5)])

    def open_with_many(self, last: bytes = b"") -> tuple[int, ReliableChannel]:
        """Open a session, and have one packet complete 512 messages."""
        session = self.open()
        [channel] = self.channels
        assert isinstance(channel, ReliableChannel)
        stream = b"".join(encode_frame(f"{number:03}".encode()) for number in range(512)) + last
        pieces = [stream[start : start + 1000] for start in range(0, len(stream), 1000)]
        for sequence in reversed(range(len(pieces))):
            self.packet(Data(session, sequence, 5, pieces[sequence]))
            self.assertLessEqual(len(channel._inbox), DatagramInbox.MESSAGES)
        return session, channel

    def hear_many(self, channel: ReliableChannel, first: int = 0) -> None:
        for number in range(first, 512):
            hearing = self.hear(channel)
            self.clock.advance(0)
            self.assertEqual(self.successResultOf(hearing), f"{number:03}")
            self.assertLessEqual(len(channel._inbox), DatagramInbox.MESSAGES)

    def test_messages_are_decoded_as_they_are_heard(self) -> None:
        session, channel = self.open_with_many()
        self.assertEqual(channel.traffic().messages_in, DatagramInbox.MESSAGES)
        self.hear_many(channel)
        hearing = self.hear(channel)
        self.assertNoResult(hearing)
        self.say(session, "after", sequence=4)
        self.clock.advance(0)
        self.assertEqual(self.successResultOf(hearing), "after")

    def test_a_further_packet_replaces_no_message_of_the_one_before(self) -> None:
        session, channel = self.open_with_many()
        for number in range(3):
            self.assertEqual(self.successResultOf(self.hear(channel)), f"{number:03}")
        self.assertEqual(self.say(session, "after", sequence=4), [])
        self.assertLessEqual(len(channel._inbox), DatagramInbox.MESSAGES)
        self.hear_many(channel, 3)
        self.assertEqual(self.say(session, "after", sequence=4), [Ack(session, 5, 5)])
        self.assertEqual(self.successResultOf(self.hear(channel)), "after")

    def test_a_conversation_that_only_listens_hears_all_of_each_packet(self) -> None:
        heard: list[str] = []

        async def listen(channel: Channel) -> None:
            while True:
                heard.append(await channel.hear())

        self.server.converse = listen
        session = self.open()
        for sequence in range(4):
            self.say(session, *["x"] * 140, sequence=sequence)
            self.clock.pump([0] * 3)
            self.assertEqual(len(heard), 140 * (sequence + 1))

    def test_a_close_is_heard_after_all_messages(self) -> None:
        session, channel = self.open_with_many()
        self.packet(Close(session, False))
        self.hear_many(channel)
        hearing = self.hear(channel)
        self.clock.advance(0)
        self.failureResultOf(hearing, PeerGone)

    def test_an_error_is_heard_after_all_messages(self) -> None:
        for last in (encode_frame(b"\xff"), encode_frame(b"x" * 2001)[:5]):
            session, channel = self.open_with_many(last)
            self.packet(Close(session, False))
            self.hear_many(channel)
            hearing = self.hear(channel)
            self.clock.advance(0)
            self.failureResultOf(hearing, MessageError)
            self.setUp()

    def test_nothing_is_taken_behind_a_message_that_is_too_long(self) -> None:
        session = self.open()
        self.packet(Data(session, 0, 5, encode_frame(b"x" * 2001)[:1000]))
        self.assertEqual(self.say(session, "more", sequence=1), [])

    def test_the_end_of_the_service_drops_what_is_not_heard(self) -> None:
        _, channel = self.open_with_many()
        channel.finish()
        self.failureResultOf(self.hear(channel), PeerGone)
        self.assertEqual(channel.traffic().messages_in, DatagramInbox.MESSAGES)

    def test_acknowledged_words_are_heard_although_the_peer_has_closed(self) -> None:
        session = self.open()
        self.say(session, "one", "two")
        self.packet(Close(session, False))
        [channel] = self.channels
        self.assertEqual(self.successResultOf(self.hear(channel)), "one")
        self.failureResultOf(Deferred.fromCoroutine(channel.taken()), PeerGone)
        self.assertEqual(self.successResultOf(self.hear(channel)), "two")
        self.failureResultOf(self.hear(channel), PeerGone)

    def test_who_is_hung_up_on_cannot_stay_by_talking(self) -> None:
        session = self.open()
        self.channels[0].say("goodbye")
        self.ends[0].callback(None)
        for sequence in range(70):
            self.clock.advance(1.0)
            self.packet(Data(session, sequence, 0, b"x" * 1000))
        self.assertEqual(len(self.connections), 0)
        self.assertEqual(self.server._sessions, {})

    def test_who_opens_again_and_again_leaves_nothing_behind(self) -> None:
        cookie = self.cookie()
        for number in range(1, 500):
            self.packet(Open(number, cookie, KEY, 1))
            self.ends[-1].callback(None)
        self.assertEqual(len(self.server._peers), 1)
        self.assertLess(len(self.server._deadlines._heap), 100)

    def test_moving_to_the_address_of_another(self) -> None:
        self.open()
        other = self.join_plain("Boris", THERE)
        self.successResultOf(self.hear(other))
        hearing = self.hear(other)
        [welcome] = self.packet(Open(7, self.cookie(THERE), KEY, 2), KEY, THERE)
        self.assertIsInstance(welcome, Welcome)
        self.assertEqual(self.channels[0].peer.text, other.peer.text)
        self.assertNoResult(hearing)
        self.clock.advance(0)
        self.failureResultOf(hearing, PeerGone)
        self.ends[1].callback(None)
        self.assertEqual(list(self.server._peers), [THERE])
        self.assertEqual(len(self.connections), 1)

    def test_a_message_that_is_too_long_ends_it(self) -> None:
        session = self.open()
        self.say(session, "before", "x" * 1000)
        [channel] = self.channels
        self.packet(Data(session, 1, 0, encode_frame(b"x" * 2001)[:1000]))
        self.assertEqual(self.successResultOf(self.hear(channel)), "before")
        self.successResultOf(self.hear(channel))
        self.failureResultOf(self.hear(channel), MessageError)

    def test_hostile_packets_of_a_member_change_nothing(self) -> None:
        session = self.open()
        [channel] = self.channels
        channel.say("hello")
        self.clock.advance(0)
        for packet in (
            Ack(session, 5, 0),
            Ack(session, 2**32 - 1, 0),
            Ack(session, 2**31, 0, ((1, 2),)),
            Ack(session, 0, 0, ((0, 2**31),)),
            Ack(session, 0, 0, ((2**32 - 1, 5),)),
            Data(session, 2**32 - 1, 0, b"x"),
            Data(session, 2**31, 0, b"x"),
            Data(session, 256, 0, b"x"),
            Welcome(session, 1, 1),
            Cookie(session, 1, b"x" * 12),
        ):
            for answer in self.packet(packet):
                self.assertEqual(answer, Ack(session, 0, 0))
        self.packet(Ack(session, 1, 0))
        self.assertEqual(self.say(session, "still here"), [Ack(session, 1, 5)])
        self.assertEqual(self.successResultOf(self.hear(channel)), "still here")

    def test_the_end_of_the_service(self) -> None:
        session = self.open()
        plain = self.join_plain("Boris", THERE)
        self.successResultOf(self.hear(plain))
        hearings = [self.hear(channel) for channel in self.channels]
        drained = self.connections.drain(self.clock, 5)
        self.clock.advance(0)
        for hearing in hearings:
            self.failureResultOf(hearing, PeerGone)
        self.sent.clear()
        for channel, end in zip(self.channels, self.ends, strict=True):
            channel.say("goodbye")
            end.callback(None)
        self.clock.advance(0)
        self.assertIn((b"goodbye\n", THERE), self.sent)
        self.packet(Ack(session, 1, 0))
        self.assertEqual(decode(self.sent[-1][0]), Close(session, True))
        self.assertNoResult(drained)
        self.packet(Close(session, False))
        self.successResultOf(drained)

    def test_a_peer_that_has_closed_before_the_end_of_the_service(self) -> None:
        session = self.open()
        self.packet(Close(session, False))
        self.ends[0].callback(None)
        self.connections.drain(self.clock, 5)
        self.clock.pump([0.5] * 10)
        self.assertIn("closed by the client", self.log.messages[-1])

    def test_a_peer_that_is_gone_does_not_hold_up_the_end(self) -> None:
        self.open()
        self.channels[0].say("hello")
        self.ends[0].callback(None)
        drained = self.connections.drain(self.clock, 5)
        self.clock.pump([1.0] * 6)
        self.successResultOf(drained)


class NetTests(SynchronousTestCase):
    """Members with our client, on bad networks."""

    def talk(self, net: Net, members: list[Member], each: int) -> None:
        for number in range(each):
            for member in members:
                member.client.say(f"{number}")

    def joined(self, net: Net, count: int) -> list[Member]:
        members = [net.join(f"m{number}") for number in range(count)]
        net.run(lambda: all(member.client.room.is_in for member in members))
        net.run(lambda: all(len(member.client.room.others) == count - 1 for member in members))
        return members

    def check(self, net: Net, members: list[Member], each: int) -> None:
        total = each * len(members)
        net.run(lambda: all(len(member.said) >= total for member in members))
        net.run(lambda: not any(member.client.room.pending for member in members))
        for member in members:
            self.assertEqual(member.said, members[0].said, net)
        for number in range(len(members)):
            own = [text for text in members[0].said if text.startswith(f"m{number}: ")]
            self.assertEqual(own, [f"m{number}: {count}" for count in range(each)], net)

    def leave(self, net: Net, members: list[Member]) -> None:
        for member in members:
            member.client.finish()
        net.run(lambda: all(member.client.ended.called for member in members))
        for member in members:
            self.successResultOf(member.client.ended)

    def test_everybody_hears_everything_once_and_in_order(self) -> None:
        for seed in range(20):
            net = Net(seed, (*FIFTHS, "corrupt=2%"))
            members = self.joined(net, 4)
            self.talk(net, members, 10)
            self.check(net, members, 10)
            self.leave(net, members)

    def test_addresses_change_in_the_middle(self) -> None:
        for seed in range(10):
            net = Net(seed, FIFTHS)
            members = self.joined(net, 4)
            self.talk(net, members, 20)
            for member in members * 3:
                net.clock.advance(0.3)
                member.reopen()
            self.check(net, members, 20)

    def test_the_server_is_killed_in_the_middle(self) -> None:
        for seed in range(10):
            net = Net(seed, FIFTHS)
            members = self.joined(net, 4)
            self.talk(net, members, 20)
            for _ in range(3):
                net.clock.pump([0.1] * 10)
                net.kill_server()
            self.check(net, members, 20)

    def test_a_member_that_is_away_misses_nothing(self) -> None:
        net = Net(3)
        anna, boris = self.joined(net, 2)
        anna.is_cut = True
        net.run(lambda: len(anna.told) == 1)
        boris.client.say("are you there?")
        net.run(lambda: "* m0 has gone silent" in boris.texts)
        boris.client.say("she has gone")
        net.clock.advance(1)
        anna.is_cut = False
        net.run(lambda: len(anna.told) == 2 and anna.client.room.is_in)
        self.assertEqual(anna.told, ["no answer; still trying", "the server answers again"])
        self.assertEqual(anna.said, ["m1: are you there?", "m1: she has gone"])
        self.assertEqual(boris.texts[-1], "* m0 has joined")
