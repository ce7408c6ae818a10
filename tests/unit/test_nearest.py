"""Which known word somebody may have meant."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.text.nearest import advice, did_you_mean, with_nearest

KNOWN = ("echo-server", "echo-client", "dialogue")


class NearestTests(SynchronousTestCase):
    def test_the_most_similar_word_is_asked_for(self) -> None:
        self.assertEqual(did_you_mean("dialog", KNOWN), "did you mean dialogue?")
        self.assertEqual(did_you_mean("echo-srver", KNOWN), "did you mean echo-server?")

    def test_words_with_the_same_beginning_come_first(self) -> None:
        known = ("--ca", "--token-file", "--history", "--history-bytes")
        self.assertEqual(did_you_mean("--ca-file", known), "did you mean --ca?")
        self.assertEqual(did_you_mean("--history-bites", known), "did you mean --history-bytes?")
        self.assertEqual(did_you_mean("--tokem-file", known), "did you mean --token-file?")

    def test_so_are_a_few_words_that_begin_so(self) -> None:
        self.assertEqual(did_you_mean("echo", KNOWN), "did you mean echo-server / echo-client?")
        ids = [f"ES-{number}" for number in range(1, 30)]
        self.assertEqual(did_you_mean("ES-1", ids[9:11]), "did you mean ES-10 / ES-11?")
        self.assertEqual(did_you_mean("ES-99", ids), "did you mean ES-9?")

    def test_nothing_is_guessed_for_a_word_like_no_other(self) -> None:
        for word in ("", "xyz"):
            self.assertEqual(did_you_mean(word, KNOWN), "")
        self.assertEqual(advice("xyz", KNOWN), "expected one of echo-server, echo-client, dialogue")

    def test_it_follows_a_problem(self) -> None:
        self.assertEqual(with_nearest("no", "dialog", KNOWN), "no; did you mean dialogue?")
        self.assertEqual(with_nearest("no", "xyz", KNOWN), "no")
