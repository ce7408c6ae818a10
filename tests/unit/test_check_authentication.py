"""Whether a visitor was let in, by comparison with one who has the right password."""

from __future__ import annotations

from typing import cast

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.conversation.login import Person
from twisted_lab.check.prompts.question import Kind
from twisted_lab.check.trials.client import Client
from twisted_lab.check.trials.learn_authentication import Entry, entry, is_accepted
from twisted_lab.check.trials.visits import Visit

ANNA = Person("Anna", "Str0ng-1")


def visit(words: str, reply: str, person: Person = ANNA) -> Visit:
    return Visit(
        cast(Client, None),
        person,
        [Kind.PASSWORD],
        [b"Password: ", words.encode()],
        b"text1",
        reply.encode(),
    )


class EntryTests(SynchronousTestCase):
    """Words alone do not refuse anybody, and service alone does not blame a server."""

    def test_a_refusal_after_which_the_text_comes_back_is_none(self) -> None:
        right, wrong = visit("OK", "text1"), visit("FAIL", "text1")
        self.assertIs(entry(right, wrong), Entry.ADMITTED)

    def test_who_is_asked_again_or_cut_off_is_refused(self) -> None:
        right = visit("Welcome", "text1")
        self.assertIs(entry(right, visit("Wrong", "Wrong! Password: ")), Entry.REFUSED)
        self.assertIs(entry(right, visit("Wrong", "Wrong: text1")), Entry.REFUSED)
        self.assertIs(entry(right, visit("Wrong", "")), Entry.REFUSED)

    def test_one_answer_for_all_after_other_words_proves_nothing(self) -> None:
        right, wrong = visit("OK", "Accepted"), visit("FAIL", "Accepted")
        self.assertIs(entry(right, wrong), Entry.UNCLEAR)
        self.assertIs(entry(right, visit("OK", "Accepted")), Entry.ADMITTED)

    def test_without_service_the_words_tell(self) -> None:
        right = visit("Welcome", "")
        self.assertIs(entry(right, visit("Wrong password", "")), Entry.REFUSED)
        self.assertIs(entry(right, visit("Welcome", "")), Entry.ADMITTED)
        self.assertIs(entry(visit("", ""), visit("", "")), Entry.UNCLEAR)

    def test_names_and_passwords_do_not_differ(self) -> None:
        right = visit("Hello, Anna", "Anna: text1")
        other = visit("Hello, Boris", "Boris: text1", Person("Boris", "x"))
        self.assertIs(entry(right, other), Entry.ADMITTED)

    def test_the_right_password_is_not_accepted_if_the_same_words_refuse_both(self) -> None:
        refused = visit("Wrong password", "")
        self.assertFalse(is_accepted(refused, refused))
        self.assertTrue(is_accepted(visit("Welcome", ""), refused))
        self.assertTrue(is_accepted(visit("Wrong password", "text1"), refused))
