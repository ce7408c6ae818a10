"""Waiting in a conversation, and the objects that it may await."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from traceback import extract_tb
from typing import Any
from unittest.mock import patch

from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.recording import Recorder, recorded_events
from twisted_lab.channels import Channel, PeerGone, Unable
from twisted_lab.channels.conversation_runner import ConversationRunner
from twisted_lab.peers import Peer
from twisted_lab.storage import Uncancelled


class Line:
    """A channel whose input a test gives, and which records its output."""

    def __init__(self, conversation: Any) -> None:
        self.peer = Peer("127.0.0.1", 1, "127.0.0.1:1")
        self.patience = 600.0
        self.said: list[str] = []
        self.ends = 0
        self.is_gone = False
        self.events, self.recorder = recorded_events()
        self.runner = ConversationRunner(conversation, self, self.events, self._ended)
        self.runner.begin()

    def _ended(self) -> None:
        self.ends += 1

    async def hear(self) -> str:
        return await self.runner.next_message()

    def say(self, text: str) -> None:
        self.said.append(text)

    async def taken(self) -> None:
        pass

    def hang_up(self) -> None:
        pass


class ConversingTests(SynchronousTestCase):
    def test_hearing_and_saying(self) -> None:
        async def echo(channel: Channel) -> None:
            while (text := await channel.hear()) != "exit":
                channel.say(text)

        line = Line(echo)
        for text in ("a", "b", "exit"):
            self.assertTrue(line.runner.is_waiting)
            line.runner.give(text)
        self.assertEqual((line.said, line.ends), (["a", "b"], 1))
        self.assertFalse(line.runner.is_waiting)

    def test_too_little_memory_is_told_and_no_mistake_of_the_service(self) -> None:
        async def greedy(channel: Channel) -> None:
            raise MemoryError

        line = Line(greedy)
        self.assertEqual(
            line.said,
            ["error: the server has too little memory now; try again later"],
        )
        self.assertEqual(line.recorder.names, ["unable"])

    def test_a_reason_that_the_log_has_already_is_only_counted(self) -> None:
        async def unlucky(channel: Channel) -> None:
            raise Unable("cannot store the data now", "no server", is_known=True)

        line = Line(unlucky)
        self.assertEqual(line.said, ["error: cannot store the data now"])
        self.assertEqual(line.recorder.names, [])
        self.assertEqual(line.events.counters.errors, {"unable": 1})

    def test_an_error_that_cannot_be_reported_is_an_end(self) -> None:
        async def broken(channel: Channel) -> None:
            await channel.hear()
            raise ValueError

        line = Line(broken)
        with patch.object(line.recorder, "append", side_effect=ZeroDivisionError):
            self.assertRaises(ZeroDivisionError, line.runner.give, "a")
        self.assertEqual((line.ends, line.runner.is_running), (1, False))

    def test_what_is_raised_can_be_caught_where_it_is_awaited(self) -> None:
        async def patient(channel: Channel) -> None:
            for _ in range(2):
                try:
                    await channel.hear()
                except PeerGone as gone:
                    channel.say(str(gone))

        line = Line(patient)
        line.runner.fail(PeerGone("first"))
        line.runner.fail(PeerGone("second"))
        self.assertEqual((line.said, line.ends), (["first", "second"], 1))

    def test_the_log_shows_where_a_conversation_waited(self) -> None:
        """Also if it waits again, for instance to clean up, before the exception leaves it."""
        cleaned: Deferred[None] = Deferred()
        failed: Deferred[None] = Deferred()

        async def work() -> None:
            await failed

        async def tidy(_: Channel) -> None:
            try:
                await work()
            finally:
                await cleaned

        line = Line(tidy)
        failed.errback(ValueError("broken"))
        cleaned.callback(None)
        frames = [frame.name for frame in extract_tb(line.recorder[0]["log_failure"].tb)]
        self.assertEqual(frames[-3:-1], ["tidy", "work"])

    def test_an_exception_may_be_frozen(self) -> None:
        @dataclass(frozen=True)
        class Full(Exception):
            size: int

        async def store(channel: Channel) -> None:
            try:
                await failed
            except Full as error:
                channel.say(f"full at {error.size}")

        failed: Deferred[None] = Deferred()
        line = Line(store)
        failed.errback(Full(9))
        self.assertEqual((line.said, line.ends), (["full at 9"], 1))
        self.successResultOf(failed)

    def test_deferreds_can_be_awaited_too(self) -> None:
        fired: Deferred[str] = Deferred()
        failed: Deferred[str] = Deferred()

        async def ask(channel: Channel) -> None:
            channel.say(await channel.hear())
            channel.say(await fired)
            try:
                await failed
            except ValueError as error:
                channel.say(str(error))
            channel.say(await channel.hear())

        line = Line(ask)
        line.runner.give("one")
        self.assertFalse(line.runner.is_waiting)
        fired.callback("two")
        failed.errback(ValueError("three"))
        line.runner.give("four")
        self.assertEqual((line.said, line.ends), (["one", "two", "three", "four"], 1))

    def test_others_can_drive_what_hears(self) -> None:
        async def nested(channel: Channel) -> None:
            for _ in range(2):
                channel.say(await Deferred.fromCoroutine(channel.hear()))
            channel.say(await channel.hear())

        line = Line(nested)
        for text in ("a", "b", "c"):
            line.runner.give(text)
        self.assertEqual((line.said, line.ends), (["a", "b", "c"], 1))

    def test_waiting_for_a_message_can_be_given_up(self) -> None:
        waiting: list[Deferred[str]] = []

        async def impatient(channel: Channel) -> None:
            waiting.append(Deferred.fromCoroutine(channel.hear()))
            try:
                await waiting[0]
            except CancelledError:
                channel.say("never mind")
            channel.say(await channel.hear())

        line = Line(impatient)
        waiting[0].cancel()
        line.runner.give("late")
        self.assertEqual((line.said, line.ends), (["never mind", "late"], 1))

    def test_two_cannot_wait_for_the_same_message(self) -> None:
        async def greedy(channel: Channel) -> None:
            hearing = [Deferred.fromCoroutine(channel.hear()) for _ in range(2)]
            await gatherResults(hearing, consumeErrors=True)

        line = Line(greedy)
        self.assertIn("hear() is awaited already", line.recorder.messages[0])
        line.runner.give("ignored")
        self.assertEqual(line.ends, 1)

    def test_one_conversation_can_hear_on_two_channels(self) -> None:
        async def silent(_: Channel) -> None:
            await Deferred()

        other = Line(silent)

        async def moderate(channel: Channel) -> None:
            for _ in range(2):
                channel.say(await channel.hear())
                channel.say(await other.hear())

        line = Line(moderate)
        for text in ("a", "b"):
            line.runner.give(text)
            self.assertFalse(line.runner.is_waiting)
            other.runner.give(text.upper())
        self.assertEqual((line.said, line.ends), (["a", "A", "b", "B"], 1))

    def test_cancelling_while_it_hears_or_awaits_something_else(self) -> None:
        cancelled: list[Deferred[None]] = []

        async def hearing(channel: Channel) -> None:
            await channel.hear()

        async def waiting(_: Channel) -> None:
            await Deferred(cancelled.append)

        for conversation in (hearing, waiting):
            line = Line(conversation)
            line.runner.cancel()
            self.assertEqual((line.ends, line.recorder), (1, Recorder()))
            line.runner.cancel()
            self.assertEqual(line.ends, 1)
        self.assertEqual(len(cancelled), 1)

    def test_what_cannot_be_cancelled_is_done_first(self) -> None:
        storing: Deferred[str] = Uncancelled()

        async def store(channel: Channel) -> None:
            channel.say(await storing)
            await Deferred()
            channel.say("never")

        line = Line(store)
        line.runner.cancel()
        self.assertEqual((line.said, line.ends), ([], 0))
        storing.callback("stored")
        self.assertEqual((line.said, line.ends, line.recorder), (["stored"], 1, Recorder()))

    def test_only_deferreds_can_be_awaited(self) -> None:
        class Future:
            def __await__(self) -> Any:
                yield self

        async def mistaken(_: Channel) -> None:
            await Future()

        line = Line(mistaken)
        self.assertIn("TypeError: a conversation can await Deferreds", line.recorder.messages[0])
        self.assertEqual(line.ends, 1)

    def test_each_has_context_variables_of_its_own(self) -> None:
        name: ContextVar[str] = ContextVar("name", default="nobody")

        async def remember(channel: Channel) -> None:
            name.set(await channel.hear())
            await channel.hear()
            channel.say(name.get())

        lines = [Line(remember) for _ in range(2)]
        for line, text in zip(lines, ("ann", "boris"), strict=True):
            line.runner.give(text)
        for line in lines:
            line.runner.give("who am I?")
        self.assertEqual([line.said for line in lines], [["ann"], ["boris"]])
        self.assertEqual(name.get(), "nobody")
