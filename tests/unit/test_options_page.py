"""docs/options.md, which `make options` writes from the options."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.programs.options import PAGE, page


class OptionsPageTests(SynchronousTestCase):
    def test_the_page_is_that_of_the_options(self) -> None:
        self.assertEqual(PAGE.read_text(), page(), "make options")
