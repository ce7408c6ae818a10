"""Which version may be released."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.programs.release import Refused, check


class ReleaseTests(SynchronousTestCase):
    def test_a_later_version_may_follow(self) -> None:
        for new, old in (("0.1.0", "0.1.0.dev0"), ("0.1.1", "0.1.0"), ("0.10.0", "0.9.0")):
            check(new, old, ["v0.0.9"])

    def test_others_are_refused_with_the_reason(self) -> None:
        for new, reason in (
            *((each, "written like") for each in ("abc", "", "v0.2.0", "0.2", "0.2.0 x", "00.2.0")),
            ("0.1.0", "does not come after 0.1.0"),
            ("0.0.9", "does not come after 0.1.0"),
            ("0.2.0", "there is a tag v0.2.0"),
        ):
            error = self.assertRaises(Refused, check, new, "0.1.0", ["v0.2.0"])
            self.assertIn(reason, str(error))
