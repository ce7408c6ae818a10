"""What a verdict by hand changes in the verdicts that depend on it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.unit.test_check_reports import report_of
from twisted_lab.check.catalogue import Catalogue
from twisted_lab.check.classes.applying import apply
from twisted_lab.check.judging import not_checked
from twisted_lab.check.reports.marks import read_marks
from twisted_lab.check.requirements.requirement import Requirement
from twisted_lab.check.verdicts import Evidence, Finding, Report, Verdict

KNOWN = {each.id: each for each in Catalogue().tasks["echo-server"].requirements}

PASS, FAIL, NOT_OFFERED, NOT_CHECKED = (
    Verdict.PASS,
    Verdict.FAIL,
    Verdict.NOT_OFFERED,
    Verdict.NOT_CHECKED,
)


def found(**tried: Verdict) -> Report:
    """Return what the checker says if these verdicts are what it sees."""
    findings: dict[str, Finding] = {}
    for requirement in KNOWN.values():
        causes = [each for each in requirement.needs if findings[each].verdict is not PASS]
        if causes:
            finding = not_checked(requirement, findings[causes[0]])
        else:
            verdict = tried.get(requirement.id.replace("-", "_"), PASS)
            finding = Finding(requirement, verdict, Evidence("seen"))
        findings[requirement.id] = finding
    return report_of(*findings.values())


def given(name: str, verdict: Verdict) -> Finding:
    return Finding(KNOWN[name], verdict, Evidence("given by hand: x"), is_given=True)


def needing(name: str) -> list[Requirement]:
    return [each for each in KNOWN.values() if name in each.needs]


class ApplyingTests(SynchronousTestCase):
    def test_what_was_not_checked_stays_so_with_a_reason_of_the_past(self) -> None:
        report, left = apply(found(ES_2=FAIL), [given("ES-2", PASS)])
        verdicts = {each.requirement.id: each for each in report.findings}
        self.assertEqual(verdicts["ES-2"].verdict, PASS)
        for each in needing("ES-2"):
            self.assertEqual(verdicts[each.id].verdict, NOT_CHECKED)
            if each.needs[0] == "ES-2":
                note = "It was not checked, because ES-2 failed then."
                self.assertEqual(verdicts[each.id].evidence.note, note)
            self.assertIn(each.id, left)

    def test_a_verdict_by_hand_is_not_left(self) -> None:
        first, second, *_others = needing("ES-2")
        _report, left = apply(found(ES_2=FAIL), [given("ES-2", PASS), given(first.id, PASS)])
        self.assertNotIn(first.id, left)
        self.assertIn(second.id, left)

    def test_what_was_not_offered_stays_so_after_a_pass(self) -> None:
        report, left = apply(found(ES_2=NOT_OFFERED), [given("ES-2", PASS)])
        verdicts = {each.requirement.id: each for each in report.findings}
        self.assertEqual(verdicts["ES-3"].verdict, NOT_OFFERED)
        note = "It was not checked, because the verdict on ES-2 was then: not offered."
        self.assertEqual(verdicts["ES-3"].evidence.note, note)
        self.assertIn("ES-3", left)

    def test_a_failure_by_hand_blocks_also_what_was_not_offered(self) -> None:
        report, left = apply(found(ES_2=NOT_OFFERED), [given("ES-2", FAIL)])
        marks = read_marks("not-offered=none").each(report)
        for each in needing("ES-2"):
            self.assertIn(marks[each.id], (0, None))
            self.assertEqual(marks[each.id] is None, each.level.value == "information", each.id)
        self.assertEqual(left, ())
        [es_3] = [each for each in report.findings if each.requirement.id == "ES-3"]
        self.assertEqual(es_3.evidence.note, "It depends on ES-2: fail.")

    def test_what_the_checker_has_seen_stays(self) -> None:
        report, left = apply(found(ES_3=NOT_OFFERED), [given("ES-2", FAIL)])
        verdicts = {each.requirement.id: each.verdict for each in report.findings}
        self.assertEqual((verdicts["ES-3"], verdicts["ES-4"]), (NOT_OFFERED, PASS))
        self.assertEqual(left, ())
