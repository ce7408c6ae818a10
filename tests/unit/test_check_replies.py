"""The comparison that a report shows for a reply, and when there is none."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.trials.user import shown_instead
from twisted_lab.check.verdicts import Difference


class ShownInsteadTests(SynchronousTestCase):
    def test_words_of_the_client_are_not_compared(self) -> None:
        for shown in (b"", b"Connected to 127.0.0.1", b"sent abc"):
            self.assertIsNone(shown_instead(b"abcdefgh", shown), shown)

    def test_a_reply_that_is_spoilt_is_compared(self) -> None:
        difference = Difference(b"abcdefgh", b"abcdXfgh >")
        self.assertEqual(shown_instead(b"abcdefgh", b"reply: abcdXfgh >"), difference)
