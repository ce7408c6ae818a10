"""Peers that send no newlines: where their messages end, and what they get in one segment."""

from __future__ import annotations

from functools import partial

from twisted.internet.defer import Deferred

from tests.unit.test_channels import ChannelTestCase
from twisted_lab.channels import Channel, TextChannel
from twisted_lab.channels.text import CAN_BE_CUT
from twisted_lab.services import auth, broadcast, chat, ident, messages

GAPS = (0.05, 0.1, 0.15, 0.19, 0.25)  # seconds


def pieces(piece: bytes, seconds: float, count: int) -> list[bytes | float]:
    """Return steps of `GapTests.send`: `piece` and a pause, `count` times."""
    return [each for _ in range(count) for each in (piece, seconds)]


class GapTests(ChannelTestCase):
    make = staticmethod(lambda: TextChannel(600, 10_000))

    def send(self, *steps: bytes | float) -> list[str]:
        """Let a new peer send, with pauses in seconds, and then be silent; return what is heard."""
        self.setUp()
        self.connect(self.listen)
        for step in (*steps, 0.3):
            if isinstance(step, bytes):
                self.channel.dataReceived(step)
            else:
                self.clock.pump([0.001] * round(step * 1000))
        return self.heard

    def test_three_messages_at_any_gap(self) -> None:
        for gap in GAPS:
            for texts in (["Anna", "hello", "exit"], ["hello", "7", "8"], ["я" * 30] * 3):
                one, two, three = (text.encode() for text in texts)
                self.assertEqual(self.send(one, gap, two, gap, three), texts)

    def test_the_same_with_nuls(self) -> None:
        for gap in GAPS:
            heard = self.send(b"Anna\0", gap, b"hello\0", gap, b"exit\0")
            self.assertEqual(heard, ["Anna", "hello", "exit"])

    def test_segments_at_most_10_ms_apart_are_one_message(self) -> None:
        self.assertEqual(
            self.send(*pieces(b"one", 0.01, 9), 0.05, *pieces(b"two", 0.01, 9)),
            ["one" * 9, "two" * 9],
        )

    def test_a_segment_with_the_rest_of_a_character_is_no_key(self) -> None:
        for text in ("Hello", "Привет", "Привет!"):
            for end in (1, 2):
                data = text.encode()
                heard = self.send(data[:-end], 0.01, data[-end:], 0.05, b"you", 0.05, b"exit")
                self.assertEqual(heard, [text, "you", "exit"])

        rest = "ова".encode()
        heard = self.send("два сл".encode() + rest[:1], rest[1:3], rest[3:], 0.05, b"exit")
        self.assertEqual(heard, ["два слова", "exit"])

    def test_a_message_does_not_end_within_a_character(self) -> None:
        data = "Привет".encode()
        self.assertEqual(self.send(data[:5], 0.1, data[5:]), ["Привет"])

    def test_a_known_peer_is_heard_after_30_ms(self) -> None:
        self.send(b"hello", 0.25, b"again")
        self.channel.dataReceived(b"and again")
        self.clock.pump([0.001] * 29)
        self.assertEqual(self.heard, ["hello", "again"])
        self.clock.pump([0.001] * 3)
        self.assertEqual(self.heard, ["hello", "again", "and again"])

    def test_a_process_that_was_held_up_reads_first(self) -> None:
        self.send(b"hello", 0.25)
        self.channel.dataReceived(b"aga")
        self.clock.advance(10)
        self.channel.dataReceived(b"in")
        self.clock.pump([0.001] * 40)
        self.assertEqual(self.heard, ["hello", "again"])

    def test_the_first_bytes_of_a_line_wait_for_its_newline(self) -> None:
        self.assertEqual(self.send(b"hello", 0.04, b" world\n"), ["hello world"])
        self.assertEqual(self.send(b"hello", 0.19, b"\r\nbye\r\n"), ["hello", "bye"])
        self.assertEqual(self.send(b"hello\0", 0.19, b"\nbye\0\n"), ["hello", "bye"])

    def test_a_line_of_a_peer_that_sends_newlines_stays_whole(self) -> None:
        for first in (b"name\n", b"name\r", b"name\0\n"):
            for gap in (0.04, 0.19):
                heard = self.send(first, *pieces(b"piece ", gap, 5), b"\n")
                self.assertEqual(heard, ["name", "piece " * 5])
        # Also after it has sent a message without one.
        heard = self.send(b"raw", 0.25, b"line\n", *pieces(b"piece ", 0.19, 5), b"\n")
        self.assertEqual(heard, ["raw", "line", "piece " * 5])

    def test_a_text_that_the_network_may_have_cut_stays_whole(self) -> None:
        long = "x" * CAN_BE_CUT
        for before in ([], pieces(b"hi", 0.25, 1)):
            heard = self.send(*before, long.encode(), 0.15, b"end")
            self.assertEqual(heard[-1], long + "end")

    def test_keys_and_telnet_are_waited_for(self) -> None:
        for first in (b"h", b"\xff\xfb\x1fh"):
            self.assertEqual(self.send(first, 0.1, b"el", 0.1, b"lo", 0.1, b"\r"), ["hello"])
        self.assertEqual(self.send(b"hel", 0.1, b"\xff\xfb\x1flo", 60.0), [])
        self.assertEqual(self.send(b"hel", 0.1, b"\xff\xfb\x1flo", 60.0, b"\r"), ["hello"])

    def test_typing_after_a_long_pause_stays_together(self) -> None:
        keys = pieces(b"l", 0.15, 3)
        self.assertEqual(self.send(b"h", 2.0, *keys, b"o\r"), ["h", "lllo"])
        # But a menu's first answer is one character, too.
        self.assertEqual(self.send(b"1", 2.0, b"Anna", 0.05, b"exit"), ["1", "Anna", "exit"])

    def test_without_idle_flush_a_nul_ends_a_message(self) -> None:
        self.make = lambda: TextChannel(600, idle_flush=0)
        for pause in (0.0, 60.0):
            heard = self.send(b"hello\0", pause, b"\0", pause, b"1\0", pause, b"three")
            self.assertEqual(heard, ["hello", "1"])
        self.assertEqual(self.send(b"hello\0"), ["hello"])
        self.assertEqual(self.send(b"hello\0", 1.0, b"\nbye\0\n"), ["hello", "bye"])

    def test_without_idle_flush_only_the_end_of_the_input_ends_a_message(self) -> None:
        self.make = lambda: TextChannel(600, idle_flush=0)
        self.assertEqual(self.send(b"a\nhel", 60.0, b"lo", 60.0, b"!\n"), ["a", "hello!"])
        self.assertEqual(self.send(b"hel", 60.0, b"lo", 60.0), [])
        self.assertEqual(self.clock.getDelayedCalls(), [self.channel._silence])
        self.channel.readConnectionLost()
        self.assertEqual(self.heard, ["hello"])

    def test_a_short_idle_flush(self) -> None:
        self.make = lambda: TextChannel(600, idle_flush=0.01)
        self.assertEqual(self.send(b"one", 0.013, b"two", 0.009, b", three"), ["one", "two, three"])


class PaceTests(ChannelTestCase):
    def peer(self, newline: bytes = b"\n", pace: float = 0) -> list[bytes]:
        """Send a message to a new conversation; return its writes."""
        self.make = partial(TextChannel, 600, 1000, newline, 0.2, pace)
        self.connect(self.number)
        self.channel.dataReceived(b"one")
        self.clock.pump([0.2, 0.001])
        return self.wire.writes

    async def number(self, channel: Channel) -> None:
        for number in range(1, 100):
            channel.say(f"Message {number}:")
            text = await channel.hear()
            channel.say(f"Your message: {text.upper()}")

    def test_what_one_turn_says_is_one_write(self) -> None:
        self.assertEqual(self.peer(), [b"Message 1:\n", b"Your message: ONE\nMessage 2:\n"])

    def test_without_newlines_lf_is_between_the_messages(self) -> None:
        writes = self.peer(newline=b"")
        self.assertEqual(writes, [b"Message 1:", b"Your message: ONE\nMessage 2:"])
        self.channel.dataReceived(b"two\n")
        self.assertEqual(writes[2:], [b"Your message: TWO\nMessage 3:"])

    def test_lf_is_also_between_messages_of_a_long_turn(self) -> None:
        async def read_aloud(channel: Channel) -> None:
            await channel.hear()
            for letter in "abc":
                channel.say(letter * 100_000)

        self.make = partial(TextChannel, 600, 100, b"", pace=0)
        self.connect(read_aloud)
        self.channel.dataReceived(b"go\n")
        self.assertEqual(self.wire.value().split(b"\n"), [c * 100_000 for c in (b"a", b"b", b"c")])

    def test_also_for_a_peer_that_sends_newlines(self) -> None:
        self.make = partial(TextChannel, 600, 100, b"", pace=0)
        self.connect(self.number)
        self.channel.dataReceived(b"one\n")
        self.assertEqual(self.wire.writes, [b"Message 1:", b"Your message: ONE\nMessage 2:"])

    def test_with_a_pace_each_message_is_a_write(self) -> None:
        writes = self.peer(newline=b"", pace=0.05)
        self.assertEqual(writes, [b"Message 1:", b"Your message: ONE"])
        self.clock.pump([0.05])
        self.assertEqual(writes[2:], [b"Message 2:"])

    def test_a_conversation_that_waited_for_other_work_says_it_in_one_write(self) -> None:
        work: Deferred[None] = Deferred()

        async def login(channel: Channel) -> None:
            await channel.hear()
            await work
            channel.say("Hello")
            channel.say("Token:")

        for newline in (b"\n", b""):
            work = Deferred()
            self.make = partial(TextChannel, 600, 100, newline, pace=0)
            self.connect(login)
            self.channel.dataReceived(b"Anna")
            self.clock.pump([0.2, 0.001])
            work.callback(None)
            self.clock.advance(0)
            self.assertEqual(self.wire.writes, [b"Hello\nToken:" + newline])
            self.assertTrue(self.wire.half_closed)

    def test_what_others_say_in_one_turn_is_one_write(self) -> None:
        self.peer(newline=b"")
        self.channel.relay(["a", "b"], [b"a", b"b"], b"ab")
        self.clock.advance(0)
        self.assertEqual(self.wire.writes[2:], [b"a\nb"])

    def test_a_peer_that_does_not_read_gets_all_of_it_later(self) -> None:
        self.peer()
        self.channel._outbox.pauseProducing()
        for text in "abc":
            self.channel.say(text)
        self.clock.advance(0)
        self.assertEqual(len(self.wire.writes), 2)
        self.channel._outbox.resumeProducing()
        self.assertEqual(self.wire.writes[2:], [b"a\nb\nc\n"])

    def test_a_long_turn_does_not_put_a_peer_that_reads_too_far_behind(self) -> None:
        self.peer()
        for _ in range(1000):
            self.channel.say("x" * 1000)
        self.clock.advance(0)
        self.assertEqual(len(self.wire.value()), 1_001_000 + len(b"".join(self.wire.writes[:2])))

    def test_the_services_defaults(self) -> None:
        for module in (messages, ident, auth, chat):
            self.assertEqual(module.Options().pace, 0)
        self.assertEqual(broadcast.Options().pace, 50)
