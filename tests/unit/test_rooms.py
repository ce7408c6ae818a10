"""A room, its members and what they say, with time passed in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.names import BadName
from twisted_lab.rooms import Member, MemoryHistory, Room, Said, plain
from twisted_lab.rooms.limits import BURST, MUTE_SECONDS, Allowance


class RoomTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.history = MemoryHistory()
        self.room = Room(self.history)
        self.heard: dict[Member, list[str]] = {}

    def join(self, name: str) -> Member:
        heard: list[str] = []
        member = self.room.join(name, heard.append, 0.0)
        self.heard[member] = heard
        for others in self.heard.values():
            others.clear()
        return member

    def say(self, member: Member, text: str, now: float = 1000.0) -> bool:
        return self.successResultOf(Deferred.fromCoroutine(self.room.hear(member, text, now)))

    def test_a_newcomer_is_welcomed_and_announced(self) -> None:
        anna = self.join("Anna")
        heard: list[str] = []
        self.room.join(" Boris ", heard.append, 0.0)
        self.assertEqual(
            heard, ["* welcome, Boris; /help lists what you can do", "* here: Anna, Boris"]
        )
        self.assertEqual(self.heard[anna], ["* Boris has joined"])

    def test_names_are_unique_and_can_be_seen(self) -> None:
        self.join("Anna")
        for name in ("anna", "ANNA", "", "x" * 33, "a b", "a\u202eb", "\ufeff"):
            self.assertRaises(BadName, self.room.join, name, self.fail, 0.0)
        self.join("x" * 32)

    def test_all_hear_all_their_own_words_included(self) -> None:
        anna, boris = self.join("Anna"), self.join("Boris")
        self.say(anna, "hello")
        self.say(boris, "  hi\t\x1b[31mred\x1b[0m\x07 ")
        for member in (anna, boris):
            self.assertEqual(self.heard[member], ["Anna: hello", "Boris: hi red"])

    def test_nothing_is_not_said(self) -> None:
        anna = self.join("Anna")
        for text in ("", "  ", "\x1b[2J", "\x00"):
            self.say(anna, text)
        self.assertEqual(self.heard[anna], [])

    def test_one_is_told_alone(self) -> None:
        anna, boris, vera = self.join("Anna"), self.join("Boris"), self.join("Vera")
        self.say(anna, "/msg boris psst, you")
        self.assertEqual(self.heard[boris], ["Anna (to you): psst, you"])
        self.assertEqual(self.heard[anna], ["Anna (to Boris): psst, you"])
        self.assertEqual(self.heard[vera], [])
        for command in ("/msg", "/msg boris", "/msg nobody hello"):
            self.say(anna, command)
        self.assertEqual([line[:6] for line in self.heard[anna][1:]], ["error:"] * 3)
        self.assertEqual(len(self.heard[boris]), 1)

    def test_who_is_here(self) -> None:
        boris = self.join("boris")
        self.join("Anna")
        self.say(boris, "/who")
        self.assertEqual(self.heard[boris], ["* here: Anna, boris"])

    def test_a_new_name(self) -> None:
        anna, boris = self.join("Anna"), self.join("Boris")
        self.say(anna, "/nick ANNA")
        self.say(anna, "/nick boris")
        self.say(anna, "/nick Vera")
        self.assertEqual(
            self.heard[boris], ["* Anna is now called ANNA", "* ANNA is now called Vera"]
        )
        self.assertIn(
            "error: somebody is called boris already; choose another name", self.heard[anna]
        )
        self.join("Anna")
        self.say(anna, "it is me")
        self.assertEqual(self.heard[boris], ["Vera: it is me"])

    def test_history_is_repeated(self) -> None:
        anna = self.join("Anna")
        for number in range(5):
            self.say(anna, f"number {number}")
        boris = self.join("Boris")
        self.say(boris, "/history 2")
        self.assertEqual(self.heard[boris], ["Anna: number 3", "Anna: number 4"])
        self.heard[boris].clear()
        for command in ("/history", "/history x", "/history 1000", "/history -1"):
            self.say(boris, command)
        self.assertEqual({line[:6] for line in self.heard[boris]}, {"error:"})

    def test_history_is_kept_before_anybody_hears_it(self) -> None:
        kept: Deferred[None] = Deferred()

        class SlowHistory(MemoryHistory):
            async def add(self, said: Said) -> None:
                await kept
                await super().add(said)

        self.room = Room(SlowHistory())
        anna = self.join("Anna")
        saying = Deferred.fromCoroutine(self.room.hear(anna, "hello", 5.0))
        self.assertEqual(self.heard[anna], [])
        kept.callback(None)
        self.assertTrue(self.successResultOf(saying))
        self.assertEqual(self.heard[anna], ["Anna: hello"])

    def test_leaving(self) -> None:
        anna, boris = self.join("Anna"), self.join("Boris")
        for word in ("/leave", " exit "):
            self.assertFalse(self.say(anna, word))
        self.assertTrue(self.say(anna, "exit please"))
        self.heard[boris].clear()
        self.room.leave(anna)
        self.room.leave(self.join("Vera"), "gone silent")
        self.assertEqual(self.heard[boris], ["* Vera has gone silent"])
        self.say(boris, "alone")
        self.assertNotIn("Boris: alone", self.heard[anna])

    def test_help_and_what_is_no_command(self) -> None:
        anna = self.join("Anna")
        self.say(anna, "/help")
        listed = {line.split()[0] for line in self.heard[anna]}
        self.assertEqual(listed, {"/msg", "/who", "/nick", "/history", "/help", "/leave"})
        self.heard[anna].clear()
        self.say(anna, "/sudo")
        self.assertEqual(self.heard[anna], ["error: that is no command; /help lists them"])

    def test_a_flooder_is_told_once_and_then_mute(self) -> None:
        anna, boris = self.join("Anna"), self.join("Boris")
        for number in range(50):
            self.assertTrue(self.say(anna, f"{number}", 10.0))
        self.assertEqual(len(self.heard[boris]), BURST)
        self.assertEqual(self.heard[anna][BURST:], ["error: too fast; you are mute for 10 s"])
        self.say(anna, "still", 10.0 + MUTE_SECONDS - 0.1)
        self.assertEqual(len(self.heard[boris]), BURST)
        self.say(anna, "sorry", 10.0 + MUTE_SECONDS)
        self.assertEqual(self.heard[boris][-1], "Anna: sorry")


class AllowanceTests(SynchronousTestCase):
    @given(st.lists(st.floats(0, 3), max_size=60))
    def test_property_no_more_than_the_burst_and_the_rate(self, gaps: list[float]) -> None:
        now, passed, times = 0.0, 0, []
        allowance = Allowance(now)
        for gap in gaps:
            now += gap
            if not allowance.is_mute(now) and allowance.spend(now):
                passed += 1
                times.append(now)
        for first, start in enumerate(times):
            for last in range(first, len(times)):
                limit = BURST + 4.0 * (times[last] - start)
                self.assertLessEqual(last - first + 1, limit + 1e-6)

    def test_a_clock_that_is_set_back_makes_nobody_mute(self) -> None:
        allowance = Allowance(1e6)
        for _ in range(BURST + 1):
            allowance.spend(1e6)
        self.assertTrue(allowance.is_mute(1e6 + 1))
        self.assertFalse(allowance.is_mute(10.0))


class PlainTests(SynchronousTestCase):
    @given(st.text())
    def test_property_what_is_relayed_steers_nothing(self, text: str) -> None:
        relayed = plain(text)
        self.assertTrue(relayed.isprintable())
        self.assertEqual(plain(relayed), relayed)

    def test_whole_sequences_go(self) -> None:
        self.assertEqual(plain("a\x1b[1;31mb\x1b[0mc\x1b]0;d\x07"), "abc0;d")
