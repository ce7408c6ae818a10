"""Streams in units: however the bytes arrive, the units are the same."""

from __future__ import annotations

from time import process_time

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.faults.engine.framing import MOST_UNIT, NO_FRAMING, Splitter, read_framing

NAMES = ("text", "int32", "decimal:5", "hex:3")
# Bodies without newlines, short enough for the headers.
bodies = st.lists(st.binary(max_size=60).map(lambda body: body.replace(b"\n", b"")), max_size=8)


def split(name: str, pieces: list[bytes]) -> tuple[list[bytes], bytes]:
    splitter = Splitter(read_framing(name))
    units = []
    for piece in pieces:
        splitter.feed(piece)
        while (unit := splitter.take()) is not None:
            units.append(unit)
    return units, splitter.rest()


class SplitterTests(SynchronousTestCase):
    @given(st.sampled_from(NAMES), bodies, st.binary(max_size=1), st.data())
    def test_all_splits_of_a_stream_give_the_same_units(
        self, name: str, bodies: list[bytes], rest: bytes, data: st.DataObject
    ) -> None:
        framing = read_framing(name)
        units = [framing.frame(body, b"\n") for body in bodies]
        rest = rest if name == "text" and rest != b"\n" else b""
        stream = b"".join(units) + rest
        cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=20).map(sorted))
        pieces = [
            stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        ]
        self.assertEqual(split(name, pieces), (units, rest))
        self.assertEqual(
            [framing.body(unit) for unit in units],
            [body.removesuffix(b"\r") if name == "text" else body for body in bodies],
        )

    @given(st.sampled_from(NAMES), st.lists(st.binary(max_size=30)))
    def test_no_byte_is_lost(self, name: str, pieces: list[bytes]) -> None:
        units, rest = split(name, pieces)
        self.assertEqual(b"".join(units) + rest, b"".join(pieces))

    def test_other_bytes_pass_as_they_come(self) -> None:
        for name, head in (("int32", b"GET / HTTP"), ("decimal:5", b"HELLO"), ("hex:3", b"xyz")):
            units, rest = split(name, [head, b"more", b"again"])
            self.assertEqual((units, rest), ([head, b"more", b"again"], b""), name)

    def test_a_message_without_an_end_passes_when_it_is_too_large(self) -> None:
        splitter = Splitter(read_framing("text"))
        splitter.feed(bytes(MOST_UNIT))
        self.assertIsNone(splitter.take())
        splitter.feed(b"\0")
        self.assertEqual(splitter.take(), bytes(MOST_UNIT + 1))
        self.assertIs(splitter.framing, NO_FRAMING)

    def test_a_header_of_a_larger_message_does_not_wait_for_it(self) -> None:
        for name, head in (("int32", (MOST_UNIT - 3).to_bytes(4)), ("decimal:6", b"131067")):
            self.assertEqual(split(name, [head]), ([head], b""))
        self.assertEqual(split("int32", [(MOST_UNIT - 4).to_bytes(4)])[0], [])

    def test_a_long_line_in_single_bytes_is_searched_once(self) -> None:
        def seconds(size: int) -> float:
            before = process_time()
            split("text", [b"x"] * size)
            return process_time() - before

        small, large = (
            min(seconds(size) for _ in range(3)) for size in (MOST_UNIT // 8, MOST_UNIT)
        )
        self.assertLess(large, 16 * small)

    def test_many_units_in_one_portion_are_not_moved_each_time(self) -> None:
        before = process_time()
        units, _ = split("text", [b"\n" * 100_000])
        self.assertEqual(len(units), 100_000)
        self.assertLess(process_time() - before, 2)
