"""The words of netlab-faults for the control channel."""

from dataclasses import dataclass, field
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.faults.commands import Commands
from twisted_lab.faults.engine.framing import Lines
from twisted_lab.faults.engine.scenario import Phase, Scenario
from twisted_lab.faults.engine.spec import Place, named, read_toxic
from twisted_lab.faults.engine.toxic import Toxics


@dataclass
class FakeProxy:
    """A proxy that releases a number of units."""

    place: Place
    units: int = 0
    is_enabled: bool = True

    def release(self) -> int:
        return self.units

    def disable(self) -> None:
        self.is_enabled = False

    def enable(self) -> None:
        self.is_enabled = True


@dataclass
class FakeService:
    """Proxies without links."""

    proxies: Any
    toxics: Toxics = field(default=())
    scenario: Scenario = field(default_factory=lambda: Scenario(()))

    def change(self, toxics: Toxics) -> None:
        self.toxics = toxics


class CommandTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.chat = FakeProxy(Place("chat", False), 3)
        self.plain = FakeProxy(Place("plain", True), 4)
        self.service = FakeService({"chat": self.chat, "plain": self.plain})
        self.words = Commands(self.service).words

    def tell(self, word: str, argument: str = "") -> str:
        self.assertTrue(self.words[word].takes(argument))
        return self.words[word].answer(argument)

    def refuse(self, word: str, argument: str) -> str:
        return str(self.assertRaises(ValueError, self.tell, word, argument))

    def test_toxics_can_be_added_listed_and_removed(self) -> None:
        self.assertEqual(self.tell("toxics"), "no toxics")
        self.assertEqual(self.tell("add", "loss=20%"), "added: loss=20%,name=loss")
        said = self.tell("add", "loss=0.5,nth=3")
        self.assertEqual(said, "added: loss=50%,name=loss-2,nth=3")
        said = self.tell("add", "latency=50ms,name=slow,proxy=plain")
        self.assertEqual(said, "added: latency=50ms,name=slow,proxy=plain")
        listed = self.tell("toxics").splitlines()
        self.assertEqual(len(listed), 3)
        self.assertEqual(named(map(read_toxic, listed)), self.service.toxics)
        self.assertEqual(self.tell("remove", "loss"), "removed: loss")
        self.assertEqual([toxic.name for toxic in self.service.toxics], ["loss-2", "slow"])

    def test_a_toxic_that_cannot_act_is_refused(self) -> None:
        self.tell("add", "loss=20%")
        before = self.service.toxics
        for text, problem in (
            ("lost", "there is no toxic 'lost'; did you mean loss"),
            ("loss=120%", "at most 100%"),
            ("loss,proxy=chatt", "there is no proxy 'chatt'; there is chat, plain"),
            ("loss,proxy=plain", "plain is a stream: tell where its messages end"),
            ("latency=1s,name=loss", "two toxics have the name 'loss'"),
        ):
            self.assertIn(problem, self.refuse("add", text))
        self.assertIs(self.service.toxics, before)

    def test_a_name_of_the_scenario_is_refused(self) -> None:
        phase = Phase(0, 1, named([read_toxic("loss=20%")]), frozenset())
        self.service.scenario = Scenario([phase])
        said = self.refuse("add", "loss=30%,proxy=chat")
        self.assertIn(
            "a toxic of the scenario has the name 'loss': give another one, with name=", said
        )
        self.assertEqual(self.tell("add", "loss=30%,name=my-loss"), "added: loss=30%,name=my-loss")

    def test_the_framing_of_a_proxy_counts(self) -> None:
        self.plain.place = Place("plain", True, Lines())
        self.assertEqual(self.tell("add", "loss,proxy=plain"), "added: loss,name=loss,proxy=plain")

    def test_an_unknown_name_is_answered_with_the_known_ones(self) -> None:
        self.assertEqual(self.refuse("remove", "x"), "there is no toxic 'x'; there is none")
        self.tell("add", "latency=1s")
        self.assertEqual(self.refuse("remove", "x"), "there is no toxic 'x'; there is latency")
        for word in ("release", "disable", "enable"):
            wanted = "there is no proxy 'x'; there is chat, plain"
            self.assertEqual(self.refuse(word, "x"), wanted)

    def test_held_units_are_released(self) -> None:
        self.assertEqual(self.tell("release"), "released units: 7")
        self.assertEqual(self.tell("release", "chat"), "released units: 3")

    def test_a_proxy_can_be_disabled_and_enabled(self) -> None:
        self.assertEqual(self.refuse("enable", "chat"), "chat is not disabled")
        self.assertEqual(self.tell("disable", "chat"), "disabled: chat")
        self.assertEqual((self.chat.is_enabled, self.plain.is_enabled), (False, True))
        self.assertEqual(self.refuse("disable", "chat"), "chat is disabled already")
        self.assertEqual(self.tell("enable", "chat"), "enabled: chat")
        self.assertTrue(self.chat.is_enabled)
