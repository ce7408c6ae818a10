"""The reliable protocol over a wire that loses, doubles and reorders."""

from __future__ import annotations

import hmac

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import DatagramProtocol
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.chat_network import FIFTHS
from twisted_lab.codecs import MessageError, encode_frame
from twisted_lab.faults import DatagramNetwork
from twisted_lab.reliable import ClientEndpoint, NotServed, OtherVersion, Session, State
from twisted_lab.reliable.address_validator import HINT, AddressValidator
from twisted_lab.reliable.client_endpoint import Stage
from twisted_lab.reliable.cookies import Cookies, OwnSecrets, SharedSecrets
from twisted_lab.reliable.packets import (
    LARGEST_FRAGMENT,
    LARGEST_PACKET,
    MODULUS,
    NO_KEY,
    VERSION,
    Ack,
    BadPacket,
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
    distance,
    is_sealed,
    seal,
)
from twisted_lab.reliable.receiver import WINDOW, Receiver
from twisted_lab.reliable.sender import Sender
from twisted_lab.reliable.timer import RetransmissionTimer

SESSION = 0x0123456789ABCDEF
KEY = bytes(range(16))
HOST = "10.0.0.1"
numbers = st.integers(0, MODULUS - 1)
ids = st.integers(0, 2**64 - 1)
cookies = st.binary(min_size=12, max_size=12)
packets: st.SearchStrategy[Packet] = st.one_of(
    st.builds(Hello, ids, st.integers(0, 255)),
    st.builds(Cookie, ids, st.integers(0, 255), cookies),
    st.builds(Open, ids, cookies, st.binary(min_size=16, max_size=16), numbers),
    st.builds(Welcome, ids, ids, numbers),
    st.builds(Data, ids, numbers, numbers, st.binary(max_size=LARGEST_FRAGMENT)),
    st.builds(
        Ack,
        ids,
        numbers,
        numbers,
        st.lists(st.tuples(numbers, numbers), max_size=32).map(tuple),
    ),
    st.builds(Ping, ids, numbers),
    st.builds(Close, ids, st.booleans()),
    st.builds(Refusal, ids, numbers, st.binary(max_size=LARGEST_FRAGMENT)),
)


class PacketTests(SynchronousTestCase):
    def test_the_layout(self) -> None:
        number = "0123456789abcdef"
        cookie = b"123456789abc"
        for packet, code, body in (
            (Hello(SESSION), "01", b"\x01"),
            (Cookie(SESSION, 1, cookie), "02", b"\x01" + cookie),
            (Open(SESSION, cookie, KEY, 9), "03", cookie + KEY + bytes.fromhex("00000009")),
            (Welcome(SESSION, 7, 9), "04", bytes.fromhex("0000000000000007 00000009")),
            (Data(SESSION, 7, 8, b"hi"), "05", bytes.fromhex("00000007 00000008") + b"hi"),
            (
                Ack(SESSION, 7, 8, ((9, 11),)),
                "06",
                bytes.fromhex("00000007 00000008 00000009 0000000b"),
            ),
            (Ping(SESSION, 8), "07", bytes.fromhex("00000008")),
            (Close(SESSION, True), "08", b"\x01"),
            (Refusal(SESSION, 9, b"no"), "09", bytes.fromhex("00000009") + b"no"),
        ):
            data = bytes.fromhex(f"c1 {code} {number}") + body
            for side, byte in ((Side.CLIENT, b"\0"), (Side.SERVER, b"\1")):
                whole = data + hmac.digest(KEY, byte + data, "sha256")[:8]
                self.assertEqual(seal(packet, KEY, side), whole)
                self.assertEqual(decode(whole), packet)

    @given(packets)
    def test_property_what_is_encoded_is_decoded(self, packet: Packet) -> None:
        data = seal(packet, KEY, Side.CLIENT)
        self.assertLessEqual(len(data), LARGEST_PACKET)
        self.assertEqual(decode(data), packet)
        self.assertIs(type(decode(data)), type(packet))
        self.assertTrue(is_sealed(data, KEY, Side.CLIENT))
        self.assertFalse(is_sealed(data, NO_KEY, Side.CLIENT))
        self.assertFalse(is_sealed(data, KEY, Side.SERVER))  # It was reflected.

    @given(packets, st.data())
    def test_property_what_was_changed_is_not_sealed(
        self, packet: Packet, choice: st.DataObject
    ) -> None:
        data = bytearray(seal(packet, KEY, Side.CLIENT))
        place = choice.draw(st.integers(0, len(data) - 1))
        data[place] ^= choice.draw(st.integers(1, 255))
        self.assertFalse(is_sealed(bytes(data), KEY, Side.CLIENT))

    @given(st.binary(max_size=1300), st.integers(0, 255))
    def test_property_what_is_no_packet_is_said_to_be_none(self, rest: bytes, kind: int) -> None:
        data = bytes((0xC1, kind)) + rest
        try:
            packet = decode(data)
        except BadPacket:
            return
        self.assertEqual(seal(packet, KEY, Side.CLIENT)[:-8], data[:-8])

    def test_each_way_to_be_none(self) -> None:
        data = seal(Data(SESSION, 7, 8, b""), KEY, Side.CLIENT)
        for bad in (
            b"",
            b"hello",
            b"\xc1",
            b"\xc1\x00" + data[2:],
            b"\xc1\x0a" + data[2:],
            data[:-1],
            data + b"x" * LARGEST_PACKET,
            seal(Ack(SESSION, 7, 8, ((9, 11),)), KEY, Side.CLIENT)[:-1],
            seal(Ack(SESSION, 7, 8, ((9, 11),) * 33), KEY, Side.CLIENT),
            seal(Hello(SESSION), KEY, Side.CLIENT) + b"x",
            seal(Close(SESSION, False), KEY, Side.CLIENT)[:-1],
        ):
            self.assertRaises(BadPacket, decode, bad)

    @given(numbers, st.integers(-(2**31), 2**31 - 1))
    def test_property_numbers_go_round(self, start: int, steps: int) -> None:
        self.assertEqual(distance(start, (start + steps) % MODULUS), steps)


class CookieTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.cookies = Cookies(OwnSecrets())

    @given(st.floats(0, 1e9), st.floats(0, 100))
    def test_property_one_is_good_for_30_to_60_seconds(self, now: float, age: float) -> None:
        cookies = Cookies(OwnSecrets())
        cookie = cookies.make("10.0.0.1", 9, now)
        # Other clients connect and leave in the meantime.
        for seconds in range(5, int(age), 5):
            cookies.make("10.0.0.2", 9, now + seconds)
        is_good = cookies.is_good(cookie, "10.0.0.1", 9, now + age)
        if age <= 30:
            self.assertTrue(is_good)
        if age >= 60:
            self.assertFalse(is_good)

    def test_for_its_address_alone(self) -> None:
        cookie = self.cookies.make("10.0.0.1", 9, 0.0)
        self.assertRegex(cookie, r"^[\w-]{12}$")
        self.assertTrue(self.cookies.is_good(cookie, "10.0.0.1", 9, 1.0))
        for other, host, port in (
            (cookie, "10.0.0.1", 8),
            (cookie, "10.0.0.2", 9),
            ("", "10.0.0.1", 9),
            (cookie + "x", "10.0.0.1", 9),
            ("\ud800" + cookie, "10.0.0.1", 9),
        ):
            self.assertFalse(self.cookies.is_good(other, host, port, 1.0))
        self.assertFalse(Cookies(OwnSecrets()).is_good(cookie, "10.0.0.1", 9, 1.0))

    def test_servers_that_share_secrets_accept_the_cookies_of_each_other(self) -> None:
        shared = {period: bytes([period]) * 32 for period in range(10)}
        one, other = SharedSecrets(), SharedSecrets()
        own = Cookies(one).make("10.0.0.1", 9, 0.0)
        self.assertTrue(Cookies(one).is_good(own, "10.0.0.1", 9, 1e6))
        self.assertFalse(Cookies(other).is_good(own, "10.0.0.1", 9, 0.0))
        one.use(4, shared)
        self.assertFalse(Cookies(one).is_good(own, "10.0.0.1", 9, 0.0))
        cookie = Cookies(one).make("10.0.0.1", 9, 0.0)
        for period, is_good in ((2, False), (3, True), (4, True), (5, True), (6, False)):
            other.use(period, shared)
            self.assertIs(Cookies(other).is_good(cookie, "10.0.0.1", 9, 0.0), is_good)
            self.assertFalse(Cookies(other).is_good(cookie, "10.0.0.1", 8, 0.0))

    def test_a_server_needs_only_the_current_shared_secret(self) -> None:
        source = SharedSecrets()
        source.use(1, {1: b"a" * 32})
        cookies = Cookies(source)
        self.assertTrue(cookies.is_good(cookies.make("10.0.0.1", 9, 0.0), "10.0.0.1", 9, 0.0))

    def test_a_clock_that_jumps_makes_none_good(self) -> None:
        for jump in (-1e6, 1e6):
            cookie = self.cookies.make("10.0.0.1", 9, 1e7)
            self.assertFalse(self.cookies.is_good(cookie, "10.0.0.1", 9, 1e7 + jump))
            self.assertFalse(self.cookies.is_good(cookie, "10.0.0.1", 9, 1e7))


class TimerTests(SynchronousTestCase):
    def test_it_follows_the_round_trips(self) -> None:
        timer = RetransmissionTimer()
        self.assertEqual(timer.timeout, 1.0)
        timer.measured(0.5, 1)
        self.assertEqual(timer.timeout, 0.5 + 4 * 0.25)
        timer.measured(0.5, 2)
        self.assertEqual(timer.timeout, 0.5 + 4 * 0.1875)
        for now in range(3, 103):
            timer.measured(0.5, now)
        self.assertAlmostEqual(timer.timeout, 0.51)

    def test_it_backs_off_up_to_a_limit_and_comes_back(self) -> None:
        timer = RetransmissionTimer()
        timer.measured(0.1, 1)
        waits = []
        for _ in range(8):
            waits.append(timer.timeout)
            timer.expired()
        self.assertEqual(waits[:3], [waits[0], waits[0] * 2, waits[0] * 4])
        self.assertEqual(waits[-1], 10.0)
        timer.measured(0.1, 100)
        self.assertLess(timer.timeout, 1)

    def test_what_cannot_be_is_not_learned(self) -> None:
        timer = RetransmissionTimer()
        timer.measured(4e6, 1)
        self.assertEqual(timer.timeout, 1.0)
        timer.measured(0.0, 2)
        self.assertEqual(timer.timeout, 0.2)

    def test_a_pause_of_the_peer_is_not_taken_for_the_network(self) -> None:
        timer = RetransmissionTimer()
        for tenth in range(1, 20):
            timer.measured(0.1, tenth / 10)
        for packet in range(20):
            timer.measured(7 - packet / 10, 9)
        self.assertLess(timer.timeout, 2.5)

    def test_a_network_that_becomes_slow_is_followed(self) -> None:
        timer = RetransmissionTimer()
        timer.measured(0.1, 1)
        for round_trip in range(1, 6):
            timer.measured(5, 1 + 6 * round_trip)
        self.assertGreater(timer.timeout, 5)


class ReceiverTests(SynchronousTestCase):
    first = MODULUS - 2

    def setUp(self) -> None:
        self.receiver = Receiver(SESSION, 10, self.first)

    def receive(self, offset: int, fragment: bytes) -> list[bytes]:
        sequence = (self.first + offset) % MODULUS
        return list(self.receiver.receive(Data(SESSION, sequence, 5, fragment)))

    def test_each_once_and_in_order_around_the_end_of_numbers(self) -> None:
        a, b, c, d = map(encode_frame, (b"a", b"b", b"c", b"d"))
        self.assertEqual(self.receive(1, b), [])
        self.assertEqual(self.receive(3, d), [])
        self.assertEqual(
            self.receiver.ack(), Ack(SESSION, self.first, 5, ((self.first + 1, 0), (1, 2)))
        )
        self.assertEqual(self.receive(0, a), [b"a", b"b"])
        self.assertEqual(self.receive(0, a), [])
        self.assertEqual(self.receive(2, c), [b"c", b"d"])
        self.assertEqual(self.receiver.ack(), Ack(SESSION, 2, 5))

    def test_messages_are_cut_from_the_stream_wherever_the_fragments_are(self) -> None:
        stream = encode_frame(b"hello") + encode_frame(b"") + encode_frame(b"you")
        heard = []
        for offset, start in enumerate(range(0, len(stream), 3)):
            heard += self.receive(offset, stream[start : start + 3])
        self.assertEqual(heard, [b"hello", b"", b"you"])
        self.assertEqual(self.receive(offset + 1, stream), [b"hello", b"", b"you"])

    def test_a_message_has_a_limit_and_those_before_it_are_heard(self) -> None:
        heard = []
        with self.assertRaises(MessageError):
            for message in self.receiver.receive(
                Data(SESSION, self.first, 5, encode_frame(b"a") + encode_frame(b"x" * 11))
            ):
                heard.append(message)
        self.assertEqual(heard, [b"a"])

    def test_what_is_too_far_ahead_is_not_kept(self) -> None:
        for offset in (WINDOW, 2**31, MODULUS - 1):
            self.assertEqual(self.receive(offset, b"x"), [])
        self.assertEqual(self.receiver.ack().ranges, ())


class SenderTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.sender = Sender(SESSION, first=0)

    def sequences(self, now: float) -> list[int]:
        return [data.sequence for data in self.sender.packets_to_send(now)]

    def fill(self, count: int) -> None:
        """Have `count` full packets to send."""
        self.sender.add(b"x" * (count * LARGEST_FRAGMENT - 4))

    def test_a_window_at_a_time(self) -> None:
        self.fill(30)
        self.assertEqual(self.sequences(0.0), list(range(10)))
        self.assertEqual(self.sequences(0.1), [])
        self.sender.receive(Ack(SESSION, 10, 0), 0.1)
        self.assertEqual(self.sequences(0.1), list(range(10, 30)))
        self.assertFalse(self.sender.is_idle)
        self.sender.receive(Ack(SESSION, 30, 100), 0.2)
        self.assertTrue(self.sender.is_idle)
        self.assertIsNone(self.sender.deadline())

    def test_what_is_not_acknowledged_in_time_is_sent_again(self) -> None:
        self.fill(1)
        self.assertEqual(self.sequences(0.0), [0])
        waits = []
        now = 0.0
        for _ in range(4):
            deadline = self.sender.deadline()
            assert deadline is not None
            self.assertEqual(self.sequences(deadline - 0.01), [])
            self.assertEqual(self.sequences(deadline), [0])
            waits.append(deadline - now)
            now = deadline
        self.assertEqual(waits, [1.0, 2.0, 4.0, 8.0])
        self.assertEqual(self.sender.stalled(now), 15.0)

    def test_what_others_have_overtaken_is_sent_again_at_once(self) -> None:
        self.fill(10)
        self.sequences(0.0)
        for end in (2, 3, 4):
            self.assertEqual(self.sequences(0.05), [])
            self.sender.receive(Ack(SESSION, 0, 0, ((1, end),)), 0.05)
        deadline = self.sender.deadline()
        assert deadline is not None
        self.assertLessEqual(deadline, 0.05)
        self.assertEqual(self.sequences(0.05), [0])

    def test_the_window_halves_on_loss(self) -> None:
        self.fill(100)
        self.sequences(0.0)
        self.sequences(1.0)
        for number in range(1, 11):
            self.sender.receive(Ack(SESSION, number, 1000), 1.1)
        self.assertLessEqual(len(self.sequences(1.1)), 8)

    def test_acknowledgements_of_what_was_never_sent_are_not_believed(self) -> None:
        self.fill(20)
        self.sequences(0.0)
        for ack in (
            Ack(SESSION, 11, 0),
            Ack(SESSION, MODULUS - 1, 0),
            Ack(SESSION, 2**31, 0),
            Ack(SESSION, 0, 0, ((5, 12),)),
            Ack(SESSION, 0, 0, ((5, 5),)),
            Ack(SESSION, 0, 0, ((5, 4),)),
            Ack(SESSION, 0, 0, ((MODULUS - 1, 4),)),
        ):
            self.sender.receive(ack, 0.1)
            self.assertEqual(self.sequences(0.1), [], ack)
        self.assertEqual(sorted(self.sequences(1.0)), [0, 1])

    def test_after_an_outage_everything_goes_again_at_the_first_timeout(self) -> None:
        for number in range(10):
            self.sender.add(b"x")
            self.assertEqual(self.sequences(number / 100), [number])
        self.assertEqual(self.sequences(1.0), [0, 1])
        self.sender.receive(Ack(SESSION, 2, 1000), 1.1)
        self.assertEqual(self.sequences(1.1), [2, 3, 4, 5])

    def test_an_old_acknowledgement_changes_nothing(self) -> None:
        self.fill(10)
        self.sequences(0.0)
        self.sender.receive(Ack(SESSION, 10, 0), 0.1)
        self.sender.receive(Ack(SESSION, 3, 0, ((5, 7),)), 0.1)
        self.assertTrue(self.sender.is_idle)

    def test_long_messages_are_cut_and_short_ones_go_together(self) -> None:
        self.sender.add(b"x" * (2 * LARGEST_FRAGMENT))
        for _ in range(3):
            self.sender.add(b"y")
        sizes = [len(data.fragment) for data in self.sender.packets_to_send(0.0)]
        self.assertEqual(sizes, [LARGEST_FRAGMENT] * 2 + [4 + 3 * 5])
        self.assertEqual(self.sender.backlog, 0)

    def test_hurry_sends_again_at_once_without_backoff(self) -> None:
        self.fill(1)
        self.sequences(0.0)
        self.sequences(1.0)
        self.sequences(3.0)
        self.sender.retransmit_all(0.0)
        self.assertEqual(self.sequences(3.1), [0])
        deadline = self.sender.deadline()
        assert deadline is not None
        self.assertAlmostEqual(deadline, 4.1)

    def test_hurry_comes_once_a_second(self) -> None:
        self.fill(1)
        self.sequences(0.0)
        for now, sequences in ((0.1, [0]), (0.2, []), (1.0, []), (1.1, [0])):
            self.sender.retransmit_all(now)
            self.assertEqual(self.sequences(now), sequences)


class SessionTests(SynchronousTestCase):
    """Two ends, the packets between them carried by hand."""

    def setUp(self) -> None:
        self.one = Session(SESSION, KEY, Side.CLIENT, 1000, 0.0, ping_after=5.0)
        self.other = Session(SESSION, KEY, Side.SERVER, 1000, 0.0)

    def carry(self, source: Session, target: Session, now: float) -> list[str]:
        """Carry due packets, and return their kinds."""
        datagrams = source.datagrams_to_send(now)
        for data in datagrams:
            self.assertTrue(is_sealed(data, KEY, source.side))
            list(target.receive(decode(data), now))
        return [type(decode(data)).__name__ for data in datagrams]

    def test_silence_is_asked_about_once_a_second(self) -> None:
        self.assertEqual(self.one.datagrams_to_send(4.9), [])
        self.assertEqual(self.one.deadline(), 5.0)
        self.assertEqual([type(decode(data)) for data in self.one.datagrams_to_send(5.0)], [Ping])
        self.assertEqual(self.one.datagrams_to_send(5.9), [])
        self.assertEqual(self.carry(self.one, self.other, 6.0), ["Ping"])
        self.assertEqual(self.carry(self.other, self.one, 6.1), ["Ack"])
        self.assertEqual(self.one.deadline(), 11.1)
        self.assertIsNone(self.other.deadline())

    def test_it_closes_when_everything_has_come(self) -> None:
        self.one.say(b"last words")
        self.one.close()
        self.assertEqual(self.carry(self.one, self.other, 0.0), ["Data"])
        self.assertEqual(self.carry(self.other, self.one, 0.1), ["Ack"])
        self.assertEqual(self.carry(self.one, self.other, 0.1), ["Close"])
        self.assertIs(self.other.state, State.ANSWERING)
        self.assertEqual(self.carry(self.other, self.one, 0.2), ["Close"])
        self.assertIs(self.one.state, State.OVER)
        self.assertIsNone(self.one.deadline())
        # A close that was under way twice is answered twice, and then no more.
        list(self.other.receive(Close(SESSION, False), 1.0))
        self.assertEqual(self.carry(self.other, self.one, 1.0), ["Close"])
        self.assertEqual(self.other.deadline(), 3.1)
        self.assertEqual(self.other.datagrams_to_send(3.1), [])
        self.assertIs(self.other.state, State.OVER)

    def test_it_closes_even_if_nobody_answers(self) -> None:
        self.one.close(stops=True)
        times = []
        while (deadline := self.one.deadline()) is not None:
            for data in self.one.datagrams_to_send(deadline):
                self.assertEqual(decode(data), Close(SESSION, True))
                times.append(deadline)
        self.assertEqual(times, [0.0, *range(1, 19, 2)])
        self.assertIs(self.one.state, State.OVER)

    def lose(self, source: Session, until: float) -> None:
        """Have time pass while all that `source` sends is lost."""
        source.datagrams_to_send(0.0)
        while (deadline := source.deadline()) is not None and deadline < until:
            source.datagrams_to_send(deadline)

    def test_one_that_is_closing_pings_until_all_has_come(self) -> None:
        self.one.say(b"last words")
        self.one.close()
        self.lose(self.one, 8.0)
        now = 8.0
        kinds: list[str] = []
        while "Close" not in kinds:
            kinds += self.carry(self.one, self.other, now)
            self.carry(self.other, self.one, now + 0.05)
            now += 0.1
            self.assertLess(now, 9.5, "it sits out its back-off")
        self.assertEqual(kinds, ["Ping", "Data", "Close"])

    def test_a_ping_ends_the_back_off_of_the_other_end(self) -> None:
        self.other.say(b"hello?")
        self.lose(self.other, 20.0)
        self.assertTrue(self.other.sender.timer.is_backed_off)
        self.assertEqual(self.carry(self.one, self.other, 20.0), ["Ping"])
        self.assertEqual(self.carry(self.other, self.one, 20.1), ["Ack", "Data"])
        # Once for each timeout, however often the peer pings.
        for _ in range(5):
            list(self.other.receive(Ping(SESSION, 0), 20.2))
            self.assertEqual(len(self.other.datagrams_to_send(20.2)), 1)

    def test_an_old_acknowledgement_does_not_end_the_back_off(self) -> None:
        self.one.say(b"hello?")
        self.one.datagrams_to_send(0.0)
        self.lose(self.one, 8.0)
        self.assertTrue(self.one.sender.timer.is_backed_off)
        list(self.one.receive(Ack(SESSION, 0, 0), 8.0))
        self.assertTrue(self.one.sender.timer.is_backed_off)

    def test_both_may_close_at_once(self) -> None:
        self.one.close()
        self.other.close()
        closes = self.one.datagrams_to_send(0.0), self.other.datagrams_to_send(0.0)
        for end, [data] in zip((self.other, self.one), closes, strict=True):
            list(end.receive(decode(data), 0.1))
            self.assertIs(end.state, State.OVER)


class AddressValidatorTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.validator = AddressValidator()

    def hear(self, text: str, port: int = 9, now: float = 0.0) -> tuple[str | None, bytes]:
        return self.validator.hear(text.encode(), HOST, port, now)

    def test_a_plain_stranger_joins_with_its_cookie(self) -> None:
        message, answer = self.hear("/join Anna\n")
        self.assertIsNone(message)
        self.assertRegex(answer, rb"^/join Anna [\w-]{12}\n$")
        self.assertEqual(self.hear(answer.decode()), ("/join Anna", b""))
        self.assertEqual(self.hear(answer.decode(), port=8)[0], None)
        self.assertEqual(self.hear(answer.decode(), now=61.0)[0], None)

    def test_a_cookie_of_another_server_counts_if_they_share_secrets(self) -> None:
        shared = SharedSecrets()
        one, other = AddressValidator(shared), AddressValidator(shared)
        _, answer = one.hear(b"/join Anna", HOST, 9, 0.0)
        self.assertEqual(other.hear(answer, HOST, 9, 0.0), ("/join Anna", b""))
        self.assertEqual(self.hear(answer.decode())[0], None)

    def test_others_are_told_how_in_a_way_that_no_server_answers(self) -> None:
        for text in (
            "hello",
            "/who",
            "/join Anna 123456789abc",
            "/join " + "x" * 33,
            "/join a\x1b",
        ):
            self.assertEqual(self.hear(text), (None, HINT if len(text) > 5 else b""))
        self.assertEqual(self.hear(HINT.decode()), (None, b""))

    @given(st.text() | st.from_regex(r"/join [^ ]{1,3}", fullmatch=True))
    def test_property_nobody_gets_more_than_three_times_the_bytes(self, text: str) -> None:
        data = text.encode(errors="replace")
        message, answer = self.validator.hear(data, HOST, 9, 0.0)
        self.assertIsNone(message)
        self.assertLessEqual(len(answer), 3 * len(data))

    def receive(self, packet: Packet, key: bytes, port: int = 9) -> tuple[Open | None, bytes]:
        return self.validator.receive(packet, seal(packet, key, Side.CLIENT), HOST, port, 0.0)

    def test_packets_are_answered_by_a_cookie_that_opens(self) -> None:
        for packet, key in (
            (Hello(7), NO_KEY),
            (Data(7, 0, 0, b""), KEY),
            (Ack(7, 0, 0), KEY),
            (Ping(7, 0), KEY),
            (Close(7, False), KEY),
            (Open(7, b"x" * 12, KEY, 1), KEY),
        ):
            opening, answer = self.receive(packet, key)
            self.assertIsNone(opening)
            cookie = decode(answer)
            assert isinstance(cookie, Cookie)
            self.assertEqual(cookie.number, 7)
            request = Open(7, cookie.cookie, KEY, 1)
            self.assertEqual(self.receive(request, KEY), (request, b""))
            self.assertIsNone(self.receive(request, KEY, port=8)[0])
            self.assertEqual(self.receive(request, NO_KEY), (None, b""))

    def test_what_a_server_says_is_not_answered(self) -> None:
        for packet in (Cookie(7, VERSION, b"x" * 12), Welcome(7, 8, 9)):
            self.assertEqual(self.receive(packet, KEY), (None, b""))
        self.assertEqual(self.receive(Hello(7), KEY), (None, b""))


class ClientEndpointTests(SynchronousTestCase):
    """The client's stages, with a server played by hand."""

    def setUp(self) -> None:
        self.opened = 0
        self.endpoint = ClientEndpoint(0.0, self.count)
        self.validator = AddressValidator()

    def count(self) -> None:
        self.opened += 1

    def packets_to_send(self, now: float) -> list[Packet]:
        return [decode(data) for data in self.endpoint.datagrams_to_send(now)]

    def give(self, packet: Packet, key: bytes, now: float) -> list[bytes]:
        return list(self.endpoint.receive(seal(packet, key, Side.SERVER), now))

    def ask(self, now: float = 0.0) -> Hello:
        [hello] = self.packets_to_send(now)
        assert isinstance(hello, Hello)
        return hello

    def open(self, session: int, now: float = 0.0, cookie: bytes = b"c" * 12) -> Open:
        """Answer the client's packets with a cookie, and then with a welcome."""
        number = (
            self.endpoint.session.number
            if self.opened and self.endpoint.session
            else self.ask(now).number
        )
        self.give(Cookie(number, VERSION, cookie), NO_KEY, now)
        [request] = self.packets_to_send(now)
        assert isinstance(request, Open)
        self.give(Welcome(request.number, session, request.attempt), request.key, now)
        return request

    def test_it_asks_until_it_is_answered(self) -> None:
        times = []
        for _ in range(6):
            now = self.endpoint.deadline()
            assert now is not None
            times.append(now)
            self.ask(now)
            self.assertEqual(self.endpoint.datagrams_to_send(now), [])
        self.assertEqual(times, [0.0, 0.5, 1.5, 2.5, 3.5, 4.5])

    def test_a_cookie_opens_and_a_welcome_begins_a_session(self) -> None:
        request = self.open(SESSION)
        self.assertEqual((request.cookie, request.attempt), (b"c" * 12, 1))
        self.assertIs(self.endpoint.stage, Stage.TALKING)
        self.assertEqual(self.opened, 1)

    def test_a_cookie_that_does_not_help_is_given_up(self) -> None:
        hello = self.ask()
        self.give(Cookie(hello.number, VERSION, b"c" * 12), NO_KEY, 0.0)
        kinds = [type(self.packets_to_send(now)[0]) for now in (0.0, 0.5, 1.5, 2.5, 3.5)]
        self.assertEqual(kinds, [Open] * 4 + [Hello])

    def test_what_is_not_meant_for_it_changes_nothing(self) -> None:
        hello = self.ask()
        self.give(Cookie(hello.number ^ 1, VERSION, b"c" * 12), NO_KEY, 0.0)
        self.give(Cookie(hello.number, VERSION, b"c" * 12), KEY, 0.0)
        self.endpoint.receive(b"nonsense", 0.0)
        self.assertIs(self.endpoint.stage, Stage.ASKING)
        request = self.open(SESSION, 0.5)
        for welcome, key in (
            (Welcome(hello.number, 99, request.attempt), request.key),
            (Welcome(hello.number, 99, request.attempt), KEY),
            (Welcome(hello.number ^ 1, 99, request.attempt), request.key),
        ):
            self.give(welcome, key, 1.0)
        self.give(Close(SESSION, False), KEY, 1.0)
        assert self.endpoint.session is not None
        self.assertEqual(self.endpoint.session.number, SESSION)
        self.assertFalse(self.endpoint.is_over)

    def test_another_address_goes_on_with_the_session(self) -> None:
        self.open(SESSION)
        session = self.endpoint.session
        assert session is not None
        self.endpoint.say(b"hello")
        self.assertEqual([type(packet) for packet in self.packets_to_send(1.0)], [Data])
        request = self.open(SESSION, 1.1, b"d" * 12)
        self.assertEqual(request.attempt, 2)
        self.assertIs(self.endpoint.session, session)
        self.assertEqual(self.opened, 1)
        # Packets in flight are sent again at once.
        self.assertEqual([type(packet) for packet in self.packets_to_send(1.1)], [Data])

    def test_a_server_that_has_forgotten_it_gets_a_new_session(self) -> None:
        self.open(SESSION)
        self.open(99, 1.0, b"d" * 12)
        assert self.endpoint.session is not None
        self.assertEqual((self.endpoint.session.number, self.opened), (99, 2))

    def test_a_new_session_inherits_the_round_trips_without_the_back_off(self) -> None:
        self.open(SESSION)
        assert self.endpoint.session is not None
        timer = self.endpoint.session.sender.timer
        timer.measured(0.1, 1.0)
        learned = timer.timeout
        timer.expired()
        self.open(99, 1.0, b"d" * 12)
        self.assertEqual(self.endpoint.session.sender.timer.timeout, learned)

    def test_it_closes_from_another_address(self) -> None:
        self.open(SESSION)
        session = self.endpoint.session
        assert session is not None
        self.endpoint.close()
        self.assertEqual(self.packets_to_send(1.0), [Close(SESSION, False)])
        # Its address is another one now: the server answers the close by a cookie.
        self.open(SESSION, 1.1, b"d" * 12)
        self.assertIs(self.endpoint.session, session)
        self.assertEqual(self.packets_to_send(1.1), [Close(SESSION, False)])

    def test_one_that_is_closing_does_not_join_again(self) -> None:
        self.open(SESSION)
        self.endpoint.close()
        self.packets_to_send(1.0)
        self.open(99, 1.1, b"d" * 12)
        self.assertEqual(self.opened, 1)
        self.assertEqual(self.packets_to_send(1.1), [Close(99, False)])

    def test_a_packet_of_its_own_that_is_reflected_is_not_the_servers(self) -> None:
        request = self.open(SESSION)
        own = seal(Close(SESSION, False), request.key, Side.CLIENT)
        self.endpoint.receive(own, 1.0)
        self.assertFalse(self.endpoint.is_over)

    def test_a_server_of_another_version_is_an_error_that_says_so(self) -> None:
        hello = self.ask()
        cookie = seal(Cookie(hello.number, VERSION + 1, b"c" * 12), NO_KEY, Side.SERVER)
        error = self.assertRaises(OtherVersion, self.endpoint.receive, cookie, 0.0)
        self.assertIn("the server speaks version 2 ", str(error))

    def test_a_refusal_of_the_present_attempt_says_why(self) -> None:
        request = self.open(SESSION)
        first = Refusal(request.number, request.attempt, b"no")
        self.give(first, request.key, 0.0)  # It is in already.
        self.give(Cookie(SESSION, VERSION, b"d" * 12), NO_KEY, 0.0)
        second = first._replace(attempt=2, reason=b"n\xff")
        for packet, key in (
            (first, request.key),
            (second._replace(number=8), request.key),
            (second, KEY),
        ):
            self.give(packet, key, 0.0)
        error = self.assertRaises(NotServed, self.give, second, request.key, 0.0)
        self.assertEqual(str(error), "n\N{REPLACEMENT CHARACTER}")

    def test_a_suspended_client_has_not_waited_for_the_first_answer(self) -> None:
        self.endpoint.extend_timeouts(30.0)
        self.assertEqual(self.endpoint.began, 30.0)

    def test_a_late_welcome_of_an_earlier_session_is_dropped(self) -> None:
        first = self.open(SESSION)
        self.open(99, 1.0, b"d" * 12)
        self.give(Cookie(99, VERSION, b"e" * 12), NO_KEY, 2.0)
        self.give(Welcome(first.number, SESSION, first.attempt), first.key, 2.0)
        self.assertIs(self.endpoint.stage, Stage.OPENING)

    def test_a_server_that_stops_is_asked_until_it_is_back(self) -> None:
        request = self.open(SESSION)
        self.give(Close(SESSION, True), request.key, 1.0)
        self.assertFalse(self.endpoint.is_over)
        self.assertEqual([type(packet) for packet in self.packets_to_send(1.0)], [Close])
        self.assertEqual(type(self.packets_to_send(1.5)[0]), Hello)
        self.endpoint.close()
        self.assertTrue(self.endpoint.is_over)

    def test_a_server_that_closes_ends_it(self) -> None:
        request = self.open(SESSION)
        self.give(Close(SESSION, False), request.key, 1.0)
        self.assertTrue(self.endpoint.is_over)

    def test_it_tells_when_the_server_is_lost(self) -> None:
        self.open(SESSION)
        self.assertFalse(self.endpoint.is_lost(8.9))
        self.assertTrue(self.endpoint.is_lost(9.0))
        self.endpoint.extend_timeouts(30.0)
        self.assertFalse(self.endpoint.is_lost(38.9))


class Endpoint(DatagramProtocol):
    """One end of a session over a network.

    A sender and a receiver alone, so that the sequence numbers can begin anywhere.
    """

    noisy = False

    def __init__(self, clock: Clock, peer: str, first: int, peers_first: int) -> None:
        self.heard: list[bytes] = []
        self.sent = 0
        self._peer = peer, 9000
        self.sender = Sender(SESSION, first=first)
        self._receiver = Receiver(SESSION, 65_536, peers_first)
        self._clock = clock
        self._timer: IDelayedCall | None = None

    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        packet = decode(datagram) if is_sealed(datagram, KEY, Side.CLIENT) else None
        if isinstance(packet, Data):
            self.heard += self._receiver.receive(packet)
            self._send(self._receiver.ack())
        elif isinstance(packet, Ack):
            self.sender.receive(packet, self._clock.seconds())
        self.pump()

    def say(self, message: bytes) -> None:
        self.sender.add(message)
        self.pump()

    def pump(self) -> None:
        for packet in self.sender.packets_to_send(self._clock.seconds()):
            self._send(packet)
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        deadline = self.sender.deadline()
        if deadline is not None:
            wait = max(deadline - self._clock.seconds(), 0.0)
            self._timer = self._clock.callLater(wait, self.pump)

    def _send(self, packet: Packet) -> None:
        self.sent += 1
        assert self.transport
        self.transport.write(seal(packet, KEY, Side.CLIENT), self._peer)


def converse(seed: int, messages: int, *toxics: str) -> tuple[Clock, Endpoint, Endpoint]:
    """Have two ends say `messages` to each other, until all have come or an hour has passed."""
    clock = Clock()
    first, second = (seed * 7919) % MODULUS, MODULUS - 1 - seed % 50
    network = DatagramNetwork(clock, ("latency=20ms", *toxics), seed=seed)
    ones, others = "192.0.2.1", "192.0.2.2"
    one, other = Endpoint(clock, others, first, second), Endpoint(clock, ones, second, first)
    network.listen((ones, 9000), one)
    network.listen((others, 9000), other)
    for number in range(messages):
        size = (seed + number) % 7 * 600
        for end, name in ((one, b"one"), (other, b"other")):
            end.say(b"%s %d " % (name, number) + b"x" * size)
    while not (one.sender.is_idle and other.sender.is_idle) and clock.seconds() < 3600:
        clock.advance(min(call.getTime() for call in clock.getDelayedCalls()) - clock.seconds())
    return clock, one, other


class LossTests(SynchronousTestCase):
    def check(self, seed: int, messages: int, *toxics: str) -> tuple[Clock, Endpoint]:
        clock, one, other = converse(seed, messages, *toxics)
        expected = [(seed + number) % 7 * 600 for number in range(messages)]
        for end, name in ((one, b"other"), (other, b"one")):
            self.assertEqual(
                end.heard,
                [b"%s %d " % (name, n) + b"x" * size for n, size in enumerate(expected)],
                f"seed {seed}, {toxics}",
            )
        return clock, one

    def test_a_good_network_costs_no_more_than_it_must(self) -> None:
        clock, one = self.check(1, 200)
        fragments = sum((1 + n) % 7 * 600 + 11 for n in range(200)) / LARGEST_FRAGMENT
        self.assertLess(one.sent, 2.2 * fragments)
        self.assertLess(clock.seconds(), 2.0)

    def test_a_fifth_lost_a_fifth_doubled_a_fifth_reordered(self) -> None:
        for seed in range(40):
            clock, _ = self.check(seed, 50, *FIFTHS, "corrupt=5%")
            self.assertLess(clock.seconds(), 120, f"seed {seed}")

    @settings(max_examples=30)
    @given(st.integers(0, 2**32), st.integers(0, 50), st.integers(0, 50), st.integers(0, 100))
    def test_property_any_network_that_lets_something_through(
        self, seed: int, lost: int, duplicated: int, reordered: int
    ) -> None:
        toxics = f"loss={lost}%", f"duplicate={duplicated}%", f"reorder={reordered}%,delay=100ms"
        self.check(seed, 10, *toxics)
