"""Bytes around text: padding, byte order marks, carriage returns, telnet."""

from __future__ import annotations

from functools import partial

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionDone
from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from tests.unit.test_channels import ChannelTestCase
from tests.unit.test_codecs import check_any_bytes, cuts, decode_all, split
from tests.unit.test_datagrams import HERE, DatagramsCase
from twisted_lab.channels import TextChannel
from twisted_lab.codecs import MessageError, TextDecoder, datagram_lines
from twisted_lab.services import auth, ident

BOM = b"\xef\xbb\xbf"
NOP, SB, SE, WILL, DO = b"\xff\xf1", b"\xff\xfa", b"\xff\xf0", b"\xff\xfb", b"\xff\xfd"
odd = st.lists(
    st.sampled_from(
        [
            b"a",
            b"\n",
            b"\r",
            b"\0",
            b"\0\0",
            BOM,
            b"\xef",
            b"\xbb",
            b"\xff",
            NOP,
            SB,
            SE,
            WILL + b"\n",
        ]
    )
    | st.binary(max_size=4),
    max_size=30,
)


def outcome(pieces: list[bytes], is_strict: bool = False) -> tuple[list[bytes], str, bool]:
    """Feed `pieces`, then the end.

    Returns:
        The messages before the first error, the error, and whether the peer is unterminated.
    """
    told: list[None] = []
    decoder, lines = TextDecoder(1000, lambda: told.append(None), is_strict), []
    for piece in pieces:
        decoder.feed(piece)
    decoder.end_line()
    assert decoder.is_unterminated == bool(told)
    try:
        while some := decoder.take(2):
            lines += some
    except MessageError as error:
        return lines, str(error), bool(told)
    return lines, "", bool(told)


def byte_by_byte(data: bytes) -> list[bytes]:
    """Cut `data` such that nothing comes together with the NUL before it."""
    return [data[at : at + 1] for at in range(len(data))]


class TextDecoderTests(SynchronousTestCase):
    def lines(self, data: bytes) -> list[bytes]:
        """Return the messages in `data`, which are the same however it is cut."""
        whole = outcome([data])
        self.assertEqual(whole[1], "")
        for size in (1, 2, 3, 5):
            pieces = [data[start : start + size] for start in range(0, len(data), size)]
            self.assertEqual(outcome(pieces), whole)
        return whole[0]

    def test_each_kind_of_newline(self) -> None:
        self.assertEqual(
            self.lines(b"a\nb\r\nc\rd\r\0e\r\r\n\n\rf"),
            [b"a", b"b", b"c", b"d", b"e", b"", b"", b"", b"f"],
        )

    def test_nul_terminated(self) -> None:
        self.assertEqual(self.lines(b"Anna\0"), [b"Anna"])
        self.assertEqual(self.lines(b"Anna\n\0secret12\n\0"), [b"Anna", b"secret12"])
        self.assertEqual(self.lines(b"Anna\0\nsecret12\0\r\n"), [b"Anna", b"secret12"])

    def test_nul_padded(self) -> None:
        padding = bytes(1000)
        self.assertEqual(self.lines(b"Anna" + padding), [b"Anna"])
        self.assertEqual(
            self.lines(b"Anna\n" + padding + b"secret12\r\n" + padding), [b"Anna", b"secret12"]
        )
        self.assertEqual(self.lines(padding + b"\n"), [b""])

    def test_padding_takes_no_memory_and_counts_for_no_limit(self) -> None:
        decoder = TextDecoder(limit=3)
        decoder.feed(b"abc")
        for _ in range(1000):
            decoder.feed(bytes(1000))
        self.assertEqual(decoder.size, len("abc"))
        decoder.feed(b"\n")
        self.assertEqual(decoder.take(9), [b"abc"])
        self.assertEqual(decoder.size, 0)

    def test_messages_that_nuls_end(self) -> None:
        for data in (
            b"hello\0world\0",
            b"hello\0\0\0\0world\0\0",
            b"hello\0world",
            b"hello\0\nworld\n\0",
        ):
            self.assertEqual(self.lines(data), [b"hello", b"world"])
        self.assertEqual(self.lines(b"hello\0\r\n\0\n\0x\0\n\0"), [b"hello", b"", b"x"])
        self.assertEqual(
            self.lines(b"hello\0" + BOM + b"a" + BOM + b"\0b"), [b"hello", b"a" + BOM, b"b"]
        )
        self.assertEqual(self.lines(b"ok\nAn\0na\nsecret12\n"), [b"ok", b"An", b"na", b"secret12"])

    def test_a_newline_may_come_in_the_piece_behind_the_nul(self) -> None:
        for newline in (b"\n", b"\r\n"):
            told: list[str] = []
            decoder = TextDecoder(became_unterminated=partial(told.append, ""))
            for _ in range(3):
                decoder.feed(b"hello\0")
                self.assertEqual((decoder.take(9), decoder.mid_line), ([], True))
                decoder.feed(newline)
                self.assertEqual((decoder.take(9), decoder.mid_line), ([b"hello"], False))
            self.assertEqual(told, [])
            decoder.feed(b"hello\0")
            decoder.feed(b"world\0")
            self.assertEqual((decoder.take(9), told), ([b"hello", b"world"], [""]))

    def test_what_a_buffer_had_before_is_no_message(self) -> None:
        for data, lines, error in (
            (b"hi\0password\0\0\0", [b"hi"], "NUL at byte 2"),
            (b"first\nhi\0password\0\0\0", [b"first", b"hi"], "NUL at byte 2"),
            (b"hi\0bob\0ord\0\0", [b"hi"], "NUL at byte 2"),
            (b"hi\n\0password\n\0\0", [b"hi"], "NUL at byte 0"),
            (b"a\0\0b\0c\0\0", [b"a", b"b"], "NUL at byte 1"),
        ):
            self.assertEqual(outcome([data])[:2], (lines, f"no text: {error}"))
        self.assertEqual(
            outcome([b"hello", b"\0a\0\0"])[:2], ([b"hello"], "no text: NUL at byte 5")
        )
        # One message a piece, each in a buffer that it fills, or does not.
        self.assertEqual(outcome([b"hello\0", b"a\0\0\0"])[:2], ([b"hello", b"a"], ""))

    def test_strictly_nothing_behind_a_nul_is_a_message(self) -> None:
        for data in (b"Anna\0x", b"Anna\0x\n", b"Anna\0\0x\0\0", b"Anna\0\nx\n", b"Anna\n\0x\n"):
            lines, error, _ = outcome([data], is_strict=True)
            self.assertEqual(lines, [b"Anna"])
            self.assertRegex(error, "^no text: NUL at byte [04]$")
        for pieces in ([b"Anna\0", b"x\0\0"], [b"Anna\0\r\n\0", b"x\n"], [b"Anna\r\0x\r\0"]):
            self.assertEqual(outcome(pieces, is_strict=True)[:2], ([b"Anna", b"x"], ""))

    def test_a_nul_of_an_unterminated_peer_ends_a_message_at_once(self) -> None:
        decoder = TextDecoder()
        decoder.is_unterminated = True
        decoder.feed(b"hello\0")
        self.assertEqual(decoder.take(9), [b"hello"])
        decoder.feed(b"\0\0\r")
        decoder.feed(b"\n")
        self.assertEqual(decoder.take(9), [])
        decoder.feed(b"\n")
        self.assertEqual(decoder.take(9), [b""])

    def test_a_stream_that_begins_as_no_text_does(self) -> None:
        for data, likeness in (
            (b"\0\0\0\x05hello", "4-byte length"),
            (b"\0\0\0\x0ahelloworld", "4-byte length"),
            (b"\0\0\x0d\x0ahello", "4-byte length"),
            (b"\0\0\1\0" + bytes(256), "4-byte length"),
            (BOM + b"\0\0a\n", "4-byte length"),
            (b"\5\0\0\0hello", "little-endian length"),
            (b"\t\0\0\0over it x", "little-endian length"),
            (b"\n\0\0\0hello, you", "little-endian length"),
            (b"\r\0\0\0hello, world!", "little-endian length"),
            (b" \0\0\0" + b"x" * 32, "little-endian length"),
            (b"\xff\0\0\0" + b"x" * 255, "little-endian length"),
            (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", "TLS"),
            ("name\n".encode("utf-16-le"), "UTF-16"),
            ("name\n".encode("utf-16-be"), "UTF-16"),
            (BOM + b"\0a\n", "UTF-16"),
        ):
            for size in (1, 2, 3, 5, 100):
                pieces = [data[start : start + size] for start in range(0, len(data), size)]
                if data[0] in b"\r\n" and size < 3:
                    continue  # It is a line already.
                lines, error, _ = outcome(pieces)
                self.assertEqual(lines, [])
                self.assertRegex(error, f"^no text: this looks like (a )?{likeness}; ")

    def test_what_begins_like_no_text_and_is_text(self) -> None:
        self.assertEqual(self.lines(b"hi\0\0"), [b"hi"])
        self.assertEqual(self.lines(b"a\0\0\0\0b\0"), [b"a", b"b"])
        self.assertEqual(self.lines(b"a\0\0\0\r\nb\0"), [b"a", b"b"])
        self.assertEqual(self.lines(b"\t\0\0\0"), [b"\t"])
        self.assertEqual(self.lines(b"\0\0\0\0\r\n"), [b""])
        self.assertEqual(self.lines(b"a\0\nb\0"), [b"a", b"b"])
        self.assertEqual(self.lines(b"\x16\n"), [b"\x16"])
        self.assertEqual(self.lines(b"\0\0"), [b""])
        self.assertEqual(self.lines(b"\r\0a"), [b"", b"a"])

    def test_the_error_comes_again(self) -> None:
        decoder = TextDecoder()
        decoder.feed(b"\0\0a\nb\nc\n")
        for _ in range(2):
            self.assertRaises(MessageError, decoder.take, 9)

    def test_a_byte_order_mark_before_a_message(self) -> None:
        self.assertEqual(self.lines(BOM + b"Anna\n" + BOM + b"b"), [b"Anna", b"b"])
        inside = b"a" + BOM + b"b"
        self.assertEqual(self.lines(inside), [inside])
        self.assertEqual(self.lines(b"\xef\xbc\x8c"), [b"\xef\xbc\x8c"])

    def test_an_incomplete_mark_is_not_lost(self) -> None:
        self.assertEqual(self.lines(b"\xef\xbb"), [b"\xef\xbb"])

    def test_telnet(self) -> None:
        for command in (NOP, WILL + b"\n", DO + b"\x01", SB + b"\x18\0\n\xff\xff\xff\xf1x" + SE):
            self.assertEqual(self.lines(command + b"An" + command + b"na\r\0"), [b"Anna"])

    def test_what_begins_like_telnet_and_is_not(self) -> None:
        self.assertEqual(self.lines(b"\xffes\n"), [b"\xffes"])
        self.assertEqual(self.lines(b"a\xff\n"), [b"a\xff"])

    def test_a_command_that_is_cut_off_is_no_message(self) -> None:
        for rest in (b"\xff", WILL, SB, SB + b"\x18\xff"):
            self.assertEqual(self.lines(b"hello\n" + rest), [b"hello"])
            self.assertEqual(self.lines(b"hel" + rest), [b"hel"])

    def test_telnet_is_known_by_its_commands(self) -> None:
        for data, is_telnet in ((b"\xffes\n", False), (b"a" + NOP, True), (SB, True)):
            decoder = TextDecoder()
            decoder.feed(data)
            self.assertEqual(decoder.is_telnet, is_telnet)

    def test_a_negotiation_without_an_end_takes_no_memory(self) -> None:
        decoder = TextDecoder()
        decoder.feed(SB)
        for _ in range(1000):
            decoder.feed(b"x\xff\xff" * 300)
        self.assertEqual(decoder.size, 0)
        decoder.feed(SE + b"a\n")
        self.assertEqual(decoder.take(9), [b"a"])

    def test_whether_a_line_has_begun(self) -> None:
        decoder = TextDecoder()
        for data, has in (
            (b"", False),
            (BOM, False),
            (NOP, False),
            (b"a", True),
            (b"bcd", True),
            (b"\0", True),
            (b"\r", False),
            (b"\n", False),
            (b"\0", False),
            (b"\xff", False),
            (b"\xf1", False),
            (b"b" + NOP, True),
            (b"c\n", False),
        ):
            decoder.feed(data)
            self.assertEqual(decoder.mid_line, has, data)

    @given(odd, cuts)
    def test_property_the_cuts_do_not_matter(self, parts: list[bytes], at: list[int]) -> None:
        data = b"".join(parts)
        whole = outcome(byte_by_byte(data))
        lines, error, is_unterminated = outcome(split(data, at))
        if error == whole[1]:
            self.assertEqual((lines, is_unterminated), (whole[0], whole[2]))
        else:
            # Only these errors depend on which bytes arrive together.
            self.assertRegex(error, "^no text: (NUL at byte|this looks like a little-endian)")
            self.assertEqual(lines, whole[0][: len(lines)])

    @given(odd, st.integers(0, 60))
    def test_property_any_bytes_give_lines_or_the_error(
        self, pieces: list[bytes], limit: int
    ) -> None:
        check_any_bytes(TextDecoder(limit), pieces, limit)

    @given(odd, cuts)
    def test_property_no_nul_and_no_newline_is_in_a_message(
        self, parts: list[bytes], at: list[int]
    ) -> None:
        for line in outcome(split(b"".join(parts), at))[0]:
            self.assertFalse(set(line) & set(b"\0\r\n"))

    def test_as_many_as_are_asked_for(self) -> None:
        decoder = TextDecoder()
        self.assertEqual(decode_all(decoder, [b"a\rb\rc\r"], [1, 2]), [b"a", b"b", b"c"])

    def test_the_work_is_linear(self) -> None:
        """Each of these took minutes, were it quadratic."""
        for data in (bytes(2_000_000), SB * 1_000_000, b"\0a" * 1_000_000, b"\r\0" * 1_000_000):
            decoder = TextDecoder(limit=10**9)
            decoder.feed(b"x" + data)
            decoder.feed(data + b"x")


class DatagramTests(DatagramsCase):
    def test_a_padded_datagram_is_the_message_in_it(self) -> None:
        for padded, lines in (
            (b"hello\n" + bytes(100), [b"hello"]),
            (BOM + b"hello\0", [b"hello"]),
            (b"a\0\r\n\0b\0", [b"a", b"b"]),
            (b"hello\0\0world\0\0\0again", [b"hello", b"world", b"again"]),
            (b"hello\0\rworld\r\n\0", [b"hello", b"world"]),
            (b"hi\0password\0\0\0", [b"hi"]),
            (b"\0", [b""]),
            (b"", [b""]),
        ):
            self.assertEqual(datagram_lines(padded), lines)

    def test_a_member(self) -> None:
        channel = self.join_plain()
        self.successResultOf(self.hear(channel))
        self.server.datagramReceived(BOM + b"hello\n" + bytes(100), HERE)
        self.assertEqual(self.successResultOf(self.hear(channel)), "hello")

    def test_a_stranger(self) -> None:
        self.server.datagramReceived(BOM + b"/join Anna\n\0\0", HERE)
        self.assertTrue(self.sent[-1][0].startswith(b"/join Anna "))


class StrictTests(ChannelTestCase):
    def test_a_service_with_secrets_hears_nothing_behind_a_nul(self) -> None:
        for options, heard in ((auth.Options(), ["Anna"]), (ident.Options(), ["Anna", "secret12"])):
            self.setUp()
            options.parseOptions([])
            self.make = options.make_channel
            self.connect(self.listen)
            self.channel.dataReceived(b"Anna\0secret12\n")
            self.assertEqual(self.heard, heard)


class CharacterModeTests(ChannelTestCase):
    make = staticmethod(lambda: TextChannel(600, 100))

    def types(self, data: bytes, seconds: float = 0.5) -> None:
        self.channel.dataReceived(data)
        self.clock.pump([seconds / 100] * 100)

    def test_one_key_at_a_time_is_waited_for_until_enter(self) -> None:
        for enter in (b"\r", b"\n", b"\r\n", b"\r\0"):
            self.setUp()
            self.connect(self.listen)
            for key in "Zoë":
                self.types(key.encode())
            self.types(b"!", 60)
            self.assertEqual(self.heard, [])
            self.types(enter)
            self.assertEqual(self.heard, ["Zoë!"])

    def test_also_the_next_line(self) -> None:
        self.connect(self.listen)
        for key in "ab\rcd":
            self.types(key.encode())
        self.types(b"pasted", 60)
        self.assertEqual(self.heard, ["ab"])
        self.types(b"\r")
        self.assertEqual(self.heard, ["ab", "cdpasted"])

    def test_a_telnet_is_waited_for(self) -> None:
        self.connect(self.listen)
        self.types(DO + b"\x03" + b"Anna", 60)
        self.assertEqual(self.heard, [])
        self.types(b"\r\n")
        self.assertEqual(self.heard, ["Anna"])

    def test_the_end_of_the_input_is_an_end_of_the_line(self) -> None:
        self.connect(self.listen)
        self.types(b"a")
        self.types(b"b")
        self.lose(ConnectionDone())
        self.assertEqual(self.heard, ["ab"])

    def test_one_character_alone_is_a_message_after_a_while(self) -> None:
        self.connect(self.listen)
        self.types(b"7", 0.7)
        self.assertEqual(self.heard, [])
        self.clock.pump([0.1, 0.01, 0.01])
        self.assertEqual(self.heard, ["7"])
        self.types(b"8", 0.21)
        self.assertEqual(self.heard, ["7", "8"])

    def test_an_unterminated_peer_is_not_waited_for_until_enter(self) -> None:
        self.connect(self.listen)
        self.types(b"hello")
        self.types(b"4", 0.01)
        self.types(b"2")
        self.types(b"hello again")
        self.assertEqual(self.heard, ["hello", "42", "hello again"])

    def test_a_first_character_does_not_put_off_the_end_of_more(self) -> None:
        self.connect(self.listen)
        self.types(b"h", 0.3)
        self.types(b"ello", 0.5)
        self.assertEqual(self.heard, ["hello"])

    def test_negotiation_alone_is_no_message(self) -> None:
        self.connect(self.listen)
        self.types(BOM + NOP, 60)
        self.lose(ConnectionDone())
        self.assertEqual(self.heard, [])

    def test_no_text_is_told_and_nothing_is_heard(self) -> None:
        self.connect(self.echo)
        self.channel.dataReceived(b"\0\0\0\x05hello\nsecret12\n")
        self.assertEqual(self.heard, [])
        self.assertTrue(
            self.wire.value().startswith(b"error: no text: this looks like a 4-byte length; ")
        )
        self.assertTrue(self.wire.half_closed)

    def test_a_newline_behind_the_nul_is_waited_for_until_silence(self) -> None:
        self.connect(self.echo)
        self.channel.dataReceived(b"hello\0")
        self.assertEqual(self.heard, [])
        self.clock.pump([0.2, 0.01])
        self.assertEqual(self.heard, ["hello"])
        self.channel.dataReceived(b"world\0")
        self.assertEqual(self.heard, ["hello", "world"])
        self.assertEqual(self.wire.value(), b"hello\n")
        self.clock.pump([0.05])
        self.assertEqual(self.wire.value(), b"hello\nworld\n")

    def test_a_nul_and_a_newline_keep_no_answers_apart(self) -> None:
        self.connect(self.echo)
        for _ in range(3):
            self.channel.dataReceived(b"hello\0\nhello\0")
            self.channel.dataReceived(b"\n")
        self.assertEqual(self.wire.value(), b"hello\n" * 6)

    def test_a_nul_is_no_key(self) -> None:
        self.connect(self.listen)
        for key in b"ab\0":
            self.assertEqual(self.heard, [])
            self.types(bytes([key]), 0.25)
        self.assertEqual(self.heard, ["ab"])

    def test_the_message_before_what_a_buffer_had_is_heard(self) -> None:
        for level in (LogLevel.info, LogLevel.warn):  # In a log with traffic, one at a time.
            self.setUp()
            self.events.log_from(level)
            self.connect(self.echo)
            self.channel.dataReceived(b"hi\0password\0\0\0")
            self.assertEqual(self.heard, ["hi"])
            self.assertEqual(self.wire.value(), b"hi\nerror: no text: NUL at byte 2\n")

    def test_answers_to_messages_that_nuls_end_are_kept_apart(self) -> None:
        self.connect(self.echo)
        self.channel.dataReceived(b"hello\0world\0")
        self.assertEqual(self.heard, ["hello", "world"])
        self.assertEqual(self.wire.value(), b"hello\n")
        self.clock.pump([0.05])
        self.assertEqual(self.wire.value(), b"hello\nworld\n")
