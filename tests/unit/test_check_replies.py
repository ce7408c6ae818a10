"""Reports about a client that does not show a reply."""

from __future__ import annotations

from unittest.mock import AsyncMock, Mock

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.outcomes import Failed
from twisted_lab.check.trials.user import User, shown_instead
from twisted_lab.check.verdicts import Difference


class ShownInsteadTests(SynchronousTestCase):
    def test_words_of_the_client_are_not_compared(self) -> None:
        for shown in (b"", b"Connected to 127.0.0.1", b"sent abc"):
            self.assertIsNone(shown_instead(b"abcdefgh", shown), shown)

    def test_a_reply_that_is_spoilt_is_compared(self) -> None:
        difference = Difference(b"abcdefgh", b"abcdXfgh >")
        self.assertEqual(shown_instead(b"abcdefgh", b"reply: abcdXfgh >"), difference)


class NotShownTests(SynchronousTestCase):
    def test_a_client_that_has_closed_has_perhaps_received_nothing(self) -> None:
        self.patch(User, "shows", AsyncMock(return_value=False))
        program = Mock(traceback="", has_ended=False)
        program.terminal.text = "> > "
        program.look.return_value = Mock(is_stuck=False, is_waiting=True, wants_terminal=True)
        for has_ended, note in (
            (False, "The client has received the reply, 12 bytes, but they are not on the screen."),
            (True, "The reply is not on the screen."),
        ):
            server = Mock(said=12)
            server.listener.peers = [Mock(has_ended=has_ended)]
            user = User(Mock(), program, Mock(), server, Mock(shows_after=""))
            waiting = Deferred.fromCoroutine(user.expect_shown(b"q8KJVqtIcWGZ"))
            self.assertEqual(self.failureResultOf(waiting, Failed).value.note, note)
