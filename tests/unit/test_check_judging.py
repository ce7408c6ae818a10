"""Judging: what is tried again, and what a failure takes with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.check import FakeSandbox, a_task, make_bench, run
from twisted_lab.check.checking import Interrupted, check
from twisted_lab.check.judging import MOST_TRIALS, by_hand, judge, with_needs
from twisted_lab.check.outcomes import Failed, Info, NotChecked, NotOffered, Weak
from twisted_lab.check.requirements.requirement import Level, Mistake, Requirement
from twisted_lab.check.sandbox.sandbox import SandboxFailed
from twisted_lab.check.scenarios import echo_server
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.trial import MOST_STEPS, Trial
from twisted_lab.check.verdicts import Difference, Evidence, Finding, Report, Verdict

USUAL = Mistake("usual", "Is it?", "It is.")
OTHER = Mistake("other", "Is it?", "It is.")
FIRST = Requirement("T-1", Level.MUST, "It does.", "So.", "task 1", 1, "nc {host} {port}", USUAL)
SECOND = replace(FIRST, id="T-2", needs=("T-1",))
THIRD = replace(FIRST, id="T-3", needs=("T-2",))
FOURTH = replace(FIRST, id="T-4")
ALL = (FIRST, SECOND, THIRD, FOURTH)


class JudgingTests(SynchronousTestCase):
    """Scenarios that end as a script says: the outcome of each trial, by the id."""

    def setUp(self) -> None:
        self.clock = MemoryReactorClock()
        self.sandboxes: list[FakeSandbox] = []
        self.bench = make_bench(self.clock, self.open_sandbox)
        self.trials: list[Trial] = []
        self.may_pass_alone: frozenset[str] = frozenset()
        self.steps: list[tuple[str, str]] = []

    def open_sandbox(self) -> FakeSandbox:
        self.sandboxes.append(FakeSandbox())
        self.sandboxes[-1].happened = (f"incident {len(self.sandboxes)}",)
        return self.sandboxes[-1]

    def judge(
        self, script: dict[str, Sequence[Exception | str]], wanted: Sequence[str] = ()
    ) -> dict[str, Finding]:
        outcomes = {key: iter(script.get(key, [""] * MOST_TRIALS)) for key in map(_id, ALL)}
        found: list[Finding] = []

        async def scenario(key: str, trial: Trial) -> str:
            self.trials.append(trial)
            trial.step(f"step of {key}")
            outcome = next(outcomes[key])
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        scenarios = {each.id: lambda trial, _, key=each.id: scenario(key, trial) for each in ALL}
        wanted = wanted or [each.id for each in ALL]
        judging = judge(
            self.bench,
            replace(a_task(ALL, scenarios), may_pass_alone=self.may_pass_alone),
            Manners(),
            frozenset(wanted),
            lambda requirement, text: self.steps.append((requirement.id, text)),
            found.append,
        )
        run(self.clock, judging)
        return {finding.requirement.id: finding for finding in found}

    def verdicts(
        self, script: dict[str, Sequence[Exception | str]], wanted: Sequence[str] = ()
    ) -> dict[str, str]:
        return {key: found.verdict.value for key, found in self.judge(script, wanted).items()}

    def first(self, *outcomes: Exception | str) -> Finding:
        return self.judge({"T-1": outcomes}, ["T-1"])["T-1"]

    def test_one_trial_is_enough_for_a_pass(self) -> None:
        found = self.first("It does.")
        self.assertEqual((found.verdict, found.evidence.note), (Verdict.PASS, "It does."))
        self.assertEqual(found.evidence.steps, ("step of T-1",))
        self.assertEqual(self.steps, [("T-1", "step of T-1")])

    def test_a_failure_must_repeat(self) -> None:
        found = self.first(Failed("once"), Failed("twice", OTHER, Difference(b"ab", b"a")))
        self.assertEqual((found.verdict, found.evidence.note), (Verdict.FAIL, "twice"))
        self.assertIs(found.mistake, OTHER)
        self.assertEqual(found.evidence.difference, Difference(b"ab", b"a"))
        self.assertEqual(found.evidence.by_hand, "nc 127.0.0.1 9090")
        self.assertEqual(len(self.trials), 2)

    def test_the_command_by_hand_has_the_port_of_the_client(self) -> None:
        trial = Trial(self.bench, "T-1")
        trial.dialled = [("10.0.0.1", 3333)]
        self.assertEqual(by_hand(FIRST, trial), "nc 10.0.0.1 3333")
        trial.dialled, trial.has_own_port = [], True
        note = "in place of 9090: the port to which your program sends"
        self.assertEqual(by_hand(FIRST, trial), f"nc 127.0.0.1 9090  # {note}")
        told = replace(FIRST, by_hand="nc {port}  # type")
        self.assertEqual(by_hand(told, trial), f"nc 9090  # type; {note}")
        alone = replace(FIRST, by_hand="{command}")
        self.assertEqual(by_hand(alone, trial), "server 127.0.0.1 9090")

    def test_trials_of_one_requirement_have_the_same_chance(self) -> None:
        self.first(Failed("once"), Failed("twice"))
        first, second = (trial.text(20) for trial in self.trials)
        self.assertEqual(first, second)
        self.judge({}, ["T-4"])
        self.assertNotEqual(self.trials[-1].text(20), first)

    def test_a_failure_that_does_not_repeat_is_flaky(self) -> None:
        for outcomes in ((Failed("x"), ""), (Failed("x"), Weak("y")), (Weak("y"), Failed("x"))):
            found = self.first(*outcomes)
            self.assertEqual((found.verdict, found.evidence.note), (Verdict.FLAKY, "x"), outcomes)

    def test_what_is_weak_or_not_offered_must_repeat(self) -> None:
        self.assertIs(self.first(Weak("x"), Weak("x")).verdict, Verdict.WEAK)
        self.assertIs(self.first(Weak("x"), "").verdict, Verdict.WEAK)
        self.assertIs(self.first(NotOffered("x"), "").verdict, Verdict.PASS)
        self.assertIs(self.first(NotOffered("x"), NotOffered("x")).verdict, Verdict.NOT_OFFERED)

    def test_information_and_problems_are_not_repeated(self) -> None:
        self.assertIs(self.first(Info("x")).verdict, Verdict.INFO)
        self.assertIs(self.first(NotChecked("x")).verdict, Verdict.NOT_CHECKED)
        self.assertEqual(len(self.trials), 2)

    def test_a_failure_while_the_checker_was_late_does_not_count(self) -> None:
        class Late(Failed):
            def __init__(late) -> None:  # noqa: N805
                super().__init__("late")

            @property
            def note(late) -> str:  # noqa: N805
                self.bench.activity.lateness = 0.5
                return "late"

            @note.setter
            def note(late, _: str) -> None:  # noqa: N805
                pass

        self.assertIs(self.first(Late(), "").verdict, Verdict.PASS)
        self.assertIs(self.first(Late(), Failed("x"), Failed("x")).verdict, Verdict.FAIL)
        found = self.first(*(Late() for _ in range(MOST_TRIALS)))
        self.assertIs(found.verdict, Verdict.NOT_CHECKED)
        self.assertEqual(found.evidence.note, "This machine was too busy.")

    def test_a_problem_of_the_sandbox_is_not_the_programs(self) -> None:
        found = self.first(SandboxFailed("no space left"))
        self.assertIs(found.verdict, Verdict.NOT_CHECKED)
        self.assertEqual(found.evidence.note, "no space left")

    def test_what_depends_on_a_failure_is_not_checked(self) -> None:
        found = self.judge({"T-1": [Failed("x"), Failed("x")]})
        verdicts = [each.verdict.value for each in found.values()]
        self.assertEqual(verdicts, ["fail", "not checked", "not checked", "pass"])
        self.assertEqual(found["T-2"].evidence.note, "It depends on T-1: fail.")
        self.assertEqual(found["T-3"].evidence.note, "It depends on T-2: not checked.")

    def test_what_may_pass_alone_is_tried_though_it_depends_on_a_failure(self) -> None:
        self.may_pass_alone = frozenset({"T-2"})
        fails: dict[str, Sequence[Exception | str]] = {"T-1": [Failed("x"), Failed("x")]}
        self.assertEqual(self.verdicts(fails)["T-2"], "pass")
        for outcome in (Failed("y"), Weak("y"), NotOffered("y")):
            found = self.judge({**fails, "T-2": [outcome, outcome]})["T-2"]
            self.assertIs(found.verdict, Verdict.NOT_CHECKED)
            self.assertEqual(found.evidence.note, "It depends on T-1: fail.")
        self.assertEqual(
            self.verdicts({"T-1": [NotOffered("x"), NotOffered("x")]})["T-2"], "not offered"
        )

    def test_what_depends_on_something_not_offered_is_not_offered(self) -> None:
        verdicts = self.verdicts({"T-1": [NotOffered("x"), NotOffered("x")]})
        self.assertEqual(list(verdicts.values()), ["not offered"] * 3 + ["pass"])

    def test_weak_and_information_are_enough_for_what_depends_on_them(self) -> None:
        verdicts = self.verdicts({"T-1": [Weak("x"), Weak("x")], "T-2": [Info("x")]})
        self.assertEqual(list(verdicts.values()), ["weak", "info", "pass", "pass"])

    def test_only_what_is_wanted_and_needed_is_judged(self) -> None:
        self.assertEqual(list(self.verdicts({}, ["T-2"])), ["T-1", "T-2"])
        self.assertEqual(list(self.verdicts({}, ["T-4"])), ["T-4"])
        self.assertEqual(with_needs(ALL, frozenset({"T-3"})), {"T-1", "T-2", "T-3"})

    def test_a_trial_ends_all_that_it_started(self) -> None:
        closed = []

        async def scenario(trial: Trial, _: object) -> None:
            trial.open_sandbox()
            trial.on_close(lambda: closed.append(self.sandboxes[-1].closed))
            raise Failed("x")

        task = a_task([FIRST], {"T-1": scenario})
        judging = judge(self.bench, task, Manners(), frozenset({"T-1"}), print, lambda _: None)
        run(self.clock, judging)
        self.assertEqual([each.closed for each in self.sandboxes], [1, 1])
        self.assertEqual(closed, [0, 0])  # before the sandbox
        self.assertEqual(self.bench.incidents, {"incident 1", "incident 2"})

    def test_those_who_watch_learn_why_the_same_steps_follow(self) -> None:
        async def scenario(trial: Trial, _: object) -> None:
            trial.step("client 1 connects")
            raise Failed("Nothing came back.")

        steps: list[str] = []
        task = a_task([FIRST], {"T-1": scenario})
        judging = judge(
            self.bench,
            task,
            Manners(),
            frozenset({"T-1"}),
            lambda _, text: steps.append(text),
            lambda _: None,
        )
        run(self.clock, judging)
        again = "fail: Nothing came back. Again:"
        self.assertEqual(steps, ["client 1 connects", again, "client 1 connects"])

    def test_the_time_of_all_trials_counts(self) -> None:
        async def scenario(trial: Trial, _: object) -> None:
            await trial.activity.pause(1.0)
            raise Failed("x")

        found: list[Finding] = []
        task = a_task([FIRST], {"T-1": scenario})
        judging = judge(self.bench, task, Manners(), frozenset({"T-1"}), print, found.append)
        run(self.clock, judging)
        self.assertLess(abs(found[0].seconds - 2.0), 0.1)

    def test_notes_of_a_trial_are_bounded(self) -> None:
        trial = Trial(self.bench, "x")
        for _ in range(1000):
            trial.step("x")
            trial.sent("client", "server", True, b"x")
        evidence = trial.evidence()
        self.assertEqual((len(evidence.steps), len(evidence.passages)), (MOST_STEPS, 200))

    def test_those_who_watch_read_what_should_happen_as_a_question(self) -> None:
        watched: list[str] = []
        self.bench.watch = watched.append
        trial = Trial(self.bench, "x")
        trial.expect("the client shows it")
        self.assertEqual(
            (trial.steps, watched), (["the client shows it"], ["the client shows it?"])
        )

    def test_what_is_done_aside_is_no_evidence(self) -> None:
        trial = Trial(self.bench, "x")
        trial.step("before")
        with trial.aside():
            trial.step("aside")
            trial.sent("client", "server", True, b"x")
        self.assertEqual(trial.evidence().steps, ("before",))
        self.assertEqual(trial.evidence().passages, ())

    def test_a_server_may_return_texts_in_upper_case(self) -> None:
        self.assertEqual(Manners().echo(b"abc1"), b"abc1")
        upper = Manners(is_upper=True)
        self.assertEqual(upper.echo("abж1".encode()), "ABЖ1".encode())
        self.assertEqual(upper.echo(b"a\xff"), b"A\xff")


def _id(requirement: Requirement) -> str:
    return requirement.id


class PatienceTests(SynchronousTestCase):
    def test_patience_follows_the_warm_up_within_bounds(self) -> None:
        bench = make_bench(MemoryReactorClock())
        for seconds, patience in ((0.001, 2.0), (0.1, 5.0), (3.0, 10.0)):
            bench.warm(seconds)
            self.assertEqual(bench.patience, patience)


class CheckTests(SynchronousTestCase):
    """The check as a whole, with scenarios that a test gives."""

    def setUp(self) -> None:
        self.clock = MemoryReactorClock()
        self.bench = make_bench(self.clock)

    def check(self, outcome: Exception | None, *only: str) -> Report:
        async def learn(_: object) -> Manners:
            await self.bench.activity.pause(1.0)
            return Manners(behaviour=("It is kind.",))

        async def scenario(_: Trial, manners: Manners) -> str:
            if outcome:
                raise outcome
            return manners.behaviour[0]

        scenarios = dict.fromkeys(echo_server.TASK.scenarios, scenario)
        task = replace(echo_server.TASK, learn=learn, scenarios=scenarios)
        self.found: list[Finding] = []
        checked = check(self.bench, task, only, lambda _, __: None, self.found.append)
        return run(self.clock, checked)

    def test_a_report_has_all_that_was_found(self) -> None:
        self.bench.incidents.add("b")
        self.bench.at_end.append(lambda: self.bench.incidents.add("a"))
        report = self.check(None)
        self.assertEqual(len(report.findings), 28)
        self.assertEqual(list(report.findings), self.found)
        self.assertEqual(report.findings[0].evidence.note, "It is kind.")
        self.assertEqual((report.task, report.seed), ("echo-server", 7))
        self.assertEqual(report.program, "server {host} {port}")
        self.assertEqual(report.behaviour, ("It is kind.",))
        self.assertEqual(report.incidents, ("a", "b"))
        self.assertLess(abs(report.seconds - 1.0), 0.1)
        self.assertEqual(report.status(is_strict=True), 0)

    def test_a_cancelled_check_has_what_was_found_until_then(self) -> None:
        async def learn(_: object) -> Manners:
            return Manners(behaviour=("It is kind.",))

        async def scenario(trial: Trial, _: Manners) -> None:
            await trial.activity.pause(1.0)

        scenarios = dict.fromkeys(echo_server.TASK.scenarios, scenario)
        task = replace(echo_server.TASK, learn=learn, scenarios=scenarios)
        found: list[Finding] = []
        checking = Deferred.fromCoroutine(
            check(self.bench, task, (), lambda _, __: None, found.append)
        )
        while not found:
            self.clock.advance(0.1)
        self.bench.at_end.append(lambda: self.bench.incidents.add("closed"))
        checking.cancel()
        report = self.failureResultOf(checking, Interrupted).value.report
        self.assertEqual([each.requirement.id for each in report.findings], ["ES-1"])
        self.assertEqual((report.behaviour, report.seed), (("It is kind.",), 7))
        self.assertEqual(self.bench.incidents, {"closed"})

    def test_a_failed_must_decides_the_status(self) -> None:
        self.assertEqual(self.check(Failed("x"), "ES-1").status(is_strict=False), 1)
        self.assertEqual(self.check(NotChecked("x"), "ES-1").status(is_strict=False), 3)
        self.assertEqual(self.check(NotOffered("x"), "ES-1").status(is_strict=True), 0)

    def test_should_decides_only_if_that_is_strict(self) -> None:
        finding = Finding(replace(FIRST, level=Level.SHOULD), Verdict.FAIL, Evidence())
        report = Report("echo-server", "x", 7, (finding,))
        self.assertEqual((report.status(is_strict=False), report.status(is_strict=True)), (0, 1))

    def test_what_needs_a_start_is_not_checked_elsewhere(self) -> None:
        self.bench.address = ("192.0.2.1", 9090)
        self.bench.command = ()
        report = self.check(None, "ES-4", "ES-16", "ES-23")
        verdicts = {each.requirement.id: each.verdict for each in report.findings}
        self.assertIs(verdicts["ES-23"], Verdict.NOT_CHECKED)
        self.assertIs(verdicts["ES-16"], Verdict.NOT_CHECKED)
        self.assertEqual(report.program, "192.0.2.1:9090")
