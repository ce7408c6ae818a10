"""Toxics as text: what people write, and the same text back."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.faults.engine.framing import Lines
from twisted_lab.faults.engine.spec import Place, check, named, read_toxic, spec, toxics_at
from twisted_lab.faults.engine.toxic import Toxic
from twisted_lab.faults.engine.toxics import TOXICS
from twisted_lab.faults.engine.units import Direction
from twisted_lab.faults.engine.values import (
    SHOWN,
    Span,
    count,
    direction,
    few,
    name,
    share,
    size,
    span,
)
from twisted_lab.peers import Network, read_network

# By reader: texts that people could write.
_AMOUNTS = st.decimals(0, 80_000, places=6).map(str)
_TEXTS: dict[Any, st.SearchStrategy[str]] = {
    name: st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True),
    str: st.text(st.characters(exclude_categories=["Cs"])),
    share: st.floats(0, 1).map(lambda value: f"{value:.12f}"),
    count: st.integers(1, 10**14).map(str),
    few: st.integers(1, 100).map(str),
    size: _AMOUNTS,
    span: st.integers(1, 9).map(lambda first: f"{first}-{'' if first < 5 else 10 * first}"),
    direction: st.sampled_from([each.value for each in Direction]),
    read_network: st.sampled_from(["10.0.0.0/8", "::1/128", "127.0.0.1"]),
} | {reader: _AMOUNTS.map(lambda text: f"1{text}") for reader in list(SHOWN)[:3]}


@st.composite
def toxics(draw: st.DrawFn) -> Toxic:
    kind = TOXICS[draw(st.sampled_from(list(TOXICS)))]
    given = {}
    for each in fields(kind):
        if draw(st.booleans()):
            given[each.name] = each.metadata["read"](draw(_TEXTS[each.metadata["read"]]))
    return kind(**given)


class ReadTests(SynchronousTestCase):
    def read(self, source: str, **attributes: Any) -> None:
        toxic = read_toxic(source)
        given = {each.name: getattr(toxic, each.name) for each in fields(toxic)}
        defaults = {each.name: each.default for each in fields(toxic)}
        self.assertEqual(given, defaults | attributes)

    def test_a_kind_alone_has_the_defaults(self) -> None:
        for kind, toxic in TOXICS.items():
            self.assertIs(type(read_toxic(kind)), toxic)
            self.read(kind)

    def test_the_value_of_the_kind_is_that_of_its_main_attribute(self) -> None:
        self.read("loss=20%", probability=0.2)
        self.read("latency=50ms,jitter=10", latency=0.05, jitter=0.01)
        self.read("slicer=10,delay=30", average_size=10, delay=30e-6)
        self.read("refuse=10%", toxicity=0.1)

    def test_conditions(self) -> None:
        self.read("corrupt,every=5,proxy=chat", every=5, proxy="chat")
        self.read("reset_peer,nth=3,direction=upstream", nth=3, direction=Direction.UPSTREAM)
        network: Network = read_network("10.0.0.0/8")
        self.read("hold,range=3-,peer=10.0.0.0/8", range=Span(3, None), peer=network)

    def test_backslashes_and_commas(self) -> None:
        self.read(r"replace=a\,b,match=c\\,nth=1", text="a,b", match="c\\", nth=1)
        self.read("replace=,match=\\d\\", text="", match="\\d\\")

    def test_each_mistake_has_an_error_that_says_what_is_right(self) -> None:
        for text, error in (
            ("", "expected a toxic, one of latency, bandwidth, "),
            ("lose=20%", "there is no toxic 'lose'; did you mean loss?"),
            ("loss,nht=2", "toxic loss: there is no attribute 'nht'; did you mean nth?"),
            ("loss,", "toxic loss: expected ATTRIBUTE=VALUE with one of name, proxy, "),
            ("loss,nth", "not 'nth'"),
            ("loss,size=3", "not 'size=3'"),
            ("loss=", "toxic loss, probability: expected a probability such as 20% or 0.2, not ''"),
            ("loss=120%", "toxic loss, probability: expected at most 100%, not '120%'"),
            ("loss=20", "expected a probability such as 20% or 0.2, not '20'"),
            ("loss=1,probability=1", "toxic loss: probability is given twice"),
            ("loss,direction=up", "direction: expected upstream or downstream, not 'up'"),
            ("loss,nth=0", "expected a whole number from 1 up, not '0'"),
            ("loss,name=a b", "expected up to 64 letters, digits and . _ -, not 'a b'"),
        ):
            with self.assertRaises(ValueError) as raised:
                read_toxic(text)
            self.assertIn(error, str(raised.exception))

    @given(toxics())
    def test_its_text_is_the_same_toxic(self, toxic: Toxic) -> None:
        self.assertEqual(read_toxic(spec(toxic)), toxic)

    @given(st.text())
    def test_any_text_is_a_toxic_or_an_error(self, text: str) -> None:
        for each in (text, f"loss,{text}", f"latency={text}"):
            try:
                read_toxic(each)
            except ValueError as error:
                self.assertNotIn("\n", str(error))

    def test_texts_are_short(self) -> None:
        for text in ("loss=20%", "latency=50ms,jitter=10ms", "bandwidth=2MB/s", "loss,toxicity=5%"):
            self.assertEqual(spec(read_toxic(text)), text)


class NameTests(SynchronousTestCase):
    def names(self, *texts: str) -> list[str]:
        return [toxic.name for toxic in named(read_toxic(text) for text in texts)]

    def test_toxics_have_the_names_of_their_kinds(self) -> None:
        self.assertEqual(self.names("loss", "hold", "loss"), ["loss", "hold", "loss-2"])

    def test_a_given_name_stays(self) -> None:
        self.assertEqual(self.names("loss", "loss", "hold,name=loss"), ["loss-2", "loss-3", "loss"])

    def test_names_differ(self) -> None:
        with self.assertRaisesRegex(ValueError, "two toxics have the name 'a'"):
            self.names("loss,name=a", "hold,name=a")


class PlaceTests(SynchronousTestCase):
    stream = Place("tcp:1", True)
    lines = Place("tcp:2", True, Lines())
    datagrams = Place("udp:1", False)

    def at(self, text: str, place: Place) -> bool:
        toxic = read_toxic(text)
        return toxics_at([toxic], place) == (toxic,)

    def test_a_toxic_acts_at_all_proxies_that_can_have_it(self) -> None:
        for text, places in (
            ("latency", [True, True, True]),
            ("latency,proxy=tcp:2", [False, True, False]),
            ("loss", [False, True, True]),
            ("loss,proxy=tcp:1", [False, False, False]),
            ("slicer", [True, True, False]),
            ("rebind", [False, False, True]),
        ):
            at = [self.at(text, place) for place in (self.stream, self.lines, self.datagrams)]
            self.assertEqual(at, places, text)

    def refused(self, text: str, *places: Place) -> str:
        with self.assertRaises(ValueError) as raised:
            check([read_toxic(text)], places)
        return str(raised.exception)

    def test_a_toxic_that_cannot_act_is_refused(self) -> None:
        check([read_toxic("loss"), read_toxic("rebind")], [self.stream, self.datagrams])
        self.assertIn("messages end", self.refused("loss", self.stream))
        self.assertIn("--framing text", self.refused("loss,proxy=tcp:1", self.stream, self.lines))
        self.assertEqual(
            self.refused("rebind", self.stream, self.lines),
            "toxic rebind acts only on datagrams, which tcp:1 does not carry",
        )
        self.assertEqual(
            self.refused("loss,proxy=chat", self.stream, self.datagrams),
            "toxic loss: there is no proxy 'chat'; there is tcp:1, udp:1",
        )
