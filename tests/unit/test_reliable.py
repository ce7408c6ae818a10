"""The reliable protocol over a wire that loses, doubles and reorders."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.reliable import (
    Ack,
    BadPacket,
    Cookies,
    Data,
    Receiver,
    RetransmissionTimer,
    Sender,
    TooLong,
    decode,
)
from twisted_lab.reliable.packets import LARGEST_FRAGMENT, LARGEST_PACKET, MODULUS, distance
from twisted_lab.reliable.receiver import WINDOW
from twisted_lab.testing import LossyWire

SESSION = 0x0123456789ABCDEF
numbers = st.integers(0, MODULUS - 1)


class PacketTests(SynchronousTestCase):
    def test_the_layout(self) -> None:
        self.assertEqual(
            Data(SESSION, 7, 8, True, b"hi").encode(),
            bytes.fromhex("c103 0123456789abcdef 00000007 00000008 01") + b"hi",
        )
        self.assertEqual(
            Ack(SESSION, 7, 8, ((9, 11),)).encode(),
            bytes.fromhex("c104 0123456789abcdef 00000007 00000008 00000009 0000000b"),
        )

    @given(
        st.builds(
            Data,
            st.integers(0, 2**64 - 1),
            numbers,
            numbers,
            st.booleans(),
            st.binary(max_size=LARGEST_FRAGMENT),
        )
        | st.builds(
            Ack,
            st.integers(0, 2**64 - 1),
            numbers,
            numbers,
            st.lists(st.tuples(numbers, numbers), max_size=32).map(tuple),
        )
    )
    def test_property_what_is_encoded_is_decoded(self, packet: Data | Ack) -> None:
        self.assertLessEqual(len(packet.encode()), LARGEST_PACKET)
        self.assertEqual(decode(packet.encode()), packet)

    @given(st.binary(max_size=1300), st.sampled_from([b"", b"\xc1\x03", b"\xc1\x04"]))
    def test_property_what_is_no_packet_is_said_to_be_none(self, rest: bytes, begin: bytes) -> None:
        try:
            packet = decode(begin + rest)
        except BadPacket:
            return
        self.assertEqual(packet.encode(), begin + rest)

    def test_each_way_to_be_none(self) -> None:
        data = Data(SESSION, 7, 8, True, b"").encode()
        for bad in (
            b"",
            b"hello",
            b"\xc1",
            b"\xc1\x09" + data[2:],
            data[:-1],
            data[:-1] + b"\x02",
            data + b"x" * LARGEST_PACKET,
            Ack(SESSION, 7, 8, ((9, 11),)).encode()[:-1],
            Ack(SESSION, 7, 8).encode() + bytes(8 * 33),
        ):
            self.assertRaises(BadPacket, decode, bad)

    @given(numbers, st.integers(-(2**31), 2**31 - 1))
    def test_property_numbers_go_round(self, start: int, steps: int) -> None:
        self.assertEqual(distance(start, (start + steps) % MODULUS), steps)


class CookieTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.cookies = Cookies()

    @given(st.floats(0, 1e9), st.floats(0, 100))
    def test_property_one_is_good_for_30_to_60_seconds(self, now: float, age: float) -> None:
        cookies = Cookies()
        cookie = cookies.make("10.0.0.1", 9, now)
        # Others come and go meanwhile.
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
        self.assertFalse(Cookies().is_good(cookie, "10.0.0.1", 9, 1.0))

    def test_a_clock_that_jumps_makes_none_good(self) -> None:
        for jump in (-1e6, 1e6):
            cookie = self.cookies.make("10.0.0.1", 9, 1e7)
            self.assertFalse(self.cookies.is_good(cookie, "10.0.0.1", 9, 1e7 + jump))
            self.assertFalse(self.cookies.is_good(cookie, "10.0.0.1", 9, 1e7))


class TimerTests(SynchronousTestCase):
    def test_it_follows_the_round_trips(self) -> None:
        timer = RetransmissionTimer()
        self.assertEqual(timer.timeout, 1.0)
        timer.measured(0.5)
        self.assertEqual(timer.timeout, 0.5 + 4 * 0.25)
        timer.measured(0.5)
        self.assertEqual(timer.timeout, 0.5 + 4 * 0.1875)
        for _ in range(100):
            timer.measured(0.5)
        self.assertAlmostEqual(timer.timeout, 0.51)

    def test_it_backs_off_up_to_a_limit_and_comes_back(self) -> None:
        timer = RetransmissionTimer()
        timer.measured(0.1)
        waits = []
        for _ in range(8):
            waits.append(timer.timeout)
            timer.expired()
        self.assertEqual(waits[:3], [waits[0], waits[0] * 2, waits[0] * 4])
        self.assertEqual(waits[-1], 10.0)
        timer.measured(0.1)
        self.assertLess(timer.timeout, 1)

    def test_what_cannot_be_is_not_learned(self) -> None:
        timer = RetransmissionTimer()
        timer.measured(4e6)
        self.assertEqual(timer.timeout, 1.0)
        timer.measured(0.0)
        self.assertEqual(timer.timeout, 0.2)


class ReceiverTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.receiver = Receiver(SESSION, MODULUS - 2, limit=10)

    def take(self, sequence: int, fragment: bytes, last: bool = True) -> list[bytes]:
        return self.receiver.take(Data(SESSION, sequence % MODULUS, 5, last, fragment))

    def test_each_once_and_in_order_around_the_end_of_numbers(self) -> None:
        first = MODULUS - 2
        self.assertEqual(self.take(first + 1, b"b"), [])
        self.assertEqual(self.take(first + 3, b"d"), [])
        self.assertEqual(
            self.receiver.ack(),
            Ack(SESSION, first, 5, ((first + 1, 0), (1, 2))),
        )
        self.assertEqual(self.take(first, b"a"), [b"a", b"b"])
        self.assertEqual(self.take(first, b"a"), [])
        self.assertEqual(self.take(first + 2, b"c"), [b"c", b"d"])
        self.assertEqual(self.receiver.ack(), Ack(SESSION, 2, 5))

    def test_fragments_are_joined(self) -> None:
        first = MODULUS - 2
        self.assertEqual(self.take(first + 1, b"lo"), [])
        self.assertEqual(self.take(first, b"hel", last=False), [b"hello"])
        self.assertEqual(self.take(first + 2, b""), [b""])

    def test_a_message_has_a_limit(self) -> None:
        first = MODULUS - 2
        self.take(first, b"x" * 10, last=False)
        self.assertRaises(TooLong, self.take, first + 1, b"x")

    def test_what_is_too_far_ahead_is_not_kept(self) -> None:
        for sequence in (WINDOW, 2**31, MODULUS - 1):
            self.assertEqual(self.take(MODULUS - 2 + sequence, b"x"), [])
        self.assertEqual(self.receiver.ack().ranges, ())


class SenderTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.sender = Sender(SESSION, 0)

    def sequences(self, now: float) -> list[int]:
        return [data.sequence for data in self.sender.due(now)]

    def fill(self, count: int) -> None:
        for _ in range(count):
            self.sender.add(b"x")

    def test_a_window_at_a_time(self) -> None:
        self.fill(30)
        self.assertEqual(self.sequences(0.0), list(range(10)))
        self.assertEqual(self.sequences(0.1), [])
        self.sender.take(Ack(SESSION, 10, 0), 0.1)
        self.assertEqual(self.sequences(0.1), list(range(10, 30)))
        self.assertFalse(self.sender.is_idle)
        self.sender.take(Ack(SESSION, 30, 100), 0.2)
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
            self.sender.take(Ack(SESSION, 0, 0, ((1, end),)), 0.05)
        deadline = self.sender.deadline()
        assert deadline is not None
        self.assertLessEqual(deadline, 0.05)
        self.assertEqual(self.sequences(0.05), [0])

    def test_the_window_halves_on_loss(self) -> None:
        self.fill(100)
        self.sequences(0.0)
        self.sequences(1.0)
        for number in range(1, 11):
            self.sender.take(Ack(SESSION, number, 1000), 1.1)
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
            self.sender.take(ack, 0.1)
            self.assertEqual(self.sequences(0.1), [], ack)
        self.assertEqual(sorted(self.sequences(1.0)), [0, 1])

    def test_an_old_acknowledgement_changes_nothing(self) -> None:
        self.fill(10)
        self.sequences(0.0)
        self.sender.take(Ack(SESSION, 10, 0), 0.1)
        self.sender.take(Ack(SESSION, 3, 0, ((5, 7),)), 0.1)
        self.assertTrue(self.sender.is_idle)

    def test_long_messages_are_cut(self) -> None:
        self.sender.add(b"x" * (2 * LARGEST_FRAGMENT))
        self.sender.add(b"")
        packets = self.sender.due(0.0)
        self.assertEqual([len(data.fragment) for data in packets], [LARGEST_FRAGMENT] * 2 + [0])
        self.assertEqual([data.last for data in packets], [False, True, True])


class Endpoint:
    """One end of a session, as far as it can go without a handshake."""

    def __init__(self, clock: Clock, first: int, peers_first: int) -> None:
        self.heard: list[bytes] = []
        self.sent = 0
        self.wire: LossyWire
        self.sender = Sender(SESSION, first)
        self._receiver = Receiver(SESSION, peers_first, 65_536)
        self._clock = clock
        self._timer: IDelayedCall | None = None

    def received(self, datagram: bytes) -> None:
        try:
            packet = decode(datagram)
        except BadPacket:
            return
        if isinstance(packet, Data):
            self.heard += self._receiver.take(packet)
            self._send(self._receiver.ack().encode())
        else:
            self.sender.take(packet, self._clock.seconds())
        self.pump()

    def say(self, message: bytes) -> None:
        self.sender.add(message)
        self.pump()

    def pump(self) -> None:
        for packet in self.sender.due(self._clock.seconds()):
            self._send(packet.encode())
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        deadline = self.sender.deadline()
        if deadline is not None:
            wait = max(deadline - self._clock.seconds(), 0.0)
            self._timer = self._clock.callLater(wait, self.pump)

    def _send(self, datagram: bytes) -> None:
        self.sent += 1
        self.wire.send(datagram)


def converse(seed: int, messages: int, **trouble: float) -> tuple[Clock, Endpoint, Endpoint]:
    """Have two ends say `messages` to each other, until all have come or an hour has passed."""
    clock = Clock()
    first, second = (seed * 7919) % MODULUS, MODULUS - 1 - seed % 50
    one, other = Endpoint(clock, first, second), Endpoint(clock, second, first)
    one.wire = LossyWire(clock, seed, other.received, **trouble)
    other.wire = LossyWire(clock, ~seed, one.received, **trouble)
    for number in range(messages):
        size = (seed + number) % 7 * 600
        for end, name in ((one, b"one"), (other, b"other")):
            end.say(b"%s %d " % (name, number) + b"x" * size)
    while not (one.sender.is_idle and other.sender.is_idle) and clock.seconds() < 3600:
        clock.advance(min(call.getTime() for call in clock.getDelayedCalls()) - clock.seconds())
    return clock, one, other


class LossTests(SynchronousTestCase):
    def check(self, seed: int, messages: int, **trouble: float) -> tuple[Clock, Endpoint]:
        clock, one, other = converse(seed, messages, **trouble)
        expected = [(seed + number) % 7 * 600 for number in range(messages)]
        for end, name in ((one, b"other"), (other, b"one")):
            self.assertEqual(
                end.heard,
                [b"%s %d " % (name, n) + b"x" * size for n, size in enumerate(expected)],
                f"seed {seed}, {trouble}",
            )
        return clock, one

    def test_a_good_network_costs_no_more_than_it_must(self) -> None:
        clock, one = self.check(1, 200)
        packets = sum(
            max(-(-(size + 10) // LARGEST_FRAGMENT), 1)
            for size in ((1 + n) % 7 * 600 for n in range(200))
        )
        self.assertLess(one.sent, 2.2 * packets)
        self.assertLess(clock.seconds(), 2.0)

    def test_a_fifth_lost_a_fifth_doubled_a_fifth_reordered(self) -> None:
        for seed in range(40):
            clock, _ = self.check(seed, 50, drop=0.2, duplicate=0.2, reorder=0.2)
            self.assertLess(clock.seconds(), 120, f"seed {seed}")

    @settings(max_examples=30)
    @given(st.integers(0, 2**32), st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 1))
    def test_property_any_network_that_lets_something_through(
        self, seed: int, drop: float, duplicate: float, reorder: float
    ) -> None:
        self.check(seed, 10, drop=drop, duplicate=duplicate, reorder=reorder)
