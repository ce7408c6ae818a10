import errno
import json
import os
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.faults.engine.actions import End, What
from twisted_lab.faults.engine.framing import read_framing
from twisted_lab.faults.engine.link import Deciding, Lane, Link, Observer
from twisted_lab.faults.engine.link_names import LinkNames
from twisted_lab.faults.engine.pipe import Output
from twisted_lab.faults.engine.toxic import Toxic
from twisted_lab.faults.engine.toxic_set import ToxicSet
from twisted_lab.faults.engine.toxics import TOXICS
from twisted_lab.faults.engine.units import Unit
from twisted_lab.faults.recordings.recorded import MOST_ACTIONS, BadRecord, Recorded
from twisted_lab.faults.recordings.recording import FLUSH_SECONDS, Recording
from twisted_lab.faults.recordings.replay import Replay
from twisted_lab.resources import NotReady

PROXY = "tcp:9190"
KEYS = ("proxy", "link", "direction", "unit", "kind", "length", "hash", "actions", "values", "end")
HEADER = '{"format":1}\n'


def one(kind: str, **attributes: Any) -> Toxic:
    return TOXICS[kind](name=kind, **attributes)


def every_kind() -> tuple[Toxic, ...]:
    """Return toxics of streams that leave most of the units in place."""
    often = {"probability": 0.3}
    return (
        *(one("latency", jitter=0.05), one("bandwidth"), one("slicer", average_size=3)),
        *(one(kind, **often) for kind in ("loss", "duplicate", "reorder", "corrupt")),
        *(one(kind, **often) for kind in ("replace", "truncate", "coalesce")),
        *(one("slow_close", delay=0.2), one("half_close", nth=90)),
        *(one("reset_peer", nth=95, timeout=0.1), one("limit_data", bytes=1000)),
    )


class Talk:
    """One link with text in both directions, whose outputs are kept."""

    def __init__(self, clock: Clock, deciding: Deciding, *observers: Observer) -> None:
        self.clock = clock
        self.outputs: list[tuple[float, str, Output]] = []
        self.link = Link(LinkNames(), "127.0.0.1", True, deciding, observers, read_framing("text"))
        self.link.open(clock.seconds())

    def have(self, count: int = 100, data: Callable[[int], bytes] = b"line %d\n".__mod__) -> None:
        for number in range(count):
            self.clock.advance(0.01)
            for lane in self.link.lanes:
                lane.send(data(number), self.clock.seconds())
            self.take()
        for lane in self.link.lanes:
            lane.close(self.clock.seconds())
        for _ in range(300):
            self.take()
            self.clock.advance(0.01)

    def take(self) -> None:
        now = self.clock.seconds()
        for lane in self.link.lanes:
            for output in lane.take(now):
                self.outputs.append((round(now, 6), lane.direction, output))


class RecordingCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.path = self.mktemp()
        self.ended: list[str] = []
        self.differing: list[tuple[Lane, Unit]] = []

    def begin(self, with_content: bool = False, most_bytes: int = 10**9) -> Recording:
        recording = Recording(
            self.path, {"seed": 7}, self.clock, self.ended.append, with_content, most_bytes
        )
        recording.open()
        return recording

    def close(self, recording: Recording) -> None:
        self.successResultOf(Deferred.fromCoroutine(recording.close()))

    def record(self, toxics: tuple[Toxic, ...], with_content: bool = False) -> Talk:
        recording = self.begin(with_content)
        talk = Talk(self.clock, ToxicSet(7, PROXY, toxics), recording.of(PROXY))
        talk.have()
        self.close(recording)
        return talk

    def replay(self, proxy: str = PROXY) -> Replay:
        return Replay(
            Recorded(self.path), proxy, lambda lane, unit: self.differing.append((lane, unit))
        )

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in Path(self.path).read_text().splitlines()]

    def write(self, *lines: str) -> None:
        Path(self.path).write_text(HEADER + "".join(line + "\n" for line in lines))

    def unit(self, *actions: object, **more: object) -> str:
        return json.dumps(
            {
                "time": 0,
                "proxy": PROXY,
                "link": "1",
                "direction": "upstream",
                "unit": 1,
                "length": 1,
                "hash": "00",
                "actions": actions,
                **more,
            }
        )


class RecordingTests(RecordingCase):
    def test_the_lines_have_the_documented_form(self) -> None:
        recording = self.begin()
        link = Link(LinkNames(), "", False, ToxicSet(7, PROXY, (one("loss", nth=2),)))
        link.observers = (recording.of(PROXY),)
        link.open(self.clock.seconds())
        self.clock.advance(1.5)
        link.upstream.send(b"one", self.clock.seconds())
        link.upstream.send(b"two", self.clock.seconds())
        self.close(recording)
        header, *rest = self.lines()
        self.assertEqual((header["format"], header["seed"]), (1, 7))
        self.assertIn("twisted_lab ", str(header["program"]))
        self.assertEqual([line.get("kind") for line in rest], ["open", "open", None, None])
        self.assertEqual(
            rest[3],
            {
                "time": 1.5,
                "proxy": PROXY,
                "link": "1",
                "direction": "upstream",
                "unit": 2,
                "length": 3,
                "hash": blake2b(b"two", digest_size=8).hexdigest(),
                "actions": [{"toxic": "loss", "action": "lose", "values": []}],
            },
        )

    def test_content_is_recorded_only_on_request(self) -> None:
        replaced = (one("replace", match="line", text="LINE", nth=8),)
        self.record(replaced, with_content=False)
        content = Path(self.path).read_text()
        self.assertNotIn(b" 7".hex(), content)
        self.assertNotIn("content", content)
        self.assertEqual(len(Recorded(self.path).warnings), 1)
        self.record(replaced, with_content=True)
        content = Path(self.path).read_text()
        self.assertIn(b"line 7".hex(), content)
        self.assertIn(b"LINE 7".hex(), content)
        self.assertEqual(Recorded(self.path).warnings, [])

    def test_lines_reach_the_disk_within_a_second(self) -> None:
        recording = self.begin()
        recording.write({"unit": 1})
        self.assertEqual(len(self.lines()), 1)
        self.clock.advance(FLUSH_SECONDS)
        self.assertEqual(len(self.lines()), 2)
        self.close(recording)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_full_file_says_so_and_ends_the_recording_only(self) -> None:
        recording = self.begin(most_bytes=1000)
        for _ in range(100):
            recording.write({"unit": 1})
        self.assertEqual(len(self.ended), 1)
        self.assertIn("1000 bytes", self.ended[0])
        self.assertIn("1000 bytes", str(self.lines()[-1]["end"]))
        self.assertLess(Path(self.path).stat().st_size, 1200)
        self.close(recording)
        Path(self.path).write_text(HEADER + json.dumps(self.lines()[-1]) + "\n")
        self.assertEqual(len(Recorded(self.path).warnings), 1)

    def test_a_full_disk_is_reported_once(self) -> None:
        self.path = "/dev/full"
        recording = self.begin()
        recording.write({"unit": 1})
        self.clock.advance(FLUSH_SECONDS)
        self.close(recording)
        self.assertEqual(self.ended, [os.strerror(errno.ENOSPC)])

    def test_a_file_that_cannot_be_written_is_refused_in_one_line(self) -> None:
        fifo = self.mktemp()
        os.mkfifo(fifo)
        for path in ("/nowhere/file", "/", fifo):
            self.path = path
            with self.assertRaisesRegex(NotReady, f"^cannot write '{path}': [^\n]+$"):
                self.begin()


class ReplayTests(RecordingCase):
    def test_a_replay_does_the_same_as_every_toxic_has_done(self) -> None:
        first = self.record(every_kind(), with_content=True)
        clock = Clock()
        again = Talk(clock, self.replay())
        again.have()
        self.assertEqual(again.outputs, first.outputs)
        self.assertGreater(len(again.outputs), 50)
        self.assertEqual(self.differing, [])

    def test_other_units_get_the_same_actions_and_are_reported_once_per_link(self) -> None:
        self.record((one("loss", every=2),))
        replay = self.replay()
        talk = Talk(Clock(), replay)
        talk.have(data=lambda number: b"other %d\n" % number)
        self.assertEqual(replay.differing, 200)
        self.assertEqual(len(self.differing), 1)
        lane, unit = self.differing[0]
        self.assertEqual((lane.link.name, lane.direction, unit.number), ("1", "upstream", 1))
        self.assertEqual(len(talk.outputs), 100 + 2)

    def test_units_and_proxies_beyond_the_recording_pass(self) -> None:
        self.record((one("loss"),))
        more = Talk(Clock(), self.replay())
        more.have(count=130)
        self.assertEqual(len(more.outputs), 60 + 2)
        other = Talk(Clock(), self.replay("tcp:1"))
        other.have()
        self.assertEqual(len(other.outputs), 200 + 2)

    def test_a_toxic_that_was_added_later_acts_after_the_same_unit(self) -> None:
        recording = self.begin()
        toxics = ToxicSet(7, PROXY)
        talk = Talk(self.clock, toxics, recording.of(PROXY))
        for number in range(10):
            talk.link.upstream.send(b"%d\n" % number, 0.0)
        toxics.change((one("blackhole"), one("half_close")), [talk.link], 0.0)
        talk.link.upstream.send(b"too late\n", 0.0)
        talk.take()
        self.close(recording)
        again = Talk(Clock(), self.replay())
        for number in range(12):
            again.link.upstream.send(b"%d\n" % number, 0.0)
        again.take()
        expected = [b"%d\n" % number for number in range(10)] + [End.HALF_CLOSE]
        for outputs in (talk.outputs, again.outputs):
            seen = [each.end or each.data for _, way, each in outputs if way == "upstream"]
            self.assertEqual(seen, expected)

    def test_a_recording_that_was_cut_off_is_replayed_up_to_there(self) -> None:
        whole = self.unit({"toxic": "loss", "action": "lose", "values": []})
        self.write(whole, self.unit(unit=2))
        os.truncate(self.path, Path(self.path).stat().st_size - 9)
        recorded = Recorded(self.path)
        [lane] = recorded.lanes.values()
        self.assertEqual([action.what for action in lane[1].actions], [What.LOSE])
        self.assertEqual(list(lane), [1])
        self.assertIn("cut off", recorded.warnings[0])
        self.write(whole)
        self.assertEqual(Recorded(self.path).warnings, [])

    def test_a_recording_that_reached_its_limit_warns(self) -> None:
        self.write(self.unit(), '{"end":"it is full"}')
        self.assertIn("ended early", Recorded(self.path).warnings[0])

    def test_what_is_no_recording_is_refused_in_one_line(self) -> None:
        for content in ("", "one\n", "no newline", "[]\n", "{}\n", "\x00\n", '{"seed":7}\n'):
            Path(self.path).write_text(content)
            with self.assertRaisesRegex(BadRecord, "recording") as raised:
                Recorded(self.path)
            self.assertNotIn("\n", str(raised.exception))
        Path(self.path).write_text('{"format":2}\n')
        with self.assertRaisesRegex(BadRecord, "format is 2, and this version reads format 1"):
            Recorded(self.path)
        for path in ("/nowhere/file", "/", "/dev/zero"):
            with self.assertRaisesRegex(ValueError, f"^[^\n]*'{path}'[^\n]*$"):
                Recorded(path)

    def test_hostile_lines_are_refused_in_one_short_line(self) -> None:
        def action(what: str, *values: Any, toxic: object = "t") -> dict[str, object]:
            return {"toxic": toxic, "action": what, "values": values}

        lines = [
            *("[]", "1", "{}", "null", "[" * 100_000, '{"unit":' + "9" * 10_000 + "}", "x" * 10**6),
            *(self.unit(unit=number) for number in ("1", -1, 1.5, None, 10**20)),
            *(self.unit(**{name: []}) for name in ("proxy", "link", "direction", "kind")),
            self.unit(kind="\x1b[2J" * 1000),
            self.unit(actions=7),
            self.unit(actions=[[]]),
            self.unit(*[action("lose")] * (MOST_ACTIONS + 1)),
            self.unit(*[action("copy", 100)] * 2),
            self.unit(action("lose", 1)),
            self.unit(action("lose", toxic=[])),
            *(self.unit(action("copy", value)) for value in (0, -1, 101, 1.0, True, "1", None)),
            *(self.unit(action("delay", value)) for value in (-1, 1e9, [1])),
            *(self.unit(action("rate", value)) for value in (0, 0.5, float("inf"), float("nan"))),
            *(self.unit(action("replace", value)) for value in ("f", "zz", "ff ff", 1, "FF")),
            *(self.unit(action("end", value, 0)) for value in ("later", 1, None)),
            *(self.unit(action("join", 0, 1)), self.unit(action("slice", 0, 0, 0, 2))),
            self.unit(action("explode")),
        ]
        for line in lines:
            self.write(self.unit(), line)
            with self.assertRaisesRegex(BadRecord, "line 3: ") as raised:
                Recorded(self.path)
            self.assertLess(len(str(raised.exception)), 300)
            self.assertTrue(str(raised.exception).isprintable())

    def test_names_of_toxics_cannot_control_the_terminal(self) -> None:
        self.write(self.unit({"toxic": "\x1b[2J" * 1000, "action": "lose", "values": []}))
        [lane] = Recorded(self.path).lanes.values()
        [action] = lane[1].actions
        self.assertTrue(action.toxic.isprintable())
        self.assertLess(len(action.toxic), 1000)

    def test_what_exceeds_the_limit_of_memory_is_not_replayed(self) -> None:
        self.write(*(self.unit(unit=number) for number in range(100)))
        with patch("twisted_lab.faults.recordings.recorded.MOST_BYTES", 1000):
            recorded = Recorded(self.path)
        [lane] = recorded.lanes.values()
        self.assertLess(len(lane), 10)
        self.assertIn("first 1000 bytes", recorded.warnings[0])

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS), inner),
        ),
        st.sampled_from(KEYS),
    )
    @settings(max_examples=50, deadline=None, database=None)
    def test_any_json_is_read_or_refused_and_a_replay_of_it_does_not_fail(
        self, value: object, key: str
    ) -> None:
        self.path = self.mktemp()
        action = {"toxic": "t", "action": "delay", "values": [value]}
        self.write(self.unit(**{key: value}), self.unit(action), json.dumps(value))
        try:
            replay = self.replay()
        except BadRecord as error:
            self.assertTrue(str(error).isprintable())
        else:
            Talk(Clock(), replay).have(3)
