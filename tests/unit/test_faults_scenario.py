"""Scenarios and profiles."""

from __future__ import annotations

import os
from math import inf
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.faults.engine.link import HELD_BYTES
from twisted_lab.faults.engine.profiles import PROFILES, read_profile
from twisted_lab.faults.engine.scenario import MOST_BYTES, Phase, Scenario, read_scenario
from twisted_lab.faults.engine.spec import Place, named, read_toxic
from twisted_lab.faults.engine.toxics.timing import Bandwidth, Latency

PLACES = (Place("tcp:9190", True), Place("udp:9195", False))
LOSS = named([read_toxic("loss")])
HOLD = named([read_toxic("hold")])
NONE: frozenset[str] = frozenset()


class TimeTests(SynchronousTestCase):
    def at(self, scenario: Scenario, *times: float) -> list[tuple[str, float | None]]:
        """Return the names of the toxics and the end of what acts, at each time."""
        now = [scenario.phase_at(time) for time in times]
        return [(" ".join(toxic.name for toxic in each.toxics), each.until) for each in now]

    def test_phases_follow_each_other(self) -> None:
        scenario = Scenario([Phase(10, 5, LOSS, NONE), Phase(0, 2, HOLD, NONE)])
        self.assertEqual(
            self.at(scenario, 0, 9.9, 10, 15, 16.9, 17, 1e9),
            [("", 10), ("", 10), ("loss", 15), ("hold", 17), ("hold", 17), ("", None), ("", None)],
        )

    def test_the_last_phase_can_be_without_end(self) -> None:
        scenario = Scenario([Phase(1, inf, LOSS, frozenset({"p"}))])
        self.assertEqual(self.at(scenario, 0, 1, 1e9), [("", 1), ("loss", None), ("loss", None)])
        self.assertEqual(scenario.phase_at(1).disabled, {"p"})

    def test_repetition(self) -> None:
        scenario = Scenario([Phase(10, 5, LOSS, NONE), Phase(0, 5, HOLD, NONE)], repeats=True)
        self.assertEqual(
            self.at(scenario, 20, 30, 35, 40), [("", 30), ("loss", 35), ("hold", 40), ("", 50)]
        )

    def test_rounding_ends_no_repetition(self) -> None:
        # The sum is 1.9000000000000001, but the third phase of the second round ends at 3.8.
        scenario = Scenario([Phase(0, lasts, LOSS, NONE) for lasts in (0.2, 0.9, 0.8)], True)
        self.assertEqual(self.at(scenario, 3.8), [("loss", 4.0)])

    @given(
        st.lists(st.tuples(st.floats(0, 3), st.floats(0.001, 3)), min_size=1, max_size=4),
        st.floats(0, 1e5),
        st.booleans(),
    )
    def test_time_goes_on(
        self, phases: list[tuple[float, float]], start: float, repeats: bool
    ) -> None:
        scenario = Scenario([Phase(*phase, LOSS, NONE) for phase in phases], repeats)
        now: float | None = start
        for _ in range(20):
            if now is None:
                break
            until = scenario.phase_at(now).until
            self.assertTrue(until is None or until > now)
            now = until
        self.assertEqual(now is not None, repeats)


class FileTests(SynchronousTestCase):
    def read(self, text: str) -> Scenario:
        Path("scenario.toml").write_text(text)
        return read_scenario("scenario.toml", LOSS, PLACES)

    def test_a_scenario(self) -> None:
        scenario = self.read(
            'repeat = true\n[[phase]]\nafter = "10s"\nfor = "5s"\ntoxics = ["loss=50%"]\n'
            '[[phase]]\nfor = "1s"\ndisabled = ["tcp:9190"]\n'
        )
        loss = named([*LOSS, read_toxic("loss=50%")])[1:]
        self.assertEqual(loss[0].name, "loss-2")
        self.assertEqual(
            scenario.phases, (Phase(10, 5, loss, NONE), Phase(0, 1, (), frozenset({"tcp:9190"})))
        )
        self.assertEqual(scenario.phase_at(30).until, 31)

    def test_each_mistake_has_an_error_of_one_line(self) -> None:
        first = '[[phase]]\nfor = "5s"\n'
        for text, error in (
            ("", "expected 1 to 10000 [[phase]], not 0"),
            ("[[phase", "Expected ']]'"),
            ("phase = 3", "expected [[phase]], not 3"),
            ("phase = [3]", "phase 1: expected [[phase]]"),
            ("repeats = true", "expected one of repeat, phase, not 'repeats'"),
            ("repeat = 1", "expected repeat = true, not 1"),
            ("[[phase]]\n[[phase]]", 'phase 1: expected for = "5s", because another one follows'),
            ("repeat = true\n[[phase]]", 'phase 1: expected for = "5s", because another one'),
            ("[[phase]]\nuntil = 3", "phase 1: expected one of after, for, toxics, disabled, not"),
            (f"{first}after = 10", 'phase 1: expected after = "10s", not 10'),
            (f'{first}after = "-1s"', "phase 1: expected a time such as 50ms or 2s, not '-1s'"),
            ('[[phase]]\nfor = "0s"', "phase 1: expected at least 1ms as for, not '0s'"),
            (f"{first}toxics = [3]", 'phase 1: expected toxics = ["loss=50%"], not [3]'),
            (f'{first}[[phase]]\ntoxics = ["x"]', "phase 2: expected a toxic, one of"),
            (f'{first}toxics = ["loss,proxy=tcp:9190"]', "phase 1: toxic loss acts on messages"),
            (f'{first}toxics = ["loss,name=loss"]', "two toxics have the name 'loss'"),
            (f'{first}disabled = ["tcp:1"]', "there is no proxy 'tcp:1'; there is tcp:9190, udp"),
            ("#" * (MOST_BYTES + 1), f"it has more than {MOST_BYTES} bytes"),
            ("x = " + "[" * 100_000, "scenario.toml: "),
        ):
            with self.assertRaises(ValueError) as raised:
                self.read(text)
            self.assertIn(error, str(raised.exception))
            self.assertTrue(str(raised.exception).startswith("scenario.toml: "))
            self.assertNotIn("\n", str(raised.exception))

    def test_files_that_cannot_be_read(self) -> None:
        Path("binary").write_bytes(b"\xff")
        os.mkfifo("fifo")
        for path, error in (
            ("missing.toml", "missing.toml: No such file or directory"),
            (".", ".: it is not a file"),
            ("binary", "binary: it is not UTF-8"),
            ("fifo", "fifo: it is not a file"),  # which would stop the process
        ):
            with self.assertRaises(ValueError) as raised:
                read_scenario(path, (), PLACES)
            self.assertEqual(str(raised.exception), error)


class ProfileTests(SynchronousTestCase):
    def test_each_profile_has_a_delay_and_two_rates(self) -> None:
        for name in PROFILES:
            kinds = [toxic.name for toxic in named(read_profile(name))]
            self.assertEqual(kinds, ["latency", "bandwidth", "bandwidth-2"])

    def test_a_link_holds_what_the_delay_keeps_at_full_rate(self) -> None:
        for name in PROFILES:
            latency, *rates = read_profile(name)
            for bandwidth in rates:
                assert isinstance(latency, Latency)
                assert isinstance(bandwidth, Bandwidth)
                self.assertLess(bandwidth.rate * latency.latency, HELD_BYTES * 0.9, name)

    def test_there_is_no_other_profile(self) -> None:
        with self.assertRaisesRegex(ValueError, "expected a profile, one of 3g, dsl, .* not '4g'"):
            read_profile("4g")
