"""Rooms, members and messages, with time passed in."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, execute
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.rooms import free_limits, make_room
from tests.doubles.storage import StoredCase
from twisted_lab.rooms import (
    History,
    HistoryBusy,
    Line,
    Member,
    MemoryHistory,
    RoomClient,
    Said,
    client_id,
    kept_history,
    plain,
)
from twisted_lab.rooms import history as memory_history
from twisted_lab.rooms.history import KEPT
from twisted_lab.rooms.kept_history import KeptHistory
from twisted_lab.rooms.queries import HistoryQueries
from twisted_lab.rooms.rate_limits import BURST, MUTE_SECONDS, Allowance
from twisted_lab.rooms.schema import HISTORY_TABLES
from twisted_lab.storage import CannotStore, Work
from twisted_lab.testing import MemoryStorage
from twisted_lab.text.user_names import BadName

Result = TypeVar("Result")


SECRET = "0123456789abcdef"


class MemberChannel:
    """A channel that records its output; the peer takes it immediately or on `take`."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.hung_up = False
        self.is_gone = False
        self.slow: Deferred[None] | None = None

    def say(self, text: str) -> None:
        self.heard.append(text)

    def hang_up(self) -> None:
        self.hung_up = True

    async def taken(self) -> None:
        if self.slow is not None:
            await self.slow


def run(test: SynchronousTestCase, coroutine: Coroutine[Deferred[Any], Any, Result]) -> Result:
    result: Result = test.successResultOf(Deferred.fromCoroutine(coroutine))
    return result


class RoomTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.history: History = MemoryHistory()
        self.tick = 0.0
        self.clock = Clock()
        self.room = make_room(self.history, self.clock, lambda: self.tick)
        self.heard: dict[Member, list[str]] = {}

    def join(self, name: str, client: str = "") -> Member:
        channel = MemberChannel()
        member = self.room.join(name, channel, free_limits(), 0.0, client)
        self.heard[member] = channel.heard
        for others in self.heard.values():
            others.clear()
        return member

    def say(self, member: Member, text: str, now: float = 1000.0) -> bool:
        self.tick = now
        staying = Deferred.fromCoroutine(self.room.hear(member, text, now))
        self.clock.advance(0)
        return self.successResultOf(staying)

    def test_a_newcomer_is_welcomed_and_announced(self) -> None:
        anna = self.join("Anna")
        boris = MemberChannel()
        self.room.join(" Boris ", boris, free_limits(), 0.0)
        self.assertEqual(
            boris.heard, ["* welcome, Boris; /help lists what you can do", "* here: Anna, Boris"]
        )
        self.assertEqual(self.heard[anna], ["* Boris has joined"])

    def test_names_are_unique_and_visible(self) -> None:
        self.join("Anna")
        for name in ("anna", "ANNA", "", "x" * 33, "a b", "a\u202eb", "\ufeff", "Error", "*"):
            self.assertRaises(BadName, self.room.join, name, MemberChannel(), free_limits(), 0.0)
        self.join("x" * 32)

    def test_no_two_names_look_alike(self) -> None:
        anna, ivan = self.join("Anna"), self.join("Ivan")
        for name in ("Аnna", "lvan", "іvan", "ІVAN"):
            error = self.assertRaises(BadName, self.room.check_name, name, "")
            self.assertEqual(str(error), f"somebody's name looks like {name}; choose another name")
            self.assertRaises(BadName, self.room.join, name, MemberChannel(), free_limits(), 0.0)
        self.say(anna, "/nick lvan")
        self.assertEqual(self.heard[ivan], [])
        self.say(anna, "/nick Аnna")  # The lookalike is the same member.
        self.say(ivan, "/msg Аnna hello")
        self.say(ivan, "/msg Anna hello")
        self.assertEqual(
            self.heard[ivan],
            [
                "* Anna is now called Аnna",
                "Ivan (to Аnna): hello",
                "error: no member has that name; /who lists the members",
            ],
        )
        self.say(ivan, "/nick Vera")
        self.join("lvan")
        self.room.leave(anna, 0.0)
        self.join("Anna")

    def test_a_freed_name_frees_its_lookalikes(self) -> None:
        for name in ("Ivan", "lvan", "ivan"):
            self.room.leave(self.join(name), 0.0)
        self.join("Ivan")

    def test_a_name_like_the_rooms_own_is_refused(self) -> None:
        for name in ("еrror", "ЕRRОR", "⁎"):
            self.assertRaises(BadName, self.room.join, name, MemberChannel(), free_limits(), 0.0)

    def test_each_member_gets_each_message_including_its_own(self) -> None:
        anna, boris = self.join("Anna"), self.join("Boris")
        self.say(anna, "hello")
        self.say(boris, "  hi\t\x1b[31mred\x1b[0m\x07 ")
        for member in (anna, boris):
            self.assertEqual(self.heard[member], ["Anna: hello", "Boris: hi red"])

    def test_empty_messages_are_dropped(self) -> None:
        anna = self.join("Anna")
        for text in ("", "  ", "\x1b[2J", "\x00"):
            self.say(anna, text)
        self.assertEqual(self.heard[anna], [])

    def test_msg_sends_to_one_member(self) -> None:
        anna, boris, vera = self.join("Anna"), self.join("Boris"), self.join("Vera")
        self.say(anna, "/msg boris psst, you")
        self.assertEqual(self.heard[boris], ["Anna (to you): psst, you"])
        self.assertEqual(self.heard[anna], ["Anna (to Boris): psst, you"])
        self.assertEqual(self.heard[vera], [])
        for command in ("/msg", "/msg boris", "/msg nobody hello"):
            self.say(anna, command)
        self.assertEqual([line[:6] for line in self.heard[anna][1:]], ["error:"] * 3)
        self.assertEqual(len(self.heard[boris]), 1)

    def test_who_lists_the_members(self) -> None:
        boris = self.join("boris")
        self.join("Anna")
        self.say(boris, "/who")
        self.assertEqual(self.heard[boris], ["* here: Anna, boris"])

    def test_nick_changes_the_name(self) -> None:
        anna, boris = self.join("Anna"), self.join("Boris")
        self.say(anna, "/nick Anna ")
        self.assertEqual(self.heard[anna].pop(), "* you are called Anna already")
        self.say(anna, "/nick ANNA")
        self.say(anna, "/nick boris")
        self.say(anna, "/nick Vera")
        self.assertEqual(
            self.heard[boris], ["* Anna is now called ANNA", "* ANNA is now called Vera"]
        )
        self.assertIn("error: name taken: boris; choose another", self.heard[anna])
        self.join("Anna")
        self.say(anna, "it is me")
        self.assertEqual(self.heard[boris], ["Vera: it is me"])

    def test_nick_needs_a_name(self) -> None:
        anna = self.join("Anna")
        for text in ("/nick", "/nick  "):
            self.say(anna, text)
            self.assertEqual(self.heard[anna].pop(), "error: say your new name: /nick NAME")

    def test_history_repeats_messages(self) -> None:
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

    def test_a_busy_history_is_one_line(self) -> None:
        class BusyHistory(MemoryHistory):
            async def last(self, most: int) -> tuple[int, int]:
                raise HistoryBusy

        self.room = make_room(BusyHistory(), self.clock, lambda: self.tick)
        anna = self.join("Anna")
        self.heard[anna].clear()
        self.say(anna, "/history 1")
        self.say(anna, "hello")
        self.assertEqual(self.heard[anna], ["error: the history is busy; try again", "Anna: hello"])

    def test_a_message_is_stored_before_it_is_delivered(self) -> None:
        kept: Deferred[None] = Deferred()

        class SlowHistory(MemoryHistory):
            async def add(self, said: Said) -> int | None:
                await kept
                return await super().add(said)

        self.room = make_room(SlowHistory(), self.clock, lambda: self.tick)
        anna = self.join("Anna")
        saying = Deferred.fromCoroutine(self.room.hear(anna, "hello", 5.0))
        self.assertEqual(self.heard[anna], [])
        kept.callback(None)
        self.assertTrue(self.successResultOf(saying))
        self.assertEqual(self.heard[anna], ["Anna: hello"])

    def test_a_client_that_returns_meanwhile_gets_the_message(self) -> None:
        kept: Deferred[None] = Deferred()

        class SlowHistory(MemoryHistory):
            async def add(self, said: Said) -> int | None:
                await kept
                return await super().add(said)

        self.room = make_room(SlowHistory(), self.clock, lambda: self.tick)
        anna = self.join("Anna", client_id(SECRET))
        self.join("Boris", client_id("b" * 16))
        vera = self.join("Vera")
        saying = Deferred.fromCoroutine(self.room.hear(anna, "1 /msg Boris psst", 5.0))
        boris_again = self.join("Boris", client_id("b" * 16))
        anna_again = self.join("Anya", client_id(SECRET))
        # Another member has the name now.
        self.say(vera, "/nick Anna")
        self.heard[anna_again].clear()
        self.heard[boris_again].clear()
        kept.callback(None)
        self.successResultOf(saying)
        self.assertEqual(self.heard[boris_again], ["5000000 5000 Anna (to you): psst"])
        self.assertEqual(self.heard[anna_again], ["5000000 5000 Anna (to Boris): psst"])
        self.assertNotIn("Anna (to Boris): psst", self.heard[vera])

    def test_leave_and_exit_end_the_membership(self) -> None:
        anna, boris = self.join("Anna"), self.join("Boris")
        for word in ("/leave", " exit "):
            self.assertFalse(self.say(anna, word))
        self.assertTrue(self.say(anna, "exit please"))
        self.heard[boris].clear()
        self.room.leave(anna, 5.0)
        self.room.leave(self.join("Vera"), 5.0, "gone silent")
        self.assertEqual(self.heard[boris], ["* Vera has gone silent"])
        self.say(boris, "alone")
        self.assertNotIn("Boris: alone", self.heard[anna])

    def test_help_lists_commands_and_others_are_errors(self) -> None:
        anna = self.join("Anna")
        self.say(anna, "/help")
        listed = {line.split()[0] for line in self.heard[anna]}
        self.assertEqual(listed, {"/msg", "/who", "/nick", "/history", "/help", "/leave"})
        self.heard[anna].clear()
        self.say(anna, "/sudo")
        self.assertEqual(self.heard[anna], ["error: unknown command; /help lists them"])
        for command, said in (
            ("/halp", "error: unknown command; did you mean /help? /help lists them"),
            ("/" + "hi" * 10_000, "error: unknown command; /help lists them"),
        ):
            self.heard[anna].clear()
            self.say(anna, command)
            self.assertEqual(self.heard[anna], [said])

    def test_a_flooding_member_is_warned_once_and_muted(self) -> None:
        anna, boris = self.join("Anna"), self.join("Boris")
        for number in range(50):
            self.assertTrue(self.say(anna, f"{number}", 10.0))
        self.assertEqual(len(self.heard[boris]), BURST)
        self.assertEqual(self.heard[anna][BURST:], ["error: too fast; you are muted for 10 s"])
        self.say(anna, "still", 10.0 + MUTE_SECONDS - 0.1)
        self.assertEqual(len(self.heard[boris]), BURST)
        self.say(anna, "sorry", 10.0 + MUTE_SECONDS)
        self.assertEqual(self.heard[boris][-1], "Anna: sorry")


class ClientTests(SynchronousTestCase):
    """Members that number their messages and come back."""

    def setUp(self) -> None:
        self.history: History = MemoryHistory()
        self.tick = 0.0
        self.clock = Clock()
        self.room = make_room(self.history, self.clock, lambda: self.tick)

    def join(
        self, name: str, secret: str = SECRET, place: int | None = None, now: float = 0.0
    ) -> tuple[Member, MemberChannel]:
        channel = MemberChannel()
        client = client_id(secret)
        if client:
            catching_up = self.room.catch_up(channel, client, place, free_limits().address)
            caught_up = Deferred.fromCoroutine(catching_up)
            self.clock.advance(0)
            self.successResultOf(caught_up)
        return self.room.join(name, channel, free_limits(), now, client), channel

    def say(self, member: Member, text: str, now: float = 1000.0) -> bool:
        self.tick = now
        staying = Deferred.fromCoroutine(self.room.hear(member, text, now))
        self.clock.advance(0)
        return self.successResultOf(staying)

    def test_a_client_gets_places_times_and_confirmations(self) -> None:
        anna, channel = self.join("Anna")
        self.assertEqual(channel.heard[0], "0 0 * welcome, Anna; /help lists what you can do")
        channel.heard.clear()
        self.say(anna, "1 hello")
        self.say(anna, "2 again")
        self.say(anna, "3 /msg Anna me")
        self.say(anna, "4 /sudo")
        self.say(anna, "5 /nick a b")
        self.assertEqual(
            channel.heard,
            [
                "1000000000 1000000 Anna: hello",
                "1000000000 1000000 /done 1",
                "1000000001 1000000 Anna: again",
                "1000000001 1000000 /done 2",
                "1000000002 1000000 Anna (to you): me",
                "1000000002 1000000 Anna (to Anna): me",
                "1000000002 1000000 /done 3",
                "1000000002 1000000 error: unknown command; /help lists them",
                "1000000002 1000000 /done 4",
                "1000000002 1000000 error: a name has no spaces here",
                "1000000002 1000000 /done 5",
            ],
        )

    def test_notices_have_the_current_time_and_messages_their_own(self) -> None:
        boris, plain = self.join("Boris", "")
        self.say(boris, "long ago", 1.0)
        self.say(boris, "lately", 2.0004)
        anna, channel = self.join("Anna", now=7.0)
        self.say(anna, "1 /history 2", 8.0)
        self.say(anna, "2 /who", 9.0)
        self.say(anna, "3 /nick Ann", 10.0)
        self.say(anna, "4 /msg Boris psst", 11.0)
        self.room.leave(boris, 12.0)
        self.assertEqual(
            [text.removeprefix("2000400 ") for text in channel.heard],
            [
                "7000 * welcome, Anna; /help lists what you can do",
                "7000 * here: Anna, Boris",
                "1000 Boris: long ago",
                "2000 Boris: lately",
                "8000 /done 1",
                "9000 * here: Anna, Boris",
                "9000 /done 2",
                "10000 * Anna is now called Ann",
                "10000 /done 3",
                "11000000 11000 Ann (to Boris): psst",
                "11000000 11000 /done 4",
                "11000000 12000 * Boris has left",
            ],
        )
        self.assertEqual(
            plain.heard[2:],
            [
                "Boris: long ago",
                "Boris: lately",
                "* Anna has joined",
                "* Anna is now called Ann",
                "Ann (to you): psst",
            ],
        )

    def test_a_message_without_a_count_is_refused(self) -> None:
        anna, channel = self.join("Anna")
        channel.heard.clear()
        for text in ("hello", "0 hello", "-1 hello", "1hello", "9" * 19 + " hello", ""):
            self.say(anna, text)
        wrong = "0 1000000 error: a client with an id numbers its messages: COUNT TEXT"
        self.assertEqual(channel.heard, [wrong] * 6)

    def test_a_repeated_message_is_delivered_once(self) -> None:
        anna, channel = self.join("Anna")
        _, others = self.join("Boris", "")
        for count in (1, 2, 1, 2, 3):
            self.say(anna, f"{count} text {count}")
        self.say(anna, "4 /msg Boris psst")
        self.say(anna, "4 /msg Boris psst")
        heard = ["Anna: text 1", "Anna: text 2", "Anna: text 3", "Anna (to you): psst"]
        self.assertEqual([text for text in others.heard if text.startswith("Anna")], heard)
        self.assertEqual(sum("/done" in text for text in channel.heard), 7)

    def test_a_repeated_message_is_delivered_once_after_its_deletion(self) -> None:
        anna, channel = self.join("Anna")
        boris, others = self.join("Boris", "")
        self.say(anna, "1 hello")
        for number in range(KEPT):
            self.say(boris, "on and on", 1000.0 + number)
        self.room.leave(anna, 9000.0)
        anna, channel = self.join("Anna", place=0)
        self.assertNotIn("Anna: hello", " ".join(channel.heard))
        channel.heard.clear()
        self.say(anna, "1 hello", 9000.0)
        self.assertEqual([text.split(" ", 2)[2] for text in channel.heard], ["/done 1"])
        self.assertEqual(others.heard.count("Anna: hello"), 1)

    def test_repeated_commands_are_executed_and_hide_no_message(self) -> None:
        anna, channel = self.join("Anna")
        for text in ("1 /who", "3 /who", "2 hello", "3 /who", "1 /who", "2 hello", "3 then"):
            channel.heard.clear()
            self.say(anna, text)
            told = [text.split(" ", 2)[2] for text in channel.heard]
            self.assertEqual(told[-1], f"/done {text[0]}")
            self.assertEqual("* here: Anna" in told, "/who" in text)
        run(
            self,
            self.room.catch_up(
                again := MemberChannel(), client_id(SECRET), 0, free_limits().address
            ),
        )
        self.assertEqual(
            [text.split(" ", 2)[2] for text in again.heard], ["Anna: hello", "Anna: then"]
        )

    def test_a_muted_client_gets_each_refusal(self) -> None:
        anna, channel = self.join("Anna")
        channel.heard.clear()
        for count in range(1, BURST + 4):
            self.say(anna, f"{count} x")
        refused = [text.split()[2:4] for text in channel.heard if "/not" in text]
        self.assertEqual(refused, [["/not", "11"], ["/not", "12"], ["/not", "13"]])
        self.assertFalse(self.say(anna, "14 /leave"))

    def test_a_returning_client_gets_missed_messages(self) -> None:
        anna, channel = self.join("Anna")
        boris, _ = self.join("Boris", "")
        self.say(boris, "one", 1.0)
        self.say(anna, "1 two", 2.0)
        place = int(channel.heard[-1].split()[0])
        self.assertEqual(place, 2_000_000)
        self.room.leave(anna, 5.0)
        self.say(boris, "three", 3.0)
        self.say(boris, "/msg Boris to myself", 3.0)
        anna, channel = self.join("Anna", place=place)
        self.assertEqual(channel.heard[0], "3000000 3000 Boris: three")
        self.assertIn("* welcome, Anna", channel.heard[1])
        self.assertEqual(len(channel.heard), 3)

    def test_private_messages_are_repeated_to_their_two_clients_only(self) -> None:
        anna, _ = self.join("Anna")
        self.join("Boris", "b" * 16)
        self.say(anna, "1 /msg Boris psst", 1.0)
        for secret, line in (
            (SECRET, "1000000 1000 Anna (to Boris): psst"),
            ("b" * 16, "1000000 1000 Anna (to you): psst"),
        ):
            channel = MemberChannel()
            run(self, self.room.catch_up(channel, client_id(secret), 0, free_limits().address))
            self.assertEqual(channel.heard, [line])
        for secret in ("c" * 16, ""):
            channel = MemberChannel()
            run(self, self.room.catch_up(channel, client_id(secret), 0, free_limits().address))
            self.assertEqual(channel.heard, [])
        self.assertEqual(run(self, self.history.since(0, "")), [])

    def test_a_made_up_place_does_not_affect_others(self) -> None:
        self.join("Anna", place=10**17)
        _, channel = self.join("Boris", "b" * 16)
        self.assertEqual(channel.heard[0].split()[0], "0")

    def test_catching_up_obeys_back_pressure(self) -> None:
        boris, _ = self.join("Boris", "")
        for number in range(250):
            self.say(boris, f"{number}", 10.0 * number)
        channel = MemberChannel()
        channel.slow = Deferred()
        joining = Deferred.fromCoroutine(
            self.room.catch_up(channel, client_id(SECRET), 0, free_limits().address)
        )
        for heard in range(1, 251):
            self.clock.advance(0)
            self.assertEqual(len(channel.heard), heard)
            self.assertNoResult(joining)
            slow, channel.slow = channel.slow, Deferred()
            slow.callback(None)
        self.successResultOf(joining)
        texts = [text.split(" ", 2)[2] for text in channel.heard]
        self.assertEqual(texts, [f"Boris: {number}" for number in range(250)])

    def test_repeating_history_obeys_back_pressure(self) -> None:
        boris, channel = self.join("Boris", "")
        for number in range(150):
            self.say(boris, f"{number}", 10.0 * number)
        channel.heard.clear()
        channel.slow = Deferred()
        self.tick = 2000.0
        asking = Deferred.fromCoroutine(self.room.hear(boris, "/history 100", 2000.0))
        for heard in range(1, 101):
            self.clock.advance(0)
            self.assertEqual(len(channel.heard), heard)
            self.assertNoResult(asking)
            slow, channel.slow = channel.slow, Deferred()
            slow.callback(None)
        self.successResultOf(asking)
        self.assertEqual(channel.heard, [f"Boris: {number}" for number in range(50, 150)])

    def test_a_returning_client_replaces_its_former_member(self) -> None:
        anna, before = self.join("Anna")
        _, others = self.join("Boris", "")
        others.heard.clear()
        again, _ = self.join("anna")
        self.assertTrue(before.hung_up)
        self.room.leave(anna, 5.0)
        self.say(again, "1 here")
        self.assertEqual(others.heard, ["* Anna is now called anna", "anna: here"])
        self.assertRaises(BadName, self.join, "Boris")


class RoomClientTests(SynchronousTestCase):
    """The client's side, with scripted messages of the server."""

    def setUp(self) -> None:
        self.sent: list[str] = []
        self.client = RoomClient("Anna", self.sent.append, lambda count: bytes(count))

    def let_in(self, place: int = 5, now: float = 0.0) -> None:
        self.client.hear(f"{place} 0 * welcome, Anna; /help lists what you can do", now)

    def test_the_client_joins_and_then_sends_pending_messages(self) -> None:
        self.client.say("early", 0.0)
        self.client.join()
        self.assertEqual(self.sent, ["/join Anna 0000000000000000"])
        self.let_in()
        self.assertEqual(self.sent[1:], ["1 early"])
        self.assertEqual(self.client.pending, 1)
        self.assertIsNone(self.client.hear("6 0 /done 1", 0.0))
        self.assertEqual(self.client.pending, 0)

    def test_the_client_rejoins_with_its_place_and_resends_unconfirmed_messages(self) -> None:
        self.client.join()
        self.let_in()
        for text in ("one", "two", "three"):
            self.client.say(text, 0.0)
        self.client.hear("7 0 /done 1", 0.0)
        self.sent.clear()
        self.client.join()
        self.client.say("four", 0.0)
        self.assertEqual(self.sent, ["/join Anna 0000000000000000 7"])
        self.let_in(7)
        self.assertEqual(self.sent[1:], ["2 two", "3 three", "4 four"])

    def test_the_client_obeys_the_rate_limit_despite_late_answers(self) -> None:
        self.let_in()
        for number in range(30):
            self.client.say(f"{number}", 0.0)
        self.assertEqual(len(self.sent), BURST)
        self.client.pump(100.0)
        self.assertEqual(len(self.sent), BURST)
        self.assertIsNone(self.client.deadline(100.0))
        for count in range(1, BURST + 1):
            self.client.hear(f"6 0 /done {count}", 100.0)
        self.assertEqual(len(self.sent), BURST)
        deadline = self.client.deadline(100.0)
        assert deadline is not None
        self.assertAlmostEqual(deadline, 100.0 + 1 / (4 * 0.95), places=2)
        self.client.pump(deadline)
        self.assertEqual(len(self.sent), BURST + 1)

    def test_a_refused_message_is_shown(self) -> None:
        self.let_in()
        self.client.say("hello", 0.0)
        line = self.client.hear("6 2500 /not 1 too fast", 3.0)
        self.assertEqual(line, Line("error: not said: hello (too fast)", 2.5))
        self.assertEqual((self.client.refused, self.client.pending), (1, 0))
        self.assertIsNone(self.client.hear("6 0 /not 1 too fast", 3.0))

    def test_lines_have_the_servers_time(self) -> None:
        hear = self.client.hear
        welcome = "* welcome, Anna; /help lists what you can do"
        self.assertEqual(hear(f"1 6000 {welcome}", 9.0), Line(welcome, 6.0))
        self.assertEqual(hear("2 7000 Boris: hi", 9.0), Line("Boris: hi", 7.0))
        self.assertEqual(hear("3 8001 Anna: hi", 9.0), Line("Anna: hi", 8.001, True))
        self.assertEqual(
            hear("4 8002 Anna (to Boris): hi", 9.0), Line("Anna (to Boris): hi", 8.002, True)
        )
        # As after /history; and the server's clock may be ahead.
        self.assertEqual(hear("4 5000 Anna: old", 9.0), Line("Anna: old", 5.0))
        self.assertEqual(hear("5 99000 Vera: ahead", 9.0), Line("Vera: ahead", 99.0))
        self.assertEqual(hear("error: no place", 9.0), Line("error: no place", None))

    def test_the_client_is_no_other_member_when_it_joins_again(self) -> None:
        # Another node has removed it, and its own node has made it a member again.
        self.let_in()
        for text in ("* Anna has gone silent", "* Anna has joined"):
            self.client.hear(f"6 0 {text}", 0.0)
        self.assertEqual(self.client.others, set())

    def test_the_client_tracks_the_members_and_its_own_name(self) -> None:
        self.let_in()
        for text in (
            "* here: Anna, Boris, Vera",
            "* Dora has joined",
            "* Vera has left",
            "* Boris is now called Borja",
            "* Anna is now called Ann",
        ):
            self.client.hear(f"5 0 {text}", 0.0)
        self.assertEqual((self.client.others, self.client.name), ({"Borja", "Dora"}, "Ann"))
        self.client.hear("5 0 * Dora has gone silent", 0.0)
        self.assertEqual(self.client.others, {"Borja"})
        self.client.hear("5 0 * here: has joined", 0.0)
        self.assertEqual(self.client.others, {"Borja", "here:"})

    def test_another_name_is_tried_after_a_refusal(self) -> None:
        self.client.join()
        self.client.hear("error: taken", 0.0)
        self.client.rename("Boris")
        self.assertEqual(self.sent[1:], ["/join Boris 0000000000000000"])

    def test_another_name_waits_for_the_answer_to_the_first(self) -> None:
        self.client.join()
        self.client.rename("Boris")
        self.assertEqual(len(self.sent), 1)
        self.assertIsNone(self.client.hear("error: taken", 0.0))
        self.assertEqual(self.sent[1:], ["/join Boris 0000000000000000"])
        self.client.rename("Vera")
        self.client.hear("5 0 * welcome, Boris; /help lists what you can do", 0.0)
        self.assertEqual(self.sent[2:], ["1 /nick Vera"])
        self.assertEqual(self.client.name, "Boris")
        self.client.join()
        self.client.hear("5 0 * welcome, Boris; /help lists what you can do", 0.0)
        self.assertEqual(self.sent[3:], ["/join Boris 0000000000000000 5", "1 /nick Vera"])

    @given(st.lists(st.sampled_from(("say", "done", "not", "lost", "in", "wait")), max_size=60))
    def test_property_counts_ascend_in_each_session(self, script: list[str]) -> None:
        self.setUp()
        self.client.join()
        now, answered, first = 0.0, 0, 1
        session: list[int] = []
        for step in script:
            match step:
                case "say":
                    self.client.say("x", now)
                case "wait":
                    now += 1.0
                    self.client.pump(now)
                case "in" if not self.client.is_in:
                    self.let_in(now=now)
                case "lost":
                    self.client.join()
                    session, first = [], answered + 1
                case "done" | "not" if session and answered < session[-1]:
                    answered += 1
                    self.client.hear(f"6 0 /{step} {answered} ", now)
            sent = [text.split(" ")[0] for text in self.sent if not text.startswith("/join")]
            self.sent.clear()
            session += map(int, sent)
            self.assertEqual(session, [*range(first, first + len(session))])

    @given(st.text())
    def test_property_no_input_raises(self, text: str) -> None:
        for begin in ("", "5 ", "5 * ", "5 0 /done ", "5 * welcome,", "5 * welcome, "):
            self.client.hear(begin + text, 0.0)
            self.client.pump(0.0)


class HistoryTests(StoredCase):
    """The contract of both kinds of history."""

    def histories(self) -> list[History]:
        return [MemoryHistory(), KeptHistory(self.new_storage(HISTORY_TABLES))]

    def test_each_message_has_its_own_place(self) -> None:
        for history in self.histories():
            self.assertEqual(run(self, history.newest()), 0)
            places = [run(self, history.add(Said(place, "Anna", "x"))) for place in (10, 10, 5, 20)]
            self.assertEqual(places, [10, 11, 12, 20])
            self.assertEqual(run(self, history.newest()), 20)

    def test_a_message_of_a_client_is_stored_once(self) -> None:
        for history in self.histories():
            said = Said(10, "Anna", "x", "", "client", 3)
            self.assertEqual(run(self, history.add(said)), 10)
            # Counts ascend: lower ones were sent before, and may be deleted by now.
            for count in (3, 2, 1):
                self.assertIsNone(run(self, history.add(replace(said, count=count))))
            self.assertEqual(run(self, history.add(replace(said, count=7))), 11)
            self.assertEqual(run(self, history.add(replace(said, speaker="other", count=1))), 12)
            self.assertIsNone(run(self, history.add(replace(said, to="Boris", count=7))))
            self.assertEqual(len(run(self, history.since(0, "client"))), 3)

    def test_a_message_that_was_not_stored_does_not_count(self) -> None:
        class Broken(MemoryStorage[HistoryQueries]):
            def keep(self, work: Work[HistoryQueries, Any]) -> Deferred[Any]:
                async def fail(queries: HistoryQueries) -> None:
                    await work(queries)
                    raise CannotStore("disk full")

                return execute(self.database.run, fail)

        whole = self.new_storage(HISTORY_TABLES)
        broken = Broken(HISTORY_TABLES)
        broken.database = whole.database
        said = Said(10, "Anna", "x", "", "client", 1)
        adding = Deferred.fromCoroutine(KeptHistory(broken).add(said))
        self.failureResultOf(adding, CannotStore)
        self.assertEqual(run(self, KeptHistory(whole).add(said)), 10)

    def test_the_least_recent_clients_are_deleted_first(self) -> None:
        for module in (memory_history, kept_history):
            self.patch(module, "CLIENTS", 3)
        for some in self.histories():
            said = Said(10, "Anna", "x")
            for speaker in ("a", "b", "c"):
                self.assertIsNotNone(run(self, some.add(replace(said, speaker=speaker, count=5))))
            self.assertIsNotNone(run(self, some.add(replace(said, speaker="a", count=6))))
            for speaker in ("d", "e"):
                self.assertIsNotNone(run(self, some.add(replace(said, speaker=speaker, count=5))))
            known = [
                speaker
                for speaker in ("d", "a", "e", "b", "c")
                if run(self, some.add(replace(said, speaker=speaker, count=1))) is None
            ]
            self.assertEqual(known, ["d", "a", "e"])

    def test_history_repeats_the_right_messages(self) -> None:
        for history in self.histories():
            kept = [
                Said(10, "Anna", "one", time=1_700_000_000.25),
                Said(20, "Anna", "two", "Boris", "a", 1, "b", 1_700_000_001.5),
                Said(30, "Boris", "three", "", "b", 1, time=1_600_000_000.0),
            ]
            for said in kept:
                run(self, history.add(said))
            for most, last in ((5, [kept[0], kept[2]]), (2, [kept[0], kept[2]]), (1, [kept[2]])):
                before, newest = run(self, history.last(most))
                self.assertEqual(newest, 30)
                self.assertEqual(run(self, history.since(before, "")), last)
            for client in ("a", "b"):
                self.assertEqual(run(self, history.since(10, client)), kept[1:])
            for client in ("c", ""):
                self.assertEqual(run(self, history.since(0, client)), [kept[0], kept[2]])
            self.assertEqual(run(self, history.since(30, "a")), [])

    def test_a_page_is_bounded_in_messages_and_in_characters(self) -> None:
        for length, sizes in ((1, [100, 100, 50]), (30_000, [3] * 83 + [1]), (65_536, [1] * 250)):
            for history in self.histories():
                self.assertEqual(run(self, history.last(9)), (-1, 0))
                for number in range(1, 251):
                    run(self, history.add(Said(number, "Anna", "x" * length)))
                found: list[int] = []
                place = 0
                while page := run(self, history.since(place, "")):
                    found.append(len(page))
                    self.assertEqual(page[0].place, place + 1)
                    place = page[-1].place
                self.assertEqual(found, sizes)

    def test_the_history_in_memory_is_bounded(self) -> None:
        history = MemoryHistory()
        for number in range(1, 1501):
            run(self, history.add(Said(number, "Anna", "x", "", "a", number)))
        page = run(self, history.since(0, ""))
        self.assertEqual(page[0].place, 501)
        # The first two messages are deleted, but not their counts.
        for count in (1, 500, 1500):
            self.assertIsNone(run(self, history.add(Said(1, "Anna", "x", "", "a", count))))


class RateLimitTests(SynchronousTestCase):
    @given(st.lists(st.floats(0, 3), max_size=60))
    def test_property_the_burst_and_the_rate_are_never_exceeded(self, gaps: list[float]) -> None:
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

    def test_a_clock_set_back_mutes_no_member(self) -> None:
        allowance = Allowance(1e6)
        for _ in range(BURST + 1):
            allowance.spend(1e6)
        self.assertTrue(allowance.is_mute(1e6 + 1))
        self.assertFalse(allowance.is_mute(10.0))


class PlainTests(SynchronousTestCase):
    @given(st.text())
    def test_property_relayed_text_contains_no_control_character(self, text: str) -> None:
        relayed = plain(text)
        self.assertTrue(relayed.isprintable())
        self.assertEqual(plain(relayed), relayed)

    def test_whole_escape_sequences_are_removed(self) -> None:
        self.assertEqual(plain("a\x1b[1;31mb\x1b[0mc\x1b]0;d\x07"), "abc0;d")
