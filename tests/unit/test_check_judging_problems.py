"""Judging where the checker itself has a problem, or cannot start the server again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.check import a_task
from twisted_lab.check.activity import Activity
from twisted_lab.check.bench import Bench
from twisted_lab.check.judging import judge
from twisted_lab.check.outcomes import Failed, NotChecked
from twisted_lab.check.requirements.echo_server import REQUIREMENTS
from twisted_lab.check.sandbox.opening import open_sandbox
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.verdicts import Finding, Verdict

ANYWHERE = ("127.0.0.1", 9090)


class ProblemTests(SynchronousTestCase):
    def judge(self, address: tuple[str, int] | None, *ends: Exception) -> Finding:
        """Judge a server with a scenario that ends so in one trial after the other."""
        clock = Clock()
        bench = Bench(
            clock, Activity(clock), ["x"], Path(), address, open_sandbox, 7, lambda _: None
        )
        following: Iterator[Exception] = iter(ends)

        async def scenario(_: Trial, __: object) -> str:
            raise next(following)

        findings: list[Finding] = []
        work = judge(
            bench,
            a_task(REQUIREMENTS[:1], {"ES-1": scenario}),
            Manners(),
            frozenset({"ES-1"}),
            lambda *_: None,
            findings.append,
        )
        self.successResultOf(Deferred.fromCoroutine(work))
        return findings[0]

    def test_a_bug_of_the_checker_is_no_failure_of_the_program(self) -> None:
        finding = self.judge(None, ZeroDivisionError("zero"))
        self.assertEqual(finding.verdict, Verdict.NOT_CHECKED)
        self.assertIn("ZeroDivisionError('zero')", finding.evidence.note)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_ctrl_c_ends_the_check(self) -> None:
        with self.assertRaisesRegex(self.failureException, "CancelledError"):
            self.judge(None, CancelledError())

    def test_a_server_that_failed_and_then_is_gone_has_failed(self) -> None:
        finding = self.judge(ANYWHERE, Failed("It crashed."), NotChecked("It is gone."))
        self.assertEqual((finding.verdict, finding.evidence.note), (Verdict.FAIL, "It crashed."))

    def test_a_server_that_was_gone_before_is_not_blamed(self) -> None:
        finding = self.judge(ANYWHERE, NotChecked("It is gone."))
        self.assertEqual(finding.verdict, Verdict.NOT_CHECKED)

    def test_a_program_that_could_not_be_checked_again_is_not_blamed(self) -> None:
        finding = self.judge(None, Failed("It crashed."), NotChecked("The port is in use."))
        self.assertEqual(finding.verdict, Verdict.FLAKY)
