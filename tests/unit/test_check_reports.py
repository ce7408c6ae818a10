"""Reports of the checker; ``python -m tests.unit.test_check_reports`` writes the golden files anew.

Read what changed in them before you commit it.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.catalogue import Catalogue
from twisted_lab.check.reports.comparison import compare
from twisted_lab.check.reports.comparison import summary as difference_summary
from twisted_lab.check.reports.explanation import explanation, requirement_list
from twisted_lab.check.reports.failure import last_lines
from twisted_lab.check.reports.json_report import json_report
from twisted_lab.check.reports.progress import Progress
from twisted_lab.check.reports.style import Style, style_of
from twisted_lab.check.reports.terminal_report import explained, next_step, summary, terminal_report
from twisted_lab.check.requirements import mistakes
from twisted_lab.check.verdicts import Difference, Evidence, Finding, Report, Verdict
from twisted_lab.faults.pictures.diagram import Passage
from twisted_lab.faults.terminal import Screen
from twisted_lab.text import language
from twisted_lab.text.language import _, ngettext

BY_ID = Catalogue().requirements
DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "checking.md").read_text()
GOLDEN = Path(__file__).parent / "golden"
CYRILLIC = ("a" + "ж" * 1000).encode()
TRACEBACK = """\
Введите порт: 9090\r
\x1b[32mСервер запущен\x1b[0m\r
Traceback (most recent call last):\r
  File "/tmp/work/server.py", line 14, in <module>\r
    print("получено", data.decode())\r
UnicodeDecodeError: 'utf-8' codec can't decode byte 0xd0 in position 1023: unexpected end of data\r
"""


def find(name: str, verdict: Verdict, evidence: Evidence | str = "") -> Finding:
    if isinstance(evidence, str):
        evidence = Evidence(note=evidence)
    return Finding(BY_ID[name], verdict, evidence, 0.25)


def split_letter() -> Evidence:
    came = _("{n:,} of {total:,} bytes came back", n=1024, total=2001)
    sent = ngettext("{n:,} byte", "{n:,} bytes", len(CYRILLIC))
    client, server = _("client {number}", number=1), _("server")
    return Evidence(
        note=_("{what}, and the server closed the connection.", what=came),
        steps=(
            _("the server starts"),
            _('it asks "{question}", and is told "{line}"', question="Введите порт:", line="9090"),
            _("it listens on port {port}", port=9090),
            _("client {number} connects", number=1),
            _("{name} sends {text}", name=client, text=sent),
            _("{name} receives it back", name=client),
        ),
        difference=Difference(CYRILLIC, CYRILLIC[:1024]),
        passages=(
            Passage(client, server, True, "aжжжжж...", 5.0, [5.0]),
            Passage(client, server, False, "aжжжжж...", 5.25, [5.25]),
            Passage(client, server, False, "(close)", 5.5, [5.5]),
        ),
        screen=TRACEBACK,
        by_hand=(
            '(python3 -c \'print("a" + "ж" * 1000, end="")\'; sleep 1) | nc -N 127.0.0.1 9090'
        ),
    )


def long_traceback() -> str:
    """Return a screen with more frames of a library than lines are shown."""
    library = '  File "/usr/lib/python3.11/json/decoder.py", line 1, in f\n    f()\n    ^^^\n' * 6
    own = '  File "/tmp/work/server.py", line 3, in <module>\n    users = json.load(file)\n'
    return f"Traceback (most recent call last):\n{own}{library}ValueError: Expecting value\n"


def every_verdict() -> Report:
    """Return a report in the language of the checker."""
    failed = _("It depends on {id}: {verdict}.", id="ES-9", verdict=_("fail"))
    return Report(
        "echo-server",
        "python server.py",
        7,
        (
            find("ES-1", Verdict.PASS),
            find("ES-2", Verdict.PASS),
            find("ES-9", Verdict.FAIL, split_letter()),
            find("ES-11", Verdict.NOT_CHECKED, failed),
            find("ES-12", Verdict.NOT_CHECKED, failed),
            find("ES-14", Verdict.NOT_OFFERED, _("The server serves one client at a time.")),
            find("ES-16", Verdict.FLAKY, _("The server opened no port.")),
            find("ES-18", Verdict.FAIL, Evidence(steps=(_("the server starts"),))),
            find(
                "ES-26", Verdict.WEAK, _("The log has its events only after the server has ended.")
            ),
            find(
                "ES-28", Verdict.INFO, _("It returns a text {manner}.", manner=_("in upper case"))
            ),
        ),
        behaviour=(_('It asks "{question}".', question="Введите порт:"),),
        problems=(_("programs are not isolated: {reason}", reason="Permission denied"),),
        incidents=(_("it filled {path}, which has {n} MB", path="/home/student", n=64),),
        seconds=8.25,
    )


REPORT = every_verdict()
SPLIT = split_letter()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def report_of(*findings: Finding) -> Report:
    return Report("echo-server", "x", 7, findings)


def goldens() -> Iterator[tuple[str, str]]:
    yield "check_50_columns.txt", terminal_report(REPORT, Style(50))
    yield "check_80_columns.txt", terminal_report(REPORT, Style(80))
    coloured = terminal_report(REPORT, Style(160, is_coloured=True), True, True)
    yield "check_160_columns.txt", coloured.replace("\x1b", "ESC")
    yield "check.json", json_report(REPORT, is_strict=False)
    yield "check_explain.txt", explanation(BY_ID["ES-12"], BY_ID, Style(80))
    language.use("ru")
    try:
        yield "check_ru.txt", terminal_report(every_verdict(), Style(80), True, True)
        yield "check_ru.json", json_report(every_verdict(), is_strict=False)
        yield "check_ru_explain.txt", explanation(BY_ID["ES-12"], BY_ID, Style(80))
    finally:
        language.use(language.SOURCE)


class GoldenTests(SynchronousTestCase):
    def test_a_long_traceback_shows_the_lines_of_the_program(self) -> None:
        self.assertEqual(
            last_lines(long_traceback()),
            [
                "Traceback (most recent call last):",
                '  File "/tmp/work/server.py", line 3, in <module>',
                "    users = json.load(file)",
                "  (18 lines about Python's libraries are not shown)",
                "ValueError: Expecting value",
            ],
        )

    def test_reports_are_as_they_were_read_by_a_person(self) -> None:
        for name, text in goldens():
            self.assertEqual((GOLDEN / name).read_text(), text + "\n", name)

    def test_the_page_shows_what_the_checker_prints(self) -> None:
        example = PAGE.partition("```text\n")[2].partition("```")[0]
        printed = terminal_report(REPORT, Style(80)).split("\n")
        for line in example.splitlines():
            self.assertIn(line, printed)


def hostile(text: str) -> Report:
    evidence = Evidence(
        text,
        (text, text),
        Difference(b"hello", text.encode(errors="surrogateescape")),
        passages=(Passage("client", "server", True, text, 0.0),),
        screen=text,
        by_hand=text,
    )
    every = [find("ES-2", verdict, evidence) for verdict in Verdict]
    return Report("echo-server", text, 7, tuple(every), (text,), (text,), (text,))


class HostileTests(SynchronousTestCase):
    def test_nothing_that_a_program_says_controls_the_terminal(self) -> None:
        for text in ("\x1b[2J", "\x9b2J", "a\rb", "\x07\x08\x7f", "\u202eevil", "\udcff", "a\0"):
            printed = terminal_report(hostile(text), Style(50), True, True)
            for line in printed.split("\n"):
                self.assertTrue(line.isprintable(), line)
            coloured = terminal_report(hostile(text), Style(50, True), True, True)
            self.assertEqual(re.sub(r"\x1b\[\d+m", "", coloured), printed)
            self.assertTrue(json_report(hostile(text), True).replace("\n", "").isprintable())

    def test_what_a_program_says_cannot_forge_a_line(self) -> None:
        forged = terminal_report(hostile("x\n✓ pass         ES-9"), Style(80), True, True)
        self.assertEqual([line for line in forged.split("\n") if line.startswith("✓")][1:], [])

    def test_endless_text_is_cut(self) -> None:
        for text in ("x" * 10**5, "\n" * 10**5, "\x1b" * 10**5, "x y " * 25_000):
            self.assertLess(len(terminal_report(hostile(text), Style(80), True, True)), 70_000)
            self.assertLess(len(json_report(hostile(text), True)), 3_000_000)
        many = Evidence(
            steps=("step",) * 10**4, passages=(Passage("a", "b", True, "x", 0.0),) * 10**4
        )
        long = Report("t", "p", 7, (find("ES-2", Verdict.FAIL, many),), ("line",) * 10**4)
        printed = terminal_report(long, Style(80), True, True)
        self.assertLess(printed.count("\n"), 150)
        for said in (
            "(9,980 earlier steps",
            "✗ 10000. step",
            "(9,970 earlier mess",
            "(9,950 more)",
        ):
            self.assertIn(said, printed)


class ShortTests(SynchronousTestCase):
    """What several findings share."""

    def test_the_reason_comes_first_if_a_program_does_not_start(self) -> None:
        for verdict, left in ((Verdict.FAIL, "3 not"), (Verdict.NOT_CHECKED, "4 not")):
            first = find("ES-1", verdict, Evidence("The server opened no port."))
            rest = [find(key, Verdict.NOT_CHECKED) for key in ("ES-2", "ES-3", "ES-7")]
            report = report_of(first, *rest)
            printed = terminal_report(report, Style(80)).split("\n")
            self.assertEqual(printed[1:3], ["The server opened no port.", ""])
            self.assertIn("? not checked  3 more, which depend on ES-1", printed)
            self.assertNotIn("ES-7", "".join(printed))
            self.assertIn(f"{left} checked", summary(report))

    def test_what_was_not_asked_for_is_explained(self) -> None:
        report = report_of(*(find(key, Verdict.PASS) for key in ("ES-1", "ES-2", "ES-3")))
        for only, said in (
            (("ES-3",), "ES-1, ES-2 are checked, too: what you asked for depends on them."),
            (("ES-2", "ES-3"), "ES-1 is checked, too: what you asked for depends on it."),
        ):
            printed = terminal_report(report, Style(80), only=only).split("\n")
            self.assertEqual(printed[1], said)
        self.assertNotIn("checked, too", terminal_report(report, Style(80)))

    def test_each_is_shown_where_only_some_depend_on_a_failure(self) -> None:
        self.assertIn("? not checked  ES-11 ", terminal_report(REPORT, Style(80)))

    def test_each_failure_has_its_hint_in_full(self) -> None:
        cause = Evidence(mistake=mistakes.DECODED_PORTIONS)
        found = [find("ES-2", Verdict.PASS), find("ES-6", Verdict.FAIL, cause)]
        found += [find("ES-8", Verdict.FAIL, cause), find("ES-9", Verdict.WEAK, cause)]
        printed = terminal_report(report_of(*found), Style(80), with_answers=True)
        question = cause.mistake.question[:30] if cause.mistake else ""
        self.assertEqual((printed.count(question), printed.count("  Answer ")), (3, 3))

    def test_what_is_weak_is_explained_as_a_failure_if_its_cause_was_seen(self) -> None:
        stopped = 'Traceback (most recent call last):\n  File "s.py"\nKeyboardInterrupt\n'
        for evidence, is_explained in (
            (replace(SPLIT, difference=None), True),  # a traceback
            (replace(SPLIT, screen=""), True),  # bytes that differ
            (replace(SPLIT, difference=None, screen=stopped), False),
            (replace(SPLIT, difference=None, screen=""), False),
        ):
            for verdict, mark in ((Verdict.WEAK, "!"), (Verdict.FLAKY, "~")):
                printed = terminal_report(report_of(find("ES-9", verdict, evidence)), Style(80))
                for said in (f"  {mark} 6. {SPLIT.steps[-1]}", "  ✓ 5. ", SPLIT.by_hand):
                    self.assertEqual(said in printed, is_explained, said)


class StyleTests(SynchronousTestCase):
    def test_lines_fit_each_width_but_for_what_is_copied(self) -> None:
        for columns in (50, 79, 80, 121, 160):
            for line in terminal_report(REPORT, Style(columns), True).split("\n"):
                self.assertTrue(len(line) <= columns or "| nc" in line, line)

    def test_colours_are_for_terminals_whose_owner_wants_them(self) -> None:
        for stream, environment, expected in (
            (Terminal(), {"TERM": "xterm"}, True),
            (Terminal(), {"TERM": "xterm", "NO_COLOR": ""}, True),
            (Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, False),
            (Terminal(), {"TERM": "dumb"}, False),
            (io.StringIO(), {"TERM": "xterm"}, False),
        ):
            self.assertEqual(style_of(stream, environment).is_coloured, expected)

    def test_the_width_has_limits(self) -> None:
        for columns, expected in (("20", 50), ("99", 99), ("500", 160)):
            with patch.dict(os.environ, COLUMNS=columns):
                self.assertEqual(style_of(io.StringIO(), {}).columns, expected)


class ComparisonTests(SynchronousTestCase):
    def test_the_mark_stands_below_the_first_difference(self) -> None:
        for same, expected, received, seen in (
            ("hel", "lo", "p!", ("l", "p")),
            ("x" * 5000, "A" * 90, "B" * 90, ("A", "B")),
            ("\x1b" * 300, "A", "BC", ("A", "B")),
            ("ж" * 300, "ы" * 90, "Y" * 90, ("ы", "Y")),
            ("😀" * 9, "A", "B", ("A", "B")),  # wide, and shown as escapes
            ("e\u0301" * 9, "A", "B", ("A", "B")),  # combining
        ):
            for columns in (50, 80, 160):
                difference = Difference((same + expected).encode(), (same + received).encode())
                *texts, mark, upper, lower, hex_mark = compare(difference, columns)
                self.assertEqual(tuple(text[mark.index("^")] for text in texts), seen)
                at = hex_mark.index("^")
                self.assertEqual(upper[at : at + 2], expected.encode()[:1].hex())
                self.assertEqual(lower[at : at + 2], received.encode()[:1].hex())
                for line in (*texts, upper, lower):
                    self.assertLessEqual(len(line), columns)

    def test_what_a_program_puts_before_the_text_is_not_compared(self) -> None:
        text = b"w4k2p0x9"
        for parts, received in (
            ((b"Reply: w4k2p0",), b"w4k2p0"),
            ((b"anna joins", b"anna: w4k2p", b"w4"), b"w4k2p"),
            ((b"other words", b"w4"), b"w4"),
            ((text + b"\n",), text + b"\n"),
            ((), b""),
        ):
            self.assertEqual(Difference.within(text, *parts), Difference(text, received))

    def test_a_character_that_is_cut_is_shown_whole_where_it_is_whole(self) -> None:
        expected, received, mark, *_rest = compare(Difference("aж".encode(), b"a\xd0"), 80)
        at = mark.index("^")
        self.assertEqual((expected[at:], received[at:]), ("ж", "\\xd0"))

    def test_a_long_text_is_cut_with_dots_not_inside_a_character(self) -> None:
        expected, *_rest = compare(Difference(CYRILLIC, b"x"), 40)
        self.assertEqual(expected, "expected  a" + "ж" * 26 + "...")

    def test_nothing_is_compared_if_nothing_came(self) -> None:
        self.assertEqual(compare(Difference(b"hello", b""), 80), [])

    def test_the_summary_says_what_came(self) -> None:
        for expected, received, said in (
            (b"x" * 5000, b"", "Received nothing; expected 5,000 bytes."),
            (b"x", b"", "Received nothing; expected 1 byte."),
            (b"hello", b"hel", "Received the first 3 of 5 bytes, and then nothing."),
            (b"hello", b"hello!!", "Received all 5 bytes, and 2 more."),
            (b"hello", b"hall", "Received 4 bytes, expected 5; byte 2 differs first."),
            (b"hello", b"hallo", "Received 5 bytes, as many as expected; byte 2 differs first."),
        ):
            self.assertEqual(difference_summary(Difference(expected, received)), said)


class SummaryTests(SynchronousTestCase):
    def test_it_counts_verdicts(self) -> None:
        self.assertEqual(
            summary(REPORT),
            "2 passed, 2 failed (1 of them a must), 1 weak, 1 flaky, 2 not checked, "
            "1 not offered, 1 for information; 8.2 s, seed 7",
        )
        self.assertEqual(summary(report_of()), "nothing checked; 0.0 s, seed 7")

    def test_what_was_learned_is_said_once(self) -> None:
        report = replace(
            report_of(
                find("ES-25", Verdict.INFO, "On IPv4."), find("ES-28", Verdict.INFO, "Louder.")
            ),
            behaviour=("Louder.",),
        )
        lines = terminal_report(report, Style(80)).split("\n")
        shown = lines[lines.index("How it behaves:") + 1 :]
        self.assertEqual(shown[:3], ["  - Louder.", "  - ES-25: On IPv4.", ""])

    def test_options_to_copy_stay_in_one_line(self) -> None:
        ids = ",".join(f"ES-{number}" for number in range(1, 20))
        for options in (
            f"--only {ids} --seed 636809225",
            "--only ES-9 --watch --picture",
            "--only ES-9",
        ):
            for columns in range(50, 90):
                text = f"Next: repeat what was flaky some time ago, with {options}."
                lines = Style(columns).wrapped(text)
                self.assertTrue(any(options in line for line in lines), lines)

    def test_what_to_mend_first_is_explained_first(self) -> None:
        report = report_of(
            find("ES-3", Verdict.WEAK),
            find("ES-6", Verdict.FAIL),
            find("ES-9", Verdict.FAIL),
        )
        ids = [each.requirement.id for each in explained(report.findings)]
        self.assertEqual(ids, ["ES-9", "ES-6", "ES-3"])
        self.assertIn("Next: ES-9.", next_step(report, with_answers=False))

    def test_a_must_that_is_not_offered_is_next_before_a_weak_should(self) -> None:
        report = report_of(find("ES-3", Verdict.NOT_OFFERED), find("ES-19", Verdict.WEAK))
        self.assertEqual(
            next_step(report, with_answers=False),
            "1 must is not offered: ES-3; --explain ES-3 says what it asks.",
        )

    def test_what_is_not_offered_may_have_a_hint(self) -> None:
        mistake = mistakes.PORT_IS_TEXT
        hinted = Evidence("No port.", mistake=mistake)
        report = report_of(
            find("ES-2", Verdict.NOT_OFFERED, hinted), find("ES-3", Verdict.NOT_OFFERED, "No port.")
        )
        text = terminal_report(report, Style(1000))
        self.assertIn(f"  - ES-2: No port. Hint: {mistake.question}\n  - ES-3: No port.\n", text)
        self.assertIn(f"Answer: {mistake.answer}", terminal_report(report, Style(1000), True))

    def test_the_next_step_is_about_the_most_important_finding(self) -> None:
        should, must = find("ES-5", Verdict.FAIL), find("ES-9", Verdict.FAIL)
        flaky, unknown = find("ES-16", Verdict.FLAKY), find("ES-11", Verdict.NOT_CHECKED)
        absent, missing = find("ES-17", Verdict.NOT_OFFERED), find("ES-2", Verdict.NOT_OFFERED)
        weak, passed = find("ES-26", Verdict.WEAK), find("ES-1", Verdict.PASS)
        for findings, said in (
            (
                (passed, weak, unknown, flaky, should, must),
                "Next: ES-9. Add --only ES-9 --watch --picture",
            ),
            (
                (passed, weak, unknown, flaky, should),
                "Next: ES-5. Add --only ES-5 --watch --picture",
            ),
            (
                (passed, weak, unknown, flaky),
                "Next: repeat what was flaky, with --only ES-16 --see",
            ),
            ((passed, weak, unknown), "Nothing failed, but not everything was checked"),
            ((passed, absent, weak), "Nothing failed. Next: ES-26, which is weak."),
            ((absent, missing, weak), "1 must is not offered: ES-2; --explain"),
            (
                (missing, unknown, find("ES-3", Verdict.NOT_OFFERED)),
                "2 musts are not offered, the first of them ES-2; --explain ES-2 says what",
            ),
            (
                (passed, absent),
                "Nothing failed. Next: ES-17, which is not offered; --explain ES-17 says what it "
                "asks.",
            ),
            ((passed,), "Nothing failed."),
        ):
            self.assertIn(said, next_step(report_of(*findings), with_answers=False))
        self.assertNotIn("--hint", next_step(report_of(must), with_answers=True))

    def test_after_an_interruption_it_says_what_was_not_checked(self) -> None:
        lines = terminal_report(
            report_of(find("ES-1", Verdict.PASS)), Style(80), unchecked=["ES-2", "ES-3"]
        )
        self.assertIn("\nInterrupted before these were checked: ES-2, ES-3.", lines)
        self.assertNotIn("Nothing failed", lines)


class FailureTests(SynchronousTestCase):
    def test_frames_of_libraries_are_left_out_first(self) -> None:
        start, own = "Traceback (most recent call last):", '  File "/tmp/work/a.py", line 3, in f'
        library = '  File "/usr/lib/python3.11/json/decoder.py", line 9, in raw\n    x()\n    ^^^'
        frozen = '  File "<frozen runpy>", line 88, in _run_code'
        for count, middle in (
            (1, library.split("\n")),
            (5, ["  (16 lines about Python's libraries are not shown)"]),
        ):
            screen = "\n".join([start, own, "    load()", *[library] * count])
            screen += f"\n{frozen}" * (count > 1) + "\nValueError: x"
            self.assertEqual(
                last_lines(screen), [start, own, "    load()", *middle, "ValueError: x"]
            )

    def test_the_answer_is_the_second_stage_of_the_hint(self) -> None:
        mistake = mistakes.PORT_IS_TEXT
        report = report_of(find("ES-1", Verdict.FAIL, Evidence(mistake=mistake)))
        first, second = (terminal_report(report, Style(1000), each) for each in (False, True))
        for text, stages in ((first, (True, False)), (second, (True, True))):
            self.assertEqual((mistake.question in text, mistake.answer in text), stages)

    def test_the_command_by_hand_is_one_line_with_the_address_that_was_used(self) -> None:
        command = "printf 'hello' | nc -N 127.0.0.1 4711" + " #" * 100
        report = report_of(
            find("ES-2", Verdict.FAIL, Evidence(by_hand=command)), find("ES-1", Verdict.FAIL)
        )
        lines = [line.strip() for line in terminal_report(report, Style(50)).split("\n")]
        self.assertIn(command, lines)
        self.assertIn(BY_ID["ES-1"].by_hand, lines)


class JsonTests(SynchronousTestCase):
    def test_the_status_depends_on_strict(self) -> None:
        report = report_of(find("ES-5", Verdict.FAIL))
        statuses = [json.loads(json_report(report, each))["status"] for each in (False, True)]
        self.assertEqual(statuses, [0, 1])

    def test_the_page_describes_each_key(self) -> None:
        keys = (DOCS / "checking-json.md").read_text()
        content = json.loads(json_report(REPORT, is_strict=False))
        [failed] = [each for each in content["findings"] if each["id"] == "ES-9"]
        for key in (*content, *failed, *failed["difference"]):
            self.assertIn(f"`{key}`", keys)


class ExplanationTests(SynchronousTestCase):
    def test_the_list_has_each_requirement(self) -> None:
        for requirements in (each.requirements for each in Catalogue().tasks.values()):
            lines = requirement_list(requirements, Style(1000)).split("\n")
            self.assertEqual(len(lines), len(requirements))
            for line, each in zip(lines, requirements, strict=True):
                for part in (each.id, each.level.value, each.text):
                    self.assertIn(part, line)

    def test_each_requirement_can_be_explained(self) -> None:
        for each in BY_ID.values():
            text = explanation(each, BY_ID, Style(1000))
            for part in (each.text, each.why, each.source, each.by_hand, *each.needs):
                self.assertIn(part, text)
            for part in (each.mistake.question, each.mistake.answer):
                self.assertIn(part, text)


class ProgressTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.terminal = Terminal()
        self.screen = Screen(self.terminal, lambda: 80, "xterm")

    def test_the_status_line_says_how_far_the_check_is(self) -> None:
        progress = Progress(self.screen, Style(80), 2, is_watching=False)
        progress.show_step(BY_ID["ES-1"], "starts \x1b[2J")
        progress.show_finding(find("ES-1", Verdict.PASS))
        progress.show_step(BY_ID["ES-2"], "connects")
        progress.end()
        self.assertEqual(
            self.terminal.getvalue().split("\r\x1b[K"),
            [
                "",
                "0 of 2 checked  ES-1 After its questions are answered, the server listens on ",
                "1 of 2 checked  ES-2 The server returns the text of a client.",
                "",
            ],
        )

    def test_steps_and_verdicts_are_lines_for_those_who_watch(self) -> None:
        file = io.StringIO()
        progress = Progress(Screen(file, lambda: 80, ""), Style(80), 1, is_watching=True)
        progress.show_step(BY_ID["ES-2"], "hears '\x1b[2J'")
        progress.show_finding(find("ES-2", Verdict.PASS))
        progress.end()
        self.assertEqual(
            file.getvalue(),
            "ES-2   hears '\\x1b[2J'\n"
            "✓ pass         ES-2   M  The server returns the text of a client.\n",
        )


if __name__ == "__main__":
    for name, text in goldens():
        (GOLDEN / name).write_text(text + "\n")
