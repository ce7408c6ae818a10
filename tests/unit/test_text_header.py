from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.unit.test_codecs import asks, check_any_bytes, cuts, decode_all, split
from twisted_lab.codecs import (
    HeaderDecoder,
    MessageError,
    TextHeader,
    framing_name,
    header_encoder,
    text_header,
)

DECIMAL = TextHeader("decimal", 4)
HEX = TextHeader("hex", 3)
CHARACTERS = TextHeader("decimal", 4, "characters")
headers = st.sampled_from([DECIMAL, HEX, CHARACTERS])
texts = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=15), max_size=12)


class TextHeaderTests(SynchronousTestCase):
    def test_framings(self) -> None:
        for text in ("text", "int32", "decimal:1", "decimal:64", "hex:4"):
            self.assertEqual(framing_name(text), text)
        for text in ("", "decimal", "decimal:", "decimal:0", "decimal:65", "hex:04", "hex:-4",
                     "decimal:4 ", "decimal:٤", "octal:4", "decimal:99999"):  # fmt: skip
            error = self.assertRaises(ValueError, framing_name, text)
            self.assertEqual(
                str(error),
                f"expected text, int32, decimal:N or hex:N, with N from 1 to 64, not {text!r}",
            )

    def test_one_header_has_one_encoder(self) -> None:
        one, other = (header_encoder(text_header("decimal:4", "bytes")) for _ in range(2))
        self.assertIs(one, other)

    def test_a_wrong_count(self) -> None:
        error = self.assertRaises(ValueError, text_header, "hex:4", "words")
        self.assertEqual(str(error), "expected a count of bytes or characters, not 'words'")

    def test_the_length_is_sent_with_zeros_before_it(self) -> None:
        for header, data in (
            (DECIMAL, "0012ключик"),
            (CHARACTERS, "0006ключик"),
            (HEX, "00cключик"),
        ):
            self.assertEqual(header.frame("ключик".encode()), data.encode())
            self.assertEqual(header_encoder(header)("ключик"), data.encode())

    def test_a_lone_surrogate_counts_as_the_question_mark_sent_for_it(self) -> None:
        for header in (DECIMAL, CHARACTERS):
            self.assertEqual(header_encoder(header)("a\ud800"), b"0002a?")

    def test_lengths_with_padding_on_either_side(self) -> None:
        for header in ("0005", "5   ", "   5", " 5  ", "05  ", "  05"):
            self.assertEqual(DECIMAL.read(header.encode()), 5, header)
        for header in ("1f ", " 1F", "01f"):
            self.assertEqual(HEX.read(header.encode()), 31, header)

    def test_other_headers_have_no_length(self) -> None:
        for header in ("    ", "+005", "-005", "1_00", "0x05", "5 5 ", "5\n  ", "\t  5", "00a5",
                       "5.00", "5\0\0\0", "٤٤"):  # fmt: skip
            self.assertIsNone(DECIMAL.read(header.encode()), header)

    def test_a_message_that_is_too_long_for_the_header(self) -> None:
        for header, text, size in (
            (DECIMAL, "x" * 12000, "12000 bytes is over the limit of 9999"),
            (TextHeader("hex", 2), "ж" * 128, "256 bytes is over the limit of 255"),
            (CHARACTERS, "ж" * 10000, "10000 characters is over the limit of 9999"),
        ):
            error = self.assertRaises(MessageError, header.frame, text.encode())
            self.assertEqual(str(error), f"message of {size} of the header {header}")
            said = f"error: {error}".encode()
            self.assertEqual(header_encoder(header)(text), header.frame(said))

    def test_the_error_itself_may_be_too_long(self) -> None:
        self.assertEqual(header_encoder(TextHeader("decimal", 1))("x" * 10), b"9error: me")


class HeaderDecoderTests(SynchronousTestCase):
    @given(headers, texts, cuts, asks)
    def test_property_what_went_in_comes_out(
        self, header: TextHeader, messages: list[str], at: list[int], asked: list[int]
    ) -> None:
        pieces = split(b"".join(map(header_encoder(header), messages)), at)
        decoder = HeaderDecoder(header, limit=60)
        self.assertEqual([each.decode() for each in decode_all(decoder, pieces, asked)], messages)
        self.assertEqual(decoder.size, 0)

    @given(
        headers,
        st.lists(st.binary(max_size=40) | st.sampled_from(["3  ж".encode(), b"0 1", b"2", b" "])),
        st.integers(0, 300),
    )
    def test_property_any_bytes_give_messages_or_the_error(
        self, header: TextHeader, pieces: list[bytes], limit: int
    ) -> None:
        check_any_bytes(HeaderDecoder(header, limit), pieces, limit)

    def error(self, header: TextHeader, data: str | bytes, limit: int = 65536) -> str:
        """Return the error for the first or second message, which stays and comes last."""
        decoder = HeaderDecoder(header, limit)
        decoder.feed(data if isinstance(data, bytes) else data.encode())
        with contextlib.suppress(MessageError):
            self.assertLessEqual(len(decoder.take(9)), 1)
        one, again = (str(self.assertRaises(MessageError, decoder.take, 9)) for _ in range(2))
        self.assertEqual(one, again)
        return one

    def test_a_message_over_the_limit(self) -> None:
        self.assertEqual(
            self.error(DECIMAL, "3   abc0004", 3), "message of 4 bytes is over the limit of 3"
        )
        for data in ("4   ", "3   жа", "1   a0003жж"):
            self.assertEqual(
                self.error(CHARACTERS, data, 3),
                "message of more than 3 bytes is over the limit of 3",
            )

    def test_characters_may_take_the_whole_limit(self) -> None:
        decoder = HeaderDecoder(CHARACTERS, 10)
        decoder.feed("4   a😀жф1".encode())
        self.assertEqual(decoder.take(9), ["a😀жф"[:4].encode()])

    def test_what_is_no_header_is_quoted_with_a_guess(self) -> None:
        for header, data, problem in (
            (
                DECIMAL,
                "hell",
                "'hell' is no decimal length; this looks like text: try --framing text",
            ),
            (HEX, "xy\n", "'xy\\n' is no hex length; this looks like text: try --framing text"),
            (
                DECIMAL,
                "12\na",
                "'12\\na' is no decimal length; "
                "this looks like text: try --framing text, or decimal:N if N digits come first",
            ),
            (
                DECIMAL,
                "\0\0\0\5",
                "'\\x00\\x00\\x00\\x05' is no decimal length; "
                "this looks like a 4-byte length: try --framing int32",
            ),
            (
                TextHeader("decimal", 2),
                "\x16\x03",
                "'\\x16\\x03' is no decimal length; "
                "this looks like TLS: either both sides use --tls, or neither",
            ),
            (DECIMAL, "\x05\0\0\0", "'\\x05\\x00\\x00\\x00' is no decimal length"),
            (TextHeader("hex", 1), b"\xff", "'\\xff' is no hex length"),
            (CHARACTERS, "1   жжжжж", r"'\xd0\xb6\xd0\xb6' is no decimal length"),
            (DECIMAL, "2   жabcd", "'abcd' is no decimal length"),
            (
                DECIMAL,
                "4   жжжж",
                r"'\xd0\xb6\xd0\xb6' is no decimal length; "
                "if the lengths count characters, try --count characters",
            ),
        ):
            self.assertEqual(self.error(header, data), f"header {problem}")

    def test_what_cannot_begin_a_header_is_an_error_before_the_rest_comes(self) -> None:
        header = TextHeader("decimal", 10)
        text = "this looks like text: try --framing text"
        for data, problem in (
            ("hi\n", f"'hi\\n' is no decimal length; {text}"),
            ("5\n", f"'5\\n' is no decimal length; {text}, or decimal:N if N digits come first"),
            ("0005hell", "'0005hell' is no decimal length; "
             f"{text}, or decimal:N if N digits come first"),
            ("\0\0\0\5hell", r"'\x00\x00\x00\x05hell' is no decimal length; "
             "this looks like a 4-byte length: try --framing int32"),
            ("2         ab5 5", "'5 5' is no decimal length"),
        ):  # fmt: skip
            self.assertEqual(self.error(header, data), f"header {problem}")
        for data in ("", " ", "  5", "5", "05  ", "5        "):
            decoder = HeaderDecoder(header)
            decoder.feed(data.encode())
            self.assertEqual(decoder.take(9), [])

    def test_characters_that_are_not_utf_8(self) -> None:
        for data, at in ((b"5   ab\xffde", 2), (b"3   \xd0\xd0\xd0\xd0", 0), (b"2   a\x80", 1)):
            self.assertEqual(self.error(CHARACTERS, data), f"not UTF-8 at byte {at}")

    def test_a_length_alone_takes_no_memory(self) -> None:
        decoder = HeaderDecoder(TextHeader("decimal", 20), limit=10**20)
        decoder.feed(b"9" * 20)
        self.assertEqual((decoder.take(9), decoder.size), ([], 20))
        self.assertEqual(decoder.needed, 10**20 + 19)
