"""How visitors leave a server, and what that does to it."""

from __future__ import annotations

from random import Random
from types import SimpleNamespace
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.conversation.framings import told_framing
from twisted_lab.check.conversation.login import Person
from twisted_lab.check.outcomes import Failed
from twisted_lab.check.scenarios.identification.visitors import expect_known
from twisted_lab.check.trials.client import Client
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.visits import House, Visit


class _Client:
    """A client of a server that does or does not wait for something once it has left."""

    peer = SimpleNamespace(has_ended=False)

    def __init__(self, waits: bool) -> None:
        self.done = ""
        self._waits = waits

    async def leave(self) -> bool:
        self.done = "leave"
        return self._waits

    async def abort(self) -> None:
        self.done = "abort"


def house(share: float, manners: Manners | None = None) -> House:
    """Return a house whose server uses so much of a processor."""

    async def busy_share(_seconds: float) -> float:
        return share

    trial = cast(Trial, SimpleNamespace(open_sandbox=lambda: None))
    made = House(trial, manners or Manners())
    made.server = cast(Any, SimpleNamespace(program=SimpleNamespace(busy_share=busy_share)))
    return made


class HeaderApartTests(SynchronousTestCase):
    def test_a_message_follows_once_its_header_was_read(self) -> None:
        done: list[str] = []

        async def settle(_seconds: float) -> bool:
            done.append("settle")
            return True

        program = SimpleNamespace(
            settle=settle, poked=lambda: None, has_ended=False, answer_question=lambda: False
        )
        peer = SimpleNamespace(
            received=b"", borders=[], write=lambda data: done.append(data.decode())
        )
        trial = SimpleNamespace(
            step=lambda _text: None,
            sent=lambda *_passage: None,
            bench=SimpleNamespace(patience=1.0),
        )
        framing = told_framing(b"5Name:")
        assert framing is not None
        manners = Manners(framing=framing)
        server = SimpleNamespace(program=program)
        client = Client(cast(Trial, trial), cast(Any, server), cast(Any, peer), manners, 1)
        self.successResultOf(Deferred.fromCoroutine(client.talk(b"Anna")))
        self.assertEqual(done, ["4", "settle", "Anna", "settle"])


class LeavingTests(SynchronousTestCase):
    def leave(self, made: House, waits: bool) -> str:
        client = _Client(waits)
        visit = cast(Any, SimpleNamespace(client=client))
        self.successResultOf(Deferred.fromCoroutine(made.leave(visit)))
        return client.done

    def test_a_server_that_waits_is_left_in_order(self) -> None:
        made = house(share=1.0)
        self.assertEqual(self.leave(made, waits=True), "leave")
        self.assertFalse(made.spins)

    def test_one_that_spins_is_found(self) -> None:
        made = house(share=0.9)
        self.assertEqual(self.leave(made, waits=False), "leave")
        self.assertTrue(made.spins)

    def test_one_that_a_busy_machine_delays_does_not_spin(self) -> None:
        made = house(share=0.01)
        self.leave(made, waits=False)
        self.assertFalse(made.spins)

    def test_one_that_spins_is_left_with_a_reset(self) -> None:
        self.assertEqual(self.leave(house(0.9, Manners(spins=True)), waits=True), "abort")


class GreetingTests(SynchronousTestCase):
    def test_what_came_instead_is_shown_as_it_came(self) -> None:
        person = Person("Anna", "", is_new=True)

        async def call(_number: int, stranger: Person) -> Visit:
            return Visit(cast(Any, None), stranger, heard=[b"Your name?", b"", b"Hello, Eve\n"])

        program = SimpleNamespace(traceback="")
        made = SimpleNamespace(call=call, server=SimpleNamespace(program=program))
        trial = SimpleNamespace(random=Random(1), step=lambda _text: None)
        greeting = expect_known(cast(Any, trial), cast(Any, made), 1, person)
        failure = self.failureResultOf(Deferred.fromCoroutine(greeting), Failed)
        self.assertTrue(
            failure.value.note.endswith(r', but sent: "Your name?", "Hello, Eve\n"'), failure.value
        )
