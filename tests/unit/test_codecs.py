from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.codecs import (
    FrameDecoder,
    HeaderDecoder,
    LineDecoder,
    MessageError,
    StreamDecoder,
    decode,
    encode_frame,
    text_header,
)
from twisted_lab.codecs.likeness import looks_like


def split(data: bytes, at: list[int]) -> list[bytes]:
    cuts = sorted(cut for cut in at if cut <= len(data))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)]


def decode_all(decoder: StreamDecoder, pieces: list[bytes], asked: list[int]) -> list[bytes]:
    """Feed `pieces`, and after each ask for as many messages as `asked` says; then for the rest."""
    messages = []
    for piece, most in zip_longest(pieces, asked):
        if piece is not None:
            decoder.feed(piece)
        if most:
            messages += decoder.take(most)
    while some := decoder.take(2):
        messages += some
    return messages


asks = st.lists(st.integers(0, 3), max_size=20)
cuts = st.lists(st.integers(0, 300), max_size=20)
frames = st.lists(st.binary(max_size=30), max_size=12)
lines = st.lists(
    st.binary(max_size=30).filter(lambda data: b"\n" not in data and not data.endswith(b"\r")),
    max_size=12,
)


class FrameDecoderTests(SynchronousTestCase):
    @given(frames, cuts, asks)
    def test_property_what_went_in_comes_out(
        self, messages: list[bytes], at: list[int], asked: list[int]
    ) -> None:
        pieces = split(b"".join(map(encode_frame, messages)), at)
        decoder = FrameDecoder(limit=30)
        self.assertEqual(decode_all(decoder, pieces, asked), messages)
        self.assertEqual(decoder.size, 0)

    @given(st.lists(st.binary(max_size=40)), st.integers(0, 300))
    def test_property_any_bytes_give_frames_or_the_error(
        self, pieces: list[bytes], limit: int
    ) -> None:
        check_any_bytes(FrameDecoder(limit), pieces, limit)

    def test_large_frames_among_small_ones(self) -> None:
        messages = [b"a", b"b" * 2_000_000, b"", b"c" * 1_000_000, b"d"]
        data = b"".join(map(encode_frame, messages))
        for size in (65_536, 999_999, len(data)):
            pieces = [data[start : start + size] for start in range(0, len(data), size)]
            for asked in ([], [1] * 60):
                decoder = FrameDecoder(limit=2_000_000)
                self.assertEqual(decode_all(decoder, pieces, asked), messages)

    def test_a_small_frame_after_a_large_one_is_not_waited_for(self) -> None:
        decoder = FrameDecoder()
        large = encode_frame(b"x" * 496)
        decoder.feed(large[:100])
        self.assertEqual(decoder.take(1), [])
        decoder.feed(large[100:] + encode_frame(b"b"))
        self.assertEqual(len(decoder.take(1)), 1)
        decoder.feed(encode_frame(b"c"))
        self.assertEqual([decoder.take(1), decoder.take(1)], [[b"b"], [b"c"]])

    def test_the_length_is_big_endian(self) -> None:
        self.assertEqual(encode_frame(b"ab"), b"\0\0\0\x02ab")

    def test_a_frame_over_the_limit(self) -> None:
        decoder = FrameDecoder(limit=3)
        decoder.feed(encode_frame(b"abc") + encode_frame(b"abcd"))
        self.assertEqual(decoder.take(9), [b"abc"])
        for _ in range(2):
            error = self.assertRaises(MessageError, decoder.take, 9)
            self.assertEqual(str(error), "message of 4 bytes is over the limit of 3")

    def test_a_length_alone_takes_no_memory(self) -> None:
        decoder = FrameDecoder(limit=2**32)
        decoder.feed(b"\xff\xff\xff\xff")
        self.assertEqual(decoder.take(9), [])
        self.assertEqual(decoder.size, 4)
        self.assertEqual(decoder.needed, 2**32 + 3)


class LineDecoderTests(SynchronousTestCase):
    @given(lines, cuts, asks, st.sampled_from([b"\n", b"\r\n"]))
    def test_property_what_went_in_comes_out(
        self, messages: list[bytes], at: list[int], asked: list[int], newline: bytes
    ) -> None:
        pieces = split(b"".join(message + newline for message in messages), at)
        decoder = LineDecoder(limit=30)
        self.assertEqual(decode_all(decoder, pieces, asked), messages)
        self.assertEqual(decoder.size, 0)

    @given(
        st.lists(st.binary(max_size=40) | st.sampled_from([b"\n", b"\r\n", b"a\r"])),
        st.integers(0, 60),
    )
    def test_property_any_bytes_give_lines_or_the_error(
        self, pieces: list[bytes], limit: int
    ) -> None:
        check_any_bytes(LineDecoder(limit), pieces, limit)

    def test_a_line_over_the_limit(self) -> None:
        decoder = LineDecoder(limit=3)
        decoder.feed(b"abc\r\nabcd\n")
        self.assertEqual(decoder.take(9), [b"abc"])
        for _ in range(2):
            error = self.assertRaises(MessageError, decoder.take, 9)
            self.assertEqual(str(error), "message of 4 bytes is over the limit of 3")

    def test_a_line_over_the_limit_whose_end_has_not_come(self) -> None:
        decoder = LineDecoder(limit=3)
        decoder.feed(b"abcd")
        self.assertEqual(decoder.take(9), [])
        decoder.feed(b"e")
        error = self.assertRaises(MessageError, decoder.take, 9)
        self.assertEqual(str(error), "message of more than 3 bytes is over the limit of 3")

    def test_a_carriage_return_elsewhere_stays(self) -> None:
        decoder = LineDecoder()
        decoder.feed(b"a\rb\r\r\n\r\n")
        self.assertEqual(decoder.take(9), [b"a\rb\r", b""])


def check_any_bytes(decoder: StreamDecoder, pieces: list[bytes], limit: int) -> None:
    fed = 0
    for piece in pieces:
        decoder.feed(piece)
        fed += len(piece)
        try:
            while some := decoder.take(3):
                assert all(len(message) <= limit for message in some)
        except MessageError:
            return
        assert decoder.size <= limit + 4
    assert decoder.size <= fed


class LinearTests(SynchronousTestCase):
    """Work is counted, not timed: the bytes that the decoder copies or looks at."""

    def looked_at(self, make: Callable[[], StreamDecoder], data: bytes) -> int:
        decoder = make()
        looked_at = 0
        join = decoder._join

        def count_and_join() -> None:
            nonlocal looked_at
            looked_at += decoder.size
            join()

        with patch.object(decoder, "_join", count_and_join):
            for byte in data:
                decoder.feed(bytes([byte]))
                decoder.take(9)
        return looked_at

    def test_a_large_message_in_small_pieces(self) -> None:
        size = 20_000
        for make, data in (
            (lambda: FrameDecoder(size), encode_frame(b"x" * size)),
            (lambda: LineDecoder(size), b"x" * size + b"\n"),
            (lambda: HeaderDecoder(text_header("decimal:5"), size), b"%d" % size + b"x" * size),
            (
                lambda: HeaderDecoder(text_header("decimal:4", "characters"), size),
                b"%d" % (size // 4) + "😀".encode() * (size // 4),
            ),
        ):
            self.assertLess(self.looked_at(make, data), 2 * size)


class DecodeTests(SynchronousTestCase):
    def test_text(self) -> None:
        self.assertEqual(decode("Привет".encode()), "Привет")

    def test_not_utf8(self) -> None:
        for data, start in ((b"abc\xff", 3), (b"\xd0", 0), (b"\xed\xa0\x80", 0), (b"\xc0\x80", 0)):
            error = self.assertRaises(MessageError, decode, data)
            self.assertEqual(str(error), f"not UTF-8 at byte {start}")


class LikenessTests(SynchronousTestCase):
    def test_what_is_no_length_is_recognised(self) -> None:
        for head, likeness in (
            (b"text", "this looks like text: try --framing text"),
            (b"GET ", "this looks like text: try --framing text"),
            (
                b"0012",
                "this looks like text: try --framing text, or decimal:N if N digits come first",
            ),
            (
                b"  12",
                "this looks like text: try --framing text, or decimal:N if N digits come first",
            ),
            (b"a\r\nb", "this looks like text: try --framing text"),
            ("да".encode(), "this looks like text: try --framing text"),
            ("a…".encode(), "this looks like text: try --framing text"),
            ("ab…".encode()[:4], "this looks like text: try --framing text"),
            ((5).to_bytes(4, "little"), "this looks like a little-endian length; big-endian is"),
            ((65535).to_bytes(4, "little"), "this looks like a little-endian length"),
            (b"\x16\x03\x01\x02", "this looks like TLS: either both sides use --tls, or neither"),
            (b"\x15\x03\x03\x00", "this looks like TLS"),
        ):
            self.assertTrue(looks_like(head, 65536).startswith(likeness), (head, likeness))

    def test_a_length_that_is_only_too_long_is_not_misread(self) -> None:
        for size in (65537, 70_000, 2**17, 2**20, 2**24 - 1, 2**32 - 1):
            self.assertEqual(looks_like(size.to_bytes(4), 65536), "", size)

    def test_both_sides_are_told(self) -> None:
        decoder = FrameDecoder()
        decoder.feed(b"text\n")
        error = self.assertRaises(MessageError, decoder.take, 1)
        self.assertEqual(
            str(error),
            "message of 1952807028 bytes is over the limit of 65536; "
            "this looks like text: try --framing text",
        )
