"""The pipe: order, times, memory, and ends."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.faults.engine.actions import Action, End, What
from twisted_lab.faults.engine.pipe import MOST_SLICES, OUTPUT_BYTES, Output, Pipe, sliced
from twisted_lab.faults.engine.units import Kind, Unit


def do(what: What, *values: Any, toxic: str = "t") -> Action:
    return Action(what, toxic, values)


class PipeCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.start()

    def start(self, is_stream: bool = True) -> None:
        self.pipe = Pipe(is_stream)
        self.number = 0

    def send(self, *actions: Action, now: float = 0.0, data: bytes | None = None) -> None:
        """Send the next unit, whose bytes are its number if not given."""
        self.number += 1
        data = b"%d" % self.number if data is None else data
        self.pipe.send(Unit(Kind.DATA, self.number, data), actions, now)

    def close(self, *actions: Action, now: float = 0.0) -> None:
        self.pipe.send(Unit(Kind.CLOSE, self.number + 1), actions, now)

    def at(self, now: float) -> list[bytes | End]:
        return [output.end or output.data for output in self.pipe.take(now)]

    def run_out(self) -> list[tuple[float, bytes | End]]:
        """Return all outputs with their times."""
        outputs: list[tuple[float, bytes | End]] = []
        while (time := self.pipe.deadline()) is not None:
            outputs += [(round(time, 9), output) for output in self.at(time)]
        return outputs


class OrderTests(PipeCase):
    def test_units_pass_at_once(self) -> None:
        self.send()
        self.send()
        self.close()
        self.assertEqual(self.pipe.deadline(), 0)
        self.assertEqual(self.at(0), [b"1", b"2", End.EOF])
        self.assertTrue(self.pipe.is_over)

    def test_a_shorter_delay_waits_for_a_longer_one(self) -> None:
        self.send(do(What.DELAY, 0.5))
        self.send(do(What.DELAY, 0.1))
        self.close()
        self.assertEqual(self.run_out(), [(0.5, b"1"), (0.5, b"2"), (0.5, End.EOF)])

    def test_all_delays_count(self) -> None:
        self.send(do(What.DELAY, 0.5), do(What.DELAY, 0.25))
        self.assertEqual(self.run_out(), [(0.75, b"1")])

    def test_a_rate_is_that_of_the_link(self) -> None:
        self.start(is_stream=False)
        for _ in range(2):
            self.send(do(What.RATE, 100.0), do(What.DELAY, 1.0), data=b"x" * 50)
        self.send(do(What.RATE, 100.0), data=b"y", now=10.0)
        self.assertEqual([time for time, _ in self.run_out()], [1.5, 2.0, 10.01])

    def test_a_stream_of_limited_rate_trickles(self) -> None:
        self.send(do(What.RATE, 100.0), data=b"x" * 25)
        self.assertEqual(self.run_out(), [(0.1, b"x" * 10), (0.2, b"x" * 10), (0.25, b"x" * 5)])

    def test_later_units_overtake(self) -> None:
        self.send(do(What.LATER, 2, 9.0))
        for _ in range(3):
            self.send()
        self.assertEqual(self.at(0), [b"2", b"3", b"1", b"4"])

    def test_an_overtaken_unit_does_not_wait_for_ever(self) -> None:
        self.send(do(What.LATER, 5, 9.0))
        self.send()
        self.assertEqual(self.run_out(), [(0, b"2"), (9, b"1")])

    def test_an_overtaken_unit_keeps_its_delay(self) -> None:
        self.send(do(What.LATER, 1, 9.0), do(What.DELAY, 0.5))
        self.send()
        self.assertEqual(self.run_out(), [(0, b"2"), (0.5, b"1")])

    def test_a_close_does_not_overtake(self) -> None:
        self.send(do(What.LATER, 5, 9.0))
        self.send(do(What.JOIN, 5, 9.0))
        self.close()
        self.assertEqual(self.at(0), [b"2", b"1", End.EOF])

    def test_joined_units(self) -> None:
        for _ in range(5):
            self.send(do(What.JOIN, 2, 9.0))
        self.assertEqual(self.run_out(), [(0, b"12"), (0, b"34"), (9, b"5")])

    def test_joined_units_keep_the_delay_of_the_last(self) -> None:
        self.send(do(What.JOIN, 3, 1.0), do(What.DELAY, 0.5))
        self.send(do(What.JOIN, 3, 1.0), do(What.DELAY, 0.25))
        self.assertEqual(self.at(1.0), [])
        self.assertEqual(self.run_out(), [(1.25, b"12")])

    def test_a_unit_that_does_not_wait_leaves_with_those_that_do(self) -> None:
        self.send(do(What.JOIN, 3, 1.0))
        self.send()
        self.assertEqual(self.at(0), [b"12"])

    def test_slices(self) -> None:
        self.send(do(What.SLICE, 2, 0, 0.5, 0.0), data=b"abcde")
        self.assertEqual(self.run_out(), [(0, b"ab"), (0.5, b"cd"), (1, b"e")])

    def test_copies(self) -> None:
        self.start(is_stream=False)
        self.send(do(What.COPY, 1), do(What.COPY, 1), do(What.REBIND))
        outputs = list(self.pipe.take(0))
        self.assertEqual([output.data for output in outputs], [b"1"] * 3)
        self.assertEqual([output.rebinds for output in outputs], [True, False, False])

    def test_what_changes_a_unit(self) -> None:
        self.send(do(What.TRUNCATE, 2), do(What.CORRUPT, 9), do(What.REPLACE, b"abc".hex()))
        self.send(do(What.CORRUPT, 800))
        self.send(do(What.LOSE), do(What.COPY, 3))
        self.assertEqual(self.at(0), [b"a" + bytes([ord("b") ^ 2]), b"2"])


class HoldTests(PipeCase):
    def test_all_of_a_stream_waits_in_order(self) -> None:
        self.send(do(What.DELAY, 0.5))
        self.send(do(What.HOLD))
        self.send()
        self.close()
        self.assertEqual(self.run_out(), [(0.5, b"1")])
        self.send(do(What.DELAY, 3.0), now=1.0)
        self.assertEqual(self.at(1.0), [])
        self.assertEqual(self.pipe.release(1.0), 3)
        self.assertEqual(self.at(1.0), [b"2", b"3", End.EOF])

    def test_datagrams_overtake(self) -> None:
        self.start(is_stream=False)
        self.send(do(What.HOLD))
        self.send()
        self.assertEqual(self.at(0), [b"2"])
        self.assertIsNone(self.pipe.deadline())
        self.assertEqual(self.pipe.release(1.0), 1)
        self.assertEqual(self.at(1.0), [b"1"])

    def test_a_release_comes_before_what_is_on_its_way(self) -> None:
        self.send(do(What.HOLD))
        self.assertEqual(self.at(0), [])
        self.send(do(What.DELAY, 2.0))
        self.pipe.release(1.0)
        self.assertEqual(self.run_out(), [(1, b"1"), (2, b"2")])

    def test_a_release_counts_for_units_that_are_not_held_yet(self) -> None:
        self.send(do(What.HOLD), do(What.DELAY, 2.0))
        self.pipe.release(1.0)
        self.assertEqual(self.run_out(), [(2, b"1")])

    def test_a_reset_does_not_wait(self) -> None:
        self.send(do(What.HOLD))
        self.send(do(What.END, "reset", 0.0))
        self.assertEqual(self.at(0), [End.RESET])


class EndTests(PipeCase):
    def test_a_close_comes_after_the_units_before_it(self) -> None:
        self.send(do(What.DELAY, 1.0))
        self.send(do(What.END, "close", 0.0))
        self.send()
        self.assertEqual(self.run_out(), [(1, b"1"), (1, b"2"), (1, End.CLOSE)])

    def test_a_reset_loses_what_is_on_its_way(self) -> None:
        self.send()
        self.send(do(What.END, "reset", 0.5), do(What.DELAY, 1.0))
        self.assertEqual(self.run_out(), [(0, b"1"), (0.5, End.RESET)])
        self.assertEqual(self.pipe.held, 0)

    def test_what_follows_a_reset_is_lost_whenever_it_is_taken(self) -> None:
        self.send(do(What.END, "reset", 0.0))
        self.send()
        self.assertEqual(self.at(0), [b"1", End.RESET])

    def test_a_reset_can_come_after_the_end_of_one_direction(self) -> None:
        self.close()
        self.assertEqual(self.at(0), [End.EOF])
        self.pipe.send(Unit(Kind.OPEN, 0), [do(What.END, "reset", 1.0)], 0)
        self.assertEqual(self.run_out(), [(1, End.RESET)])

    def test_a_late_timer_changes_no_order(self) -> None:
        self.send(do(What.END, "reset", 0.5), do(What.DELAY, 0.4))
        self.send(do(What.DELAY, 0.6))
        self.assertEqual(self.at(9), [b"1", End.RESET])

    def test_a_reset_follows_a_half_close(self) -> None:
        self.send(do(What.END, "reset", 5.0), do(What.END, "half-close", 1.0))
        self.close()
        self.assertEqual(
            self.run_out(), [(0, b"1"), (0, End.EOF), (1, End.HALF_CLOSE), (5, End.RESET)]
        )

    def test_nothing_follows_an_end(self) -> None:
        self.close()
        self.assertEqual(self.at(0), [End.EOF])
        self.send()
        self.assertIsNone(self.pipe.deadline())
        self.assertEqual(self.pipe.held, 0)

    def test_a_lost_close(self) -> None:
        self.close(do(What.LOSE))
        self.assertIsNone(self.pipe.deadline())
        self.assertFalse(self.pipe.is_over)

    def test_a_caller_can_stop_in_between(self) -> None:
        self.send()
        self.send()
        next(self.pipe.take(0))
        self.pipe.discard()
        self.assertEqual(self.at(0), [])


_SECONDS = st.sampled_from([0.0, 0.1, 1.0])
_FEW = st.integers(1, 4)
actions = st.lists(
    st.one_of(
        st.builds(do, st.just(What.LOSE)),
        st.builds(do, st.just(What.COPY), _FEW),
        st.builds(do, st.just(What.REPLACE), st.binary(max_size=9).map(bytes.hex)),
        st.builds(do, st.just(What.CORRUPT), st.integers(0, 99)),
        st.builds(do, st.just(What.TRUNCATE), st.integers(0, 9)),
        st.builds(do, st.just(What.JOIN), _FEW, _SECONDS),
        st.builds(do, st.just(What.RATE), st.sampled_from([1.0, 100.0])),
        st.builds(do, st.just(What.DELAY), _SECONDS),
        st.builds(do, st.just(What.LATER), _FEW, _SECONDS),
        st.builds(do, st.just(What.HOLD)),
        st.builds(do, st.just(What.SLICE), _FEW, _FEW, _SECONDS, st.floats(0, 0.99)),
        st.builds(do, st.just(What.REBIND)),
        st.builds(do, st.just(What.END), st.sampled_from(list(End)), _SECONDS),
    ),
    max_size=4,
)
steps = st.lists(st.tuples(st.sampled_from("sssstrc"), _SECONDS, st.binary(max_size=20), actions))


class PropertyTests(PipeCase):
    def play(self, is_stream: bool, steps: Any) -> list[Output]:
        self.start(is_stream)
        outputs: list[Output] = []
        now, closed = 0.0, False
        for step, pause, data, actions in steps:
            now += pause
            if step == "t":
                outputs += self.pipe.take(now)
            elif step == "r":
                self.pipe.release(now)
            elif step == "c" and not closed:
                closed = True
                self.close(*actions, now=now)
            elif not closed:
                self.send(*actions, now=now, data=data)
        self.pipe.release(now)
        for _ in range(1000):
            if (time := self.pipe.deadline()) is None:
                self.pipe.release(now)
                if (time := self.pipe.deadline()) is None:
                    return outputs
            now = max(now, time)
            outputs += self.pipe.take(now)
        raise AssertionError("it does not come to an end")

    @given(st.booleans(), steps)
    def test_all_memory_is_returned(self, is_stream: bool, steps: Any) -> None:
        self.play(is_stream, steps)
        self.assertEqual(self.pipe.held, 0)

    @given(steps)
    def test_a_stream_keeps_its_order(self, steps: Any) -> None:
        kept = [
            (*step, [each for each in actions if each.what is not What.LATER])
            for *step, actions in steps
        ]
        numbers = [output.number for output in self.play(True, kept) if output.end is None]
        self.assertEqual(numbers, sorted(numbers))

    @given(st.binary(max_size=300), _FEW, st.integers(0, 500), st.floats(0, 1, exclude_max=True))
    def test_slices_are_the_whole(
        self, data: bytes, average: int, variation: int, draw: float
    ) -> None:
        pieces = list(sliced(data, average, variation, draw))
        self.assertEqual(b"".join(pieces), data)
        self.assertEqual(pieces, list(sliced(data, average, variation, draw)))

    def test_slices_vary_around_their_average(self) -> None:
        sizes = [len(piece) for piece in sliced(bytes(50_000), 100, 100, 0.5)]
        self.assertLess(min(sizes[:-1]), 20)
        self.assertLessEqual(max(sizes), 200)
        self.assertTrue(450 < len(sizes) < 550, len(sizes))

    def test_slices_are_bounded(self) -> None:
        self.assertLessEqual(len(list(sliced(bytes(100_000), 1, 1, 0.5))), 2 * MOST_SLICES)

    def test_memory_counts_each_copy_and_slice(self) -> None:
        self.send(do(What.COPY, 2), do(What.SLICE, 1, 0, 0.0, 0.0), data=b"abc")
        self.assertEqual(self.pipe.held, 9 * (OUTPUT_BYTES + 1))
