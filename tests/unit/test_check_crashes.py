"""Which exceptions of a server are its own mistakes."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.conversation.login import Person
from twisted_lab.check.trials.crashes import is_own_mistake

_ANNA = Person("Annaqwerty")


class OwnMistakeTests(SynchronousTestCase):
    def test_no_answer_causes_these(self) -> None:
        for error in (
            "TypeError: keys must be str, int, float, bool or None, not tuple",
            "AttributeError: 'tuple' object has no attribute 'recv'",
            "NameError: name 'conn' is not defined",
            "UnboundLocalError: local variable 'name' referenced before assignment",
            "KeyError: '127.0.7.1'",
            "FileNotFoundError: [Errno 2] No such file or directory: 'names.json'",
        ):
            self.assertTrue(is_own_mistake(error, _ANNA), error)

    def test_an_answer_that_was_not_asked_for_may_cause_these(self) -> None:
        for error in (
            "",
            "ValueError: invalid literal for int() with base 10: 'Annaqwerty'",
            "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
            "IndexError: list index out of range",
            "AttributeError: 'NoneType' object has no attribute 'group'",
            "KeyError: 'Annaqwerty'",
            f"KeyError: '{_ANNA.password}'",
        ):
            self.assertFalse(is_own_mistake(error, _ANNA), error)
