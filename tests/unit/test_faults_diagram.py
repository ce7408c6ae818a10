import xml.etree.ElementTree as ElementTree
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.unit.test_faults_recording import Talk, one
from twisted_lab.faults.engine.link import Link
from twisted_lab.faults.engine.link_names import LinkNames
from twisted_lab.faults.engine.toxic import Toxic
from twisted_lab.faults.engine.toxic_set import ToxicSet
from twisted_lab.faults.pictures.diagram import MOST_ARROWS, MOST_ENDS, Fate, Passage, lay_out
from twisted_lab.faults.pictures.picture import MOST_COPIES, MOST_OPEN, DiagramFile, Picture
from twisted_lab.faults.pictures.sketch import sketch
from twisted_lab.faults.pictures.svg import draw
from twisted_lab.resources import NotReady

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</title><script>alert(1)</script>\x1b[2J\x00\ud800\uffff&\u202e\"'"


def passage(text: str = "one", sent: float = 0.0, *arrivals: float, **more: object) -> Passage:
    return Passage("client", "server", True, text, sent, list(arrivals), **more)  # type: ignore[arg-type]


def one_of_each_fate() -> list[Passage]:
    return [
        passage("at once", 0.0, 0.0),
        passage("slow", 0.1, 0.3, causes=("latency",)),
        passage("twice", 0.2, 0.2, 0.4, causes=("duplicate",)),
        passage("broken", 0.5, 0.5, is_changed=True, causes=("corrupt",)),
        passage("gone", 0.6, is_lost=True, causes=("loss",)),
        passage("kept", 0.7, causes=("hold",)),
    ]


class LayoutTests(SynchronousTestCase):
    def test_rows_follow_the_time_and_arrows_that_overtake_cross(self) -> None:
        slow, quick = passage("slow", 1.0, 1.5), passage("quick", 1.1, 1.1)
        layout = lay_out([slow, quick])
        self.assertEqual(layout.ends, ("client", "server"))
        self.assertEqual(layout.times, (1.0, 1.1, 1.5))
        first, second = layout.arrows
        self.assertEqual((first.first_row, first.last_row), (0, 2))
        self.assertEqual((second.first_row, second.last_row), (1, 1))

    def test_an_answer_points_to_the_left(self) -> None:
        answer = passage("hello", 0.0, 0.0)
        answer.is_rightwards = False
        [arrow] = lay_out([answer]).arrows
        self.assertEqual((arrow.start, arrow.end), (1, 0))

    def test_copies_begin_together(self) -> None:
        layout = lay_out([passage("one", 0.0, 0.0, 0.2, 0.1)])
        self.assertEqual([arrow.first_row for arrow in layout.arrows], [0, 0, 0])
        self.assertEqual([arrow.last_row for arrow in layout.arrows], [0, 2, 1])

    def test_each_message_has_its_fate_and_a_note(self) -> None:
        arrows = lay_out(one_of_each_fate()).arrows
        self.assertEqual(
            [(arrow.fate, arrow.passage.note(arrow.copy)) for arrow in arrows],
            [
                (Fate.DELIVERED, ""),
                (Fate.LATE, "200 ms late (latency)"),
                (Fate.DELIVERED, ""),
                (Fate.COPY, "copy, 200 ms late (duplicate)"),
                (Fate.CHANGED, "changed (corrupt)"),
                (Fate.LOST, "lost (loss)"),
                (Fate.MISSING, "not delivered (hold)"),
            ],
        )

    def test_the_number_of_arrows_and_columns_is_limited(self) -> None:
        layout = lay_out([passage()] * (MOST_ARROWS + 7), left_out=3)
        self.assertEqual((len(layout.arrows), layout.left_out), (MOST_ARROWS, 10))
        crowd = [Passage(f"client {n}", "server", True, "", n) for n in range(100)]
        layout = lay_out(crowd)
        self.assertEqual(len(layout.ends), MOST_ENDS)
        self.assertEqual(layout.left_out, 100 - (MOST_ENDS - 1))


class SvgTests(SynchronousTestCase):
    def draw(self, *passages: Passage, left_out: int = 0) -> ElementTree.Element:
        return ElementTree.fromstring(draw(lay_out(passages, left_out)))  # noqa: S314 our own

    def test_each_fate_has_its_own_shape_and_line_beside_its_colour(self) -> None:
        root = self.draw(*one_of_each_fate())
        arrows = root.findall(f"{SVG}g[@role='graphics-symbol']")
        shapes = {
            arrow.get("class"): tuple(path.get("d") for path in arrow.iter(f"{SVG}path"))
            for arrow in arrows
        }
        self.assertEqual(len(shapes), len(Fate))
        self.assertEqual(len(set(shapes.values())), len(Fate))
        self.assertNotIn((), shapes.values())

    def test_screen_readers_hear_what_happened(self) -> None:
        root = self.draw(*one_of_each_fate())
        self.assertEqual(root.get("aria-labelledby"), "title desc")
        self.assertEqual(root.findtext(f"{SVG}title"), "Messages between client, server")
        description = root.findtext(f"{SVG}desc")
        self.assertEqual(
            description,
            "2 delivered, 1 late, 1 changed, 1 copy, 1 lost, 1 not delivered",
        )
        titles = [" ".join((each.text or "").split()) for each in root.iter(f"{SVG}title")]
        self.assertIn("0.600 s: client to server: gone : lost (loss)", titles)

    def test_it_is_readable_on_a_dark_ground(self) -> None:
        text = draw(lay_out(one_of_each_fate()))
        light, dark = text.split("@media (prefers-color-scheme: dark)")
        for name in (".ground", "text", *(f".{fate.name.lower()}" for fate in list(Fate)[1:])):
            self.assertIn(f"\n{name} {{", dark)
            self.assertIn(f"\n{name} {{", light)

    def test_text_from_peers_is_escaped(self) -> None:
        hostile = Passage(HOSTILE, "server " + HOSTILE, True, HOSTILE, 0.0, causes=(HOSTILE,))
        text = draw(lay_out([hostile]))
        root = ElementTree.fromstring(text)  # noqa: S314 our own
        self.assertEqual(list(root.iter(f"{SVG}script")), [])
        self.assertTrue(all(char.isprintable() or char == "\n" for char in text))
        text.encode()

    def test_long_texts_and_empty_pictures_are_drawn(self) -> None:
        root = self.draw(passage("x" * 10_000, 0.0, 0.0))
        self.assertLess(len(ElementTree.tostring(root)), 10_000)
        self.assertEqual(self.draw().findtext(f"{SVG}desc"), "no messages")

    def test_no_line_crosses_a_text(self) -> None:
        kinds = [each.tag for each in self.draw(*one_of_each_fate())]
        last_arrow = len(kinds) - kinds[::-1].index(f"{SVG}g")
        self.assertGreater(kinds[last_arrow:].count(f"{SVG}text"), len(one_of_each_fate()))

    def test_the_legend_is_at_the_top(self) -> None:
        root = self.draw(*one_of_each_fate())
        heights: dict[str | None, float] = {}  # the first text is the highest
        for each in root.findall(f"{SVG}text"):
            heights.setdefault(each.text, float(each.get("y", "")))
        for fate in Fate:
            self.assertLess(heights[fate.value], heights["client"])

    def test_the_legend_explains_what_is_drawn(self) -> None:
        came = passage("one", 0.0, 0.0)
        gone = Passage("client", "server", True, "two", 1.0, is_lost=True)
        for passages, expected in (
            ([came], []),
            ([gone], ["lost"]),
            ([came, gone], ["delivered", "lost"]),
        ):
            texts = [each.text for each in self.draw(*passages).findall(f"{SVG}text")]
            legend = texts[: texts.index("client")]
            self.assertEqual(legend, expected)

    def test_a_note_says_what_is_left_out(self) -> None:
        root = self.draw(passage(), left_out=7)
        self.assertIn("7 more messages are not drawn.", [each.text for each in root])


class SketchTests(SynchronousTestCase):
    def test_lines_for_a_terminal(self) -> None:
        lines = [
            sketch(arrow.passage, arrow.copy, 0.0, False, 100)
            for arrow in lay_out(one_of_each_fate()).arrows
        ]
        self.assertEqual(
            lines,
            [
                "    0.000 s        client ──────▶  server        at once",
                "    0.300 s        client ╌╌╌╌╌╌▶  server        slow  200 ms late (latency)",
                "    0.200 s        client ──────▶  server        twice",
                "    0.400 s        client ══════▶  server        twice  "
                "copy, 200 ms late (duplicate)",
                "    0.500 s        client ──────≠▶ server        broken  changed (corrupt)",
                "    0.600 s        client ──────✕  server        gone  lost (loss)",
                "    0.700 s        client ┄┄┄┄┄┄□  server        kept  not delivered (hold)",
            ],
        )

    def test_answers_point_to_the_left(self) -> None:
        answer = passage("hello", 0.0, 0.0, is_changed=True)
        answer.is_rightwards = False
        self.assertIn("client ◀≠────── server", sketch(answer, 0, 0.0, False, 100))

    def test_a_line_fits_the_terminal_if_its_text_can_be_shorter(self) -> None:
        long = passage("x" * 100, is_lost=True, causes=("loss",))
        for columns, length in ((80, 80), (1000, 102), (40, 70)):
            line = sketch(long, 0, 0.0, False, columns)
            self.assertEqual(len(line), length)
            self.assertTrue(line.endswith("x...  lost (loss)"))

    def test_colours_are_optional_and_nothing_else_controls_the_terminal(self) -> None:
        hostile = Passage(HOSTILE, HOSTILE, True, HOSTILE * 9, 0.0, is_lost=True, causes=(HOSTILE,))
        self.assertTrue(sketch(hostile, 0, 0.0, False, 100).isprintable())
        line = sketch(hostile, 0, 0.0, True, 100)
        self.assertTrue(line.startswith("\x1b[31m"))
        self.assertTrue(line.endswith("\x1b[0m"))
        self.assertEqual(line.count("\x1b"), 2)


class PictureTests(SynchronousTestCase):
    def picture_of(self, *toxics: Toxic, count: int = 3) -> tuple[Picture, list[tuple[str, Fate]]]:
        shown: list[tuple[str, Fate]] = []
        picture = Picture(lambda each, copy: shown.append((each.text, each.fate(copy))))
        talk = Talk(Clock(), ToxicSet(7, "chat", toxics), picture.of("chat"))
        talk.have(count)
        return picture, shown

    def fates(self, *toxics: Toxic, count: int = 3) -> list[tuple[bool, str, list[Fate]]]:
        picture, _ = self.picture_of(*toxics, count=count)
        return [
            (
                each.is_rightwards,
                each.text,
                [each.fate(copy) for copy in range(max(len(each.arrivals), 1))],
            )
            for each in picture.passages
        ]

    def test_units_of_both_directions_and_their_fates(self) -> None:
        self.assertEqual(
            self.fates(one("loss", nth=2), one("duplicate", nth=1, direction="upstream"), count=2),
            [
                (True, "line 0", [Fate.DELIVERED, Fate.COPY]),
                (False, "line 0", [Fate.DELIVERED]),
                (True, "line 1", [Fate.LOST]),
                (False, "line 1", [Fate.LOST]),
                (True, "(close)", [Fate.DELIVERED]),
                (False, "(close)", [Fate.DELIVERED]),
            ],
        )

    def test_joined_units_arrive_with_the_last_one_and_sliced_ones_once(self) -> None:
        joined, _ = self.picture_of(one("coalesce"), count=4)
        [one_, two, *_rest] = [each for each in joined.passages if each.is_rightwards]
        self.assertEqual(one_.arrivals, two.arrivals)
        self.assertEqual(len(one_.arrivals), 1)
        sliced, _ = self.picture_of(one("slicer", average_size=1, delay=0.01), count=1)
        [first, *_rest] = sliced.passages
        self.assertEqual(len(first.arrivals), 1)
        self.assertGreater(first.delay(0), 0.04)
        slow, _ = self.picture_of(one("bandwidth", rate=20.0), count=1)
        [first, *_rest] = slow.passages
        self.assertEqual(len(first.arrivals), 1)
        self.assertGreater(first.delay(0), 0.3)

    def test_the_end_of_a_link_is_shown_with_its_cause(self) -> None:
        picture, _ = self.picture_of(one("reset_peer", nth=2, direction="upstream"))
        reset = next(each for each in picture.passages if "reset" in each.text)
        self.assertEqual((reset.text, reset.causes), ("(reset)", ("reset_peer",)))
        after = picture.passages[picture.passages.index(reset) + 1 :]
        lost = [each for each in after if each.is_rightwards]
        self.assertTrue(lost)
        self.assertEqual({each.fate(0) for each in lost}, {Fate.LOST})

    def test_each_arrival_and_each_loss_is_shown_once(self) -> None:
        _, shown = self.picture_of(
            one("loss", nth=2), one("duplicate", nth=3), one("latency", latency=0.05)
        )
        self.assertEqual(shown.count(("line 0", Fate.LATE)), 2)
        self.assertEqual(shown.count(("line 1", Fate.LOST)), 2)
        self.assertEqual(shown.count(("line 2", Fate.COPY)), 2)
        self.assertEqual(len(shown), 2 * (1 + 1 + 2 + 1))

    def test_memory_is_limited(self) -> None:
        picture = Picture()
        painter = picture.of("chat")
        link = Link(LinkNames(), "", False, ToxicSet(7, "chat", (one("loss"),)), (painter,))
        link.open(0.0)
        for _ in range(MOST_OPEN + 500):
            link.upstream.send(b"x", 0.0)
        self.assertEqual(len(picture.passages), MOST_ARROWS)
        self.assertEqual(picture.left_out, MOST_OPEN + 500 - MOST_ARROWS)
        self.assertEqual(len(painter._open), MOST_OPEN)
        many, _ = self.picture_of(one("duplicate", copies=100), count=1)
        self.assertEqual(len(many.passages[0].arrivals), MOST_COPIES)

    def test_the_ends_of_one_proxy_are_its_clients_and_the_server(self) -> None:
        picture, _ = self.picture_of(count=1)
        self.assertEqual(lay_out(picture.passages).ends, ("client 1", "server"))

    def test_ends_of_several_proxies_have_different_names(self) -> None:
        picture = Picture()
        one_, other = picture.of("chat"), picture.of("echo")
        for painter, name in ((one_, "chat"), (other, "echo")):
            Talk(Clock(), ToxicSet(7, name), painter).have(1)
        self.assertEqual(
            lay_out(picture.passages).ends,
            ("client 1 of chat", "server of chat", "client 1 of echo", "server of echo"),
        )


class DiagramFileTests(SynchronousTestCase):
    def test_the_picture_is_written_at_the_end(self) -> None:
        path, picture, said = self.mktemp(), Picture(), list[str]()
        Talk(Clock(), ToxicSet(7, "chat"), picture.of("chat")).have(2)
        file = DiagramFile(path, picture, lambda: said.append("written"), said.append)
        file.open()
        self.assertEqual(said, [])
        self.successResultOf(Deferred.fromCoroutine(file.close()))
        file.discard()
        self.assertIn("line 1", Path(path).read_text())
        self.assertEqual(said, ["written"])

    def test_a_wrong_path_is_refused_at_the_start_and_a_full_disk_reported(self) -> None:
        failed = list[str]()
        with self.assertRaisesRegex(NotReady, "^cannot write '/nowhere/x.svg': No such file"):
            DiagramFile("/nowhere/x.svg", Picture(), self.fail, failed.append).open()
        file = DiagramFile("/dev/full", Picture(), self.fail, failed.append)
        file.open()
        self.successResultOf(Deferred.fromCoroutine(file.close()))
        self.assertEqual(failed, ["No space left on device"])
