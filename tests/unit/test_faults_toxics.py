"""Toxics: what each one decides, and that decisions repeat."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.faults.engine.actions import Action, End
from twisted_lab.faults.engine.chance import Chance
from twisted_lab.faults.engine.framing import MOST_UNIT, read_framing
from twisted_lab.faults.engine.link import HELD_BYTES, UNITS_PER_TURN, Lane, Link
from twisted_lab.faults.engine.link_names import MOST_NAMES, LinkNames
from twisted_lab.faults.engine.pipe import Output
from twisted_lab.faults.engine.spec import named, read_toxic
from twisted_lab.faults.engine.toxic import Toxics
from twisted_lab.faults.engine.toxic_set import ToxicSet
from twisted_lab.faults.engine.toxics import TOXICS
from twisted_lab.faults.engine.units import Kind, Unit

# A decision: link, direction, number of the unit, actions.
Decision = tuple[str, str, int, tuple[Action, ...]]


class Decisions:
    """Records decisions and deliveries."""

    def __init__(self) -> None:
        self.all: list[Decision] = []
        self.delivered_units: list[Output] = []

    def decided(self, lane: Lane, unit: Unit, actions: list[Action], now: float) -> None:
        self.all.append((lane.link.name, lane.direction.value, unit.number, tuple(actions)))

    def delivered(self, lane: Lane, output: Output, now: float) -> None:
        self.delivered_units.append(output)


def toxics(*texts: str) -> Toxics:
    return named(read_toxic(text) for text in texts)


class LinkCase(SynchronousTestCase):
    def link(
        self,
        *texts: str,
        seed: int = 7,
        is_stream: bool = False,
        framing: str = "none",
        by: str = "arrival",
        host: str = "10.0.0.1",
    ) -> Link:
        self.decisions = Decisions()
        self.set = ToxicSet(seed, "p", toxics(*texts))
        framings = read_framing(framing)
        names = LinkNames(by)
        link = Link(names, host, is_stream, self.set, (self.decisions,), framings)
        link.open(0.0)
        return link

    def run_out(self, lane: Lane) -> list[tuple[float, bytes | End]]:
        outputs: list[tuple[float, bytes | End]] = []
        while (time := lane.deadline()) is not None:
            outputs += [(round(time, 9), each.end or each.data) for each in lane.take(time)]
        return outputs

    def through(
        self, *texts: str, units: Sequence[bytes] = (b"1", b"2", b"3", b"4")
    ) -> list[bytes]:
        """Return the datagrams that a lane delivers."""
        lane = self.link(*texts).upstream
        for unit in units:
            lane.send(unit, 0.0)
        return [output for _, output in self.run_out(lane) if isinstance(output, bytes)]


class KindTests(LinkCase):
    def stream(self, *texts: str, framing: str = "text") -> list[tuple[float, bytes | End]]:
        """Return the outputs for four lines at 0 s and a close at 1 s, with their times."""
        lane = self.link(*texts, is_stream=True, framing=framing).upstream
        lane.send(b"1\n2\n3\n4\n", 0.0)
        outputs = [(0.0, each.end or each.data) for each in lane.take(0.0)]
        lane.close(1.0)
        return outputs + self.run_out(lane)

    def test_damage(self) -> None:
        self.assertEqual(self.through("loss,nth=2"), [b"1", b"3", b"4"])
        self.assertEqual(self.through("loss,every=2"), [b"1", b"3"])
        self.assertEqual(self.through("loss,range=2-3"), [b"1", b"4"])
        self.assertEqual(self.through("loss,range=3-"), [b"1", b"2"])
        self.assertEqual(self.through("loss,match=3"), [b"1", b"2", b"4"])
        self.assertEqual(self.through("duplicate,nth=3,copies=2").count(b"3"), 3)
        self.assertEqual(self.through("reorder,nth=1,gap=2"), [b"2", b"3", b"1", b"4"])
        self.assertEqual(self.through("truncate=2", units=[b"abc", b"d", b""]), [b"ab", b"d", b""])
        self.assertEqual(self.through("replace=x,nth=2"), [b"1", b"x", b"3", b"4"])
        self.assertEqual(self.through("replace=x,match=b", units=[b"abb", b"c"]), [b"axx", b"c"])

    def test_corrupt_inverts_one_bit(self) -> None:
        for number, unit in enumerate(self.through("corrupt", units=[bytes(9)] * 50)):
            self.assertEqual(int.from_bytes(unit).bit_count(), 1, number)

    def test_a_replaced_message_keeps_its_framing(self) -> None:
        self.assertEqual(self.stream("replace=long,nth=2")[1], (0, b"long\n"))
        lane = self.link("replace=no,match=yes", is_stream=True, framing="text").upstream
        lane.send(b"yes\r\nyes", 0.0)
        self.assertEqual(self.run_out(lane), [(0.0, b"no\r\n"), (0.03, b"no")])

    def test_a_replaced_message_does_not_grow_without_bound(self) -> None:
        tracemalloc.start()
        (unit,) = self.through(f"replace={'x' * 1000},match=a", units=[b"a" * 60_000])
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        self.assertEqual(unit, b"x" * 65_507)
        self.assertLess(peak, 1_000_000)

    def test_timing(self) -> None:
        lines: list[tuple[float, bytes | End]] = [(0, b"%d\n" % number) for number in range(1, 5)]
        self.assertEqual(self.stream("slow_close=500ms"), [*lines, (1.5, End.EOF)])
        self.assertEqual(self.stream("latency=2s,nth=1")[0], (2, b"1\n"))
        self.assertEqual(self.stream("coalesce=4"), [(0, b"1\n2\n3\n4\n"), (1, End.EOF)])
        self.assertEqual(self.stream("slicer=1,delay=1ms,nth=4")[3:5], [(0, b"4"), (0.001, b"\n")])
        self.assertEqual(
            [time for time, _ in self.stream("bandwidth=8B/s", framing="none")][-2:], [1, 1]
        )

    def test_jitter_keeps_the_order(self) -> None:
        lane = self.link("latency=50ms,jitter=50ms").upstream
        for number in range(100):
            lane.send(b"%d" % number, 0.0)
        outputs = self.run_out(lane)
        self.assertEqual([data for _, data in outputs], [b"%d" % number for number in range(100)])
        self.assertLessEqual(max(time for time, _ in outputs), 0.1)

    def test_endings(self) -> None:
        self.assertEqual(self.stream("timeout=5s"), [(5, End.CLOSE)])
        self.assertEqual(self.stream("timeout"), [])
        self.assertEqual(self.stream("blackhole"), [])
        self.assertEqual(self.stream("blackhole,nth=3"), [(0, b"1\n"), (0, b"2\n")])
        self.assertEqual(self.stream("reset_peer=5s")[-1], (5, End.RESET))
        self.assertEqual(
            self.stream("reset_peer,nth=2"), [(0, b"1\n"), (0, b"2\n"), (0, End.RESET)]
        )
        self.assertEqual(self.stream("refuse"), [(0, End.RESET)])
        self.assertEqual(self.stream("half_close,nth=1"), [(0, b"1\n"), (0, End.HALF_CLOSE)])
        self.assertEqual(self.stream("limit_data=3"), [(0, b"1\n"), (0, b"2"), (0, End.CLOSE)])
        self.assertEqual(self.stream("limit_data=4"), [(0, b"1\n"), (0, b"2\n"), (0, End.CLOSE)])

    def test_refuse_and_rebind_act_upstream_alone(self) -> None:
        link = self.link("refuse", is_stream=True)
        self.assertIsNone(link.downstream.deadline())
        link = self.link("rebind,nth=2")
        for lane in link.lanes:
            lane.send(b"1", 0)
            lane.send(b"2", 0)
        rebinds = [[output.rebinds for output in lane.take(0)] for lane in link.lanes]
        self.assertEqual(rebinds, [[False, True], [False, False]])

    def test_peers_and_directions(self) -> None:
        for text, host, is_lost in (
            ("loss,peer=10.0.0.0/8", "10.0.0.1", True),
            ("loss,peer=10.0.0.0/8", "11.0.0.1", False),
            ("loss,peer=10.0.0.0/8", "::ffff:10.0.0.1", True),
            ("loss,peer=fe80::/10", "fe80::1%eth0", True),
            ("loss,peer=0.0.0.0/0", "", False),
            ("loss,direction=upstream", "", True),
            ("loss,direction=downstream", "", False),
        ):
            lane = self.link(text, host=host).upstream
            lane.send(b"x", 0)
            self.assertEqual(lane.deadline() is None, is_lost, (text, host))

    def test_bytes_of_the_command_line_that_are_not_utf_8(self) -> None:
        text = b"replace=\xff,match=\xfe".decode(errors="surrogateescape")
        self.assertEqual(self.through(text, units=[b"\xfe"]), [b"\xff"])


class LaneTests(LinkCase):
    def test_a_line_without_an_end_is_a_unit_after_a_pause(self) -> None:
        lane = self.link(is_stream=True, framing="text").upstream
        lane.send(b"a\nb", 0.0)
        lane.send(b"c", 0.02)
        self.assertEqual(self.run_out(lane), [(0.0, b"a\n"), (0.05, b"bc")])

    def test_a_late_look_ends_no_line_whose_rest_may_have_arrived(self) -> None:
        lane = self.link(is_stream=True, framing="text").upstream
        lane.send(b"a", 0.0)
        self.assertEqual(list(lane.take(0.5)), [])  # The process was busy until now.
        lane.send(b"b\n", 0.501)
        self.assertEqual(self.run_out(lane), [(0.501, b"ab\n")])

    def test_a_source_that_is_not_read_is_not_silent(self) -> None:
        lane = self.link(is_stream=True, framing="text").upstream
        lane.send(b"a", 0.0)
        lane.listen(False, 0.01)
        self.assertIsNone(lane.deadline())
        lane.send(b"b", 0.02)
        self.assertIsNone(lane.deadline())
        lane.listen(True, 1.0)
        self.assertEqual(self.run_out(lane), [(1.03, b"ab")])

    def test_a_close_sends_the_rest_first(self) -> None:
        lane = self.link(is_stream=True, framing="int32").upstream
        lane.send(b"\0\0", 0.0)
        lane.close(0.0)
        self.assertEqual(self.run_out(lane), [(0, b"\0\0"), (0, End.EOF)])

    def test_one_portion_of_many_units_does_not_exceed_the_limit(self) -> None:
        lane = self.link("latency=1s", is_stream=True, framing="text").upstream
        lane.send(b"\n" * 65_536, 0.0)
        lane.close(0.0)
        while lane.deadline() == 0.0:
            self.assertEqual(list(lane.take(0.0)), [])
        self.assertLess(lane.held, HELD_BYTES + 65_536 + 1000)
        self.assertTrue(lane.is_full)
        outputs = self.run_out(lane)
        self.assertEqual(b"".join(each for _, each in outputs[:-1]), b"\n" * 65_536)  # type: ignore[misc]
        self.assertEqual(outputs[-1][1], End.EOF)
        self.assertEqual([unit for *_, unit, _ in self.decisions.all[2:]], [*range(1, 65_538)])
        self.assertEqual(lane.held, 0)

    def test_one_portion_of_many_units_takes_several_turns(self) -> None:
        for text in ("loss", "coalesce=9999", "limit_data=1", "latency=0"):
            lane = self.link(text, is_stream=True, framing="text").upstream
            lane.send(b"\n" * 5_000, 0.0)
            self.assertLessEqual(lane.units, UNITS_PER_TURN)
            turns = 0
            while lane.deadline() is not None and lane.units < 5_000:
                turns += 1
                list(lane.take(0.0))
            self.assertEqual(lane.units, 5_000)
            self.assertIn(turns, (5_000 // UNITS_PER_TURN - 1, 5_000 // UNITS_PER_TURN), text)

    def test_a_caller_that_stops_in_between_is_called_again(self) -> None:
        lane = self.link(is_stream=True, framing="text").upstream
        lane.send(b"\n" * 5_000, 0.0)
        count = 0
        while (time := lane.deadline()) is not None:
            taking = lane.take(time)
            count += sum(1 for _ in zip(range(UNITS_PER_TURN), taking, strict=False))
        self.assertEqual(count, 5_000)

    def test_the_largest_message_fits(self) -> None:
        lane = self.link(is_stream=True, framing="int32").upstream
        message = (MOST_UNIT - 4).to_bytes(4) + bytes(MOST_UNIT - 4)
        for start in range(0, MOST_UNIT, 65_536):
            self.assertFalse(lane.is_full)
            lane.send(message[start : start + 65_536], 0.0)
        self.assertEqual(self.run_out(lane), [(0, message)])

    def test_discard(self) -> None:
        lane = self.link("latency", is_stream=True, framing="text").upstream
        lane.send(b"\n" * 5_000 + b"x", 0.0)
        lane.discard()
        self.assertEqual((lane.held, lane.deadline(), lane.is_over), (0, None, True))

    def test_without_a_first_message_there_is_no_fault(self) -> None:
        link = self.link("corrupt", "refuse", is_stream=True, by="first-message")
        link.downstream.send(b"greeting", 0)
        self.assertEqual(self.run_out(link.downstream), [(0, b"greeting")])
        link.upstream.send(b"name", 0)
        self.assertEqual(self.run_out(link.upstream)[-1], (0, End.RESET))


class NameTests(SynchronousTestCase):
    def test_links_with_one_name_are_numbered(self) -> None:
        names = LinkNames("address")
        hosts = ["10.0.0.1", "10.0.0.1", "", ""]
        self.assertEqual(
            [names.name(host, b"") for host in hosts], ["10.0.0.1", "10.0.0.1#2", "unix", "unix#2"]
        )

    def test_names_do_not_depend_on_arrival(self) -> None:
        messages = [b"%d" % number for number in range(9)]
        one, other = LinkNames("first-message"), LinkNames("first-message")
        in_order = {message: one.name("", message) for message in messages}
        self.assertEqual(in_order, {each: other.name("", each) for each in messages[::-1]})

    def test_not_all_names_are_remembered(self) -> None:
        names = LinkNames("address")
        for number in range(MOST_NAMES + 1):
            names.name(str(number), b"")
        self.assertEqual(names.name("0", b""), "0")
        self.assertEqual(names.name("9000", b""), "9000#2")


class RepetitionTests(LinkCase):
    TEXTS = (
        *("loss=20%", "latency=10ms,jitter=5ms", "corrupt=50%", "reorder=10%", "duplicate=10%"),
        *("hold=3%", "loss,nth=3,toxicity=50%", "blackhole=10%", "timeout=1s,nth=4"),
    )

    def play(self, seed: int, order: random.Random, texts: Sequence[str] = TEXTS) -> list[Decision]:
        """Return the decisions about five units in each direction of two links.

        Args:
            seed: The seed of the toxics.
            order: Chooses in which order the lanes get their units, and when.
            texts: The toxics.
        """
        decisions, names = Decisions(), LinkNames()
        set_ = ToxicSet(seed, "p", toxics(*texts))
        links = [Link(names, "10.0.0.1", False, set_, (decisions,)) for _ in range(2)]
        for link in links:
            link.open(0.0)
        turns = [lane for link in links for lane in link.lanes] * 5
        order.shuffle(turns)
        now = 0.0
        for lane in turns:
            now += order.random()
            lane.send(b"unit %d" % lane.units, now)
            if order.random() < 0.5:
                list(lane.take(now))
            if order.random() < 0.1:
                lane.release(now)
        return sorted(decisions.all, key=lambda decision: decision[:3])

    def test_decisions_depend_on_the_seed_alone(self) -> None:
        different = set()
        for seed in range(100):
            one = self.play(seed, random.Random(seed))
            self.assertEqual(one, self.play(seed, random.Random(-1 - seed)))
            different.add(repr(one))
        self.assertEqual(len(different), 100)

    def test_a_further_toxic_changes_no_decision_of_another(self) -> None:
        before = self.play(7, random.Random(1))
        texts = ("corrupt,name=further", *self.TEXTS, "loss=50%,name=last")
        after = self.play(7, random.Random(1), texts)
        others = [
            (*where, tuple(each for each in actions if each.toxic not in ("further", "last")))
            for *where, actions in after
        ]
        self.assertEqual(others, before)
        self.assertNotEqual(after, before)

    def test_a_link_does_not_depend_on_others(self) -> None:
        decisions = Decisions()
        link = Link(
            LinkNames(), "10.0.0.1", False, ToxicSet(7, "p", toxics(*self.TEXTS)), (decisions,)
        )
        link.open(0.0)
        for lane in link.lanes:
            for number in range(5):
                lane.send(b"unit %d" % number, 0.0)
        among_others = [each for each in self.play(7, random.Random(1)) if each[0] == "1"]
        self.assertEqual(sorted(decisions.all, key=lambda each: each[:3]), among_others)

    def test_toxicity_0_has_no_effect(self) -> None:
        for kind in TOXICS:
            link = self.link(f"{kind},toxicity=0")
            for lane in link.lanes:
                lane.send(b"data", 0.0)
                lane.close(0.0)
                self.assertEqual(self.run_out(lane), [(0, b"data"), (0, End.EOF)], kind)
            self.assertTrue(all(not actions for *_, actions in self.decisions.all))

    def test_toxicity_is_decided_once_for_both_directions_of_a_link(self) -> None:
        faulty = 0
        names, set_ = LinkNames(), ToxicSet(7, "p", toxics("loss,toxicity=30%"))
        for _ in range(1000):
            link = Link(names, "", False, set_)
            link.open(0.0)
            for lane in link.lanes * 3:
                lane.send(b"x", 0.0)
            lost = {lane.deadline() is None for lane in link.lanes}
            self.assertEqual(len(lost), 1)
            faulty += lost == {True}
        self.assertTrue(250 < faulty < 350, faulty)

    def test_a_probability_is_kept(self) -> None:
        self.assertTrue(700 < len(self.through("loss=25%", units=[b"x"] * 1000)) < 800)

    @given(st.lists(st.text(), min_size=1), st.lists(st.text(), min_size=1))
    def test_subjects_are_not_confused(self, one: list[str], other: list[str]) -> None:
        self.assertEqual(one == other, Chance(*one).draw(1) == Chance(*other).draw(1))

    def test_numbers_of_this_version(self) -> None:
        # A change of these numbers makes each seed mean something else.
        self.assertEqual(
            [round(Chance(7, "p").draw(1, which), 6) for which in (0, 1)], [0.896592, 0.461903]
        )


class ChangeTests(LinkCase):
    def test_units_in_a_lane_keep_what_was_decided(self) -> None:
        link = self.link("latency=1s")
        link.upstream.send(b"1", 0.0)
        self.set.change(toxics("loss"), [link], 0.5)
        link.upstream.send(b"2", 0.5)
        self.assertEqual(self.run_out(link.upstream), [(1, b"1")])

    def test_the_others_go_on(self) -> None:
        both = toxics("limit_data=4,name=a", "latency,name=b")
        link = self.link("limit_data=4,name=a", is_stream=True)
        link.upstream.send(b"12", 0.0)
        self.set.change(both, [link], 0.0)
        link.upstream.send(b"34", 0.0)
        self.assertEqual([each for _, each in self.run_out(link.upstream)][-1], End.CLOSE)

    def test_a_removed_hold_releases(self) -> None:
        link = self.link("hold")
        link.upstream.send(b"1", 0.0)
        self.assertEqual(list(link.upstream.take(0.0)), [])
        self.set.change((), [link], 0.5)
        link.upstream.send(b"2", 0.5)
        self.assertEqual(self.run_out(link.upstream), [(0.5, b"1"), (0.5, b"2")])

    def test_a_new_toxic_begins_with_existing_links(self) -> None:
        link = self.link(is_stream=True)
        self.set.change(toxics("reset_peer=1s"), [link], 5.0)
        self.assertEqual(link.deadline(), 6)
        self.set.change(toxics("reset_peer=1s"), [link], 7.0)
        self.assertEqual(link.deadline(), 6)

    def test_another_toxic_of_the_same_name_begins_anew(self) -> None:
        link = self.link("blackhole")
        self.set.change(toxics("blackhole,nth=2"), [link], 0.0)
        for number in (b"1", b"2", b"3"):
            link.upstream.send(number, 0.0)
        self.assertEqual(self.run_out(link.upstream), [(0, b"1")])

    def test_no_change_is_no_event(self) -> None:
        link = self.link("loss", "latency")
        before = list(self.decisions.all)
        self.set.change(self.set.toxics[:1], [link], 0.0)
        self.assertEqual(self.decisions.all, before)

    def test_each_kind_of_unit_is_seen_once(self) -> None:
        lane = self.link("loss", is_stream=True, framing="text").upstream
        lane.send(b"a\n", 0.0)
        lane.close(0.0)
        self.assertEqual(
            [number for _, way, number, _ in self.decisions.all if way == "upstream"], [0, 1, 2]
        )
        self.assertIs(Unit(Kind.OPEN, 0).framing.quiet, None)
