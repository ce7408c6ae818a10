"""The last words of a server: its connections end before it has ended itself."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any, cast

from tests.doubles.check import RUNNING, make_bench, run
from tests.unit.test_check_subjects import ProgramCase
from twisted_lab.check.outcomes import Failed
from twisted_lab.check.profiles.netlab.talk.party import Party
from twisted_lab.check.trials.client import Client
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.start_server import open_connection
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.verdicts import Difference

WORDS = "Traceback (most recent call last):\nUnicodeDecodeError: x\n"


class LastWordsTests(ProgramCase):
    """The connection is gone at once; the program ends a moment later."""

    def setUp(self) -> None:
        super().setUp()
        self.trial = Trial(make_bench(self.clock), "test")
        self.program.activity = self.trial.activity
        self.trial._programs.append(self.program)
        self.peer = SimpleNamespace(
            has_ended=True, was_reset=True, received=b"", borders=[], write=lambda _data: None
        )
        self.server = cast(
            Any, SimpleNamespace(program=self.program, connect=self.connect, kind=None)
        )
        self.show([], RUNNING)
        self.clock.callLater(0.1, self.end)

    async def connect(self, *_address: str, buffers: int) -> None:
        return None

    def end(self) -> None:
        os.write(self.inside, WORDS.encode())
        self.child.ended = 1

    def test_a_connection_that_ends_first_does_not_hide_the_exception(self) -> None:
        client = Client(self.trial, self.server, cast(Any, self.peer), Manners(), 1)
        client.say(b"text")
        self.assertFalse(run(self.clock, client.hears_back(b"text")))
        story = "Nothing came back, and the server ended with UnicodeDecodeError: x."
        self.assertEqual(client.story(b"text"), story)
        self.assertEqual(self.trial.evidence().screen, WORDS)

    def test_what_is_expected_is_the_text_as_the_server_returns_it(self) -> None:
        self.peer.received = "Ответ: ПРИВ".encode()
        client = Client(self.trial, self.server, cast(Any, self.peer), Manners(is_upper=True), 1)
        difference = client.difference("привет".encode())
        self.assertEqual(difference, Difference("ПРИВЕТ".encode(), "ПРИВ".encode()))

    def test_neither_does_it_hide_it_from_a_peer_that_knows_the_protocol(self) -> None:
        party = Party(self.trial, self.server, cast(Any, self.peer), None, "anna")
        failure = self.assertRaises(Failed, run, self.clock, party.expect("text"))
        self.assertEqual(failure.note, "The server ended with UnicodeDecodeError: x.")

    def test_neither_does_a_refused_connection(self) -> None:
        self.assertIsNone(run(self.clock, open_connection(self.trial, self.server, Manners(), 2)))
        self.assertEqual(self.program.end, "UnicodeDecodeError: x")

    def test_all_that_was_printed_is_evidence(self) -> None:
        os.write(self.inside, b"not read yet")
        self.assertEqual(self.trial.evidence().screen, "not read yet")
