"""Passwords in reports of the checker, and a student's own progress."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.unit.test_check_reports import REPORT, find, hostile, report_of
from twisted_lab.check.catalogue import Catalogue
from twisted_lab.check.conversation.data_files import read_files, secrets_in
from twisted_lab.check.reports.json_report import json_report
from twisted_lab.check.reports.own_progress import update
from twisted_lab.check.reports.redaction import redacted
from twisted_lab.check.verdicts import Verdict

TASK = Catalogue().tasks["echo-server"]
COUNTED = len([each for each in TASK.requirements if each.level.name != "INFORMATION"])


class SecretsTests(SynchronousTestCase):
    def test_passwords_are_found_in_the_forms_of_students(self) -> None:
        for path, text, secrets in (
            ("db.json", '{"127.0.0.1": {"name": "Ann", "password": "kek1"}}', {"kek1"}),
            ("base.json", '{"clients": [{"ip": "127.0.0.2", "Пароль": "qwerty"}]}', {"qwerty"}),
            ("auth.json", '{"aneli": "e10adc39"}', {"e10adc39"}),
            (
                "x.json",
                '{"passwords": {"ann": "s3cret", "bob": ["old1", 4711]}}',
                {"s3cret", "old1", "4711"},
            ),
            ("x.json", '{"host": "localhost", "port": 9090}', set()),
            ("data.csv", "127.0.0.1,Vika,1234\n", {"1234"}),
            ("clients.txt", "127.0.0.1:nastya:123456:\n1.1.1.1:igor:abcd:\n", {"123456", "abcd"}),
            ("log.txt", "127.0.0.1;kokokoko\n", {"kokokoko"}),
            ("log.txt", "12:01:07: the server listens\n", set()),
            ("config.ini", "[x]\nadmin_password = 'tiger'\nport = 9090\n", {"tiger"}),
            ("users.csv", "name,password\nann,fox1\n", {"fox1", "password"}),
            ("users.txt", "ann:x\n", set()),  # too short: it would stand everywhere
            ("users.json", "[" * 100_000, set()),
        ):
            self.assertEqual(secrets_in({path: text}), secrets, path)

    def test_hostile_files_cost_little(self) -> None:
        for text in ("pass" * 50_000, "password" + " " * 200_000, "a:" * 100_000):
            secrets_in({"users.txt": text})  # would take minutes, were it quadratic
        many = "\n".join(f"user{number}:secret{number}" for number in range(5000))
        self.assertEqual(len(secrets_in({"users.txt": many})), 1000)

    def test_only_small_data_files_of_the_folder_itself_are_read(self) -> None:
        folder = Path(self.mktemp())
        (folder / "data").mkdir(parents=True)
        (folder / "data" / "users.txt").write_text("ann:fox")
        (folder / "server.py").write_text("password = 'x'")
        (folder / "binary").write_bytes(b"pass\0word")
        (folder / "link").symlink_to("/etc/passwd")
        (folder / "folder").symlink_to("/etc")
        os.mkfifo(folder / "pipe")
        (folder / "broken.txt").write_bytes(b"\xff")
        self.assertEqual(read_files(folder), {"data/users.txt": "ann:fox", "broken.txt": "\ufffd"})

    def test_nested_folders_have_no_effect(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        self.addCleanup(subprocess.run, ["rm", "-rf", str(folder)], check=True)  # it does not recur
        deepest = os.open(folder, os.O_RDONLY)
        for _level in range(1200):
            os.mkdir("a", dir_fd=deepest)
            deeper = os.open("a", os.O_RDONLY, dir_fd=deepest)
            os.close(deepest)
            deepest = deeper
        os.close(deepest)
        self.assertEqual(read_files(folder), {})

    def test_no_text_of_a_report_quotes_them(self) -> None:
        text = "it is told fox1, (fox1) and fox12"
        report = redacted(hostile(text), {"fox1", "fox", "server"})
        written = json_report(report, is_strict=False)
        said = "it is told (password), ((password)) and fox12"
        self.assertNotIn("fox1,", written)
        self.assertNotIn(b"fox1,".hex(), written)
        self.assertEqual(report.behaviour, (said,))
        self.assertEqual(report.findings[1].evidence.passages[0].text, said)

    def test_quoted_passwords_are_found(self) -> None:
        for secret in ("it's\\1", "пароль1"):
            for text in (repr(secret), ascii(secret), repr(secret.encode())):
                [said] = redacted(hostile(f"received {text}"), {secret}).behaviour
                self.assertIn("(password)", said)
                self.assertNotIn("1", said)

    def test_words_of_the_requirements_stay(self) -> None:
        self.assertEqual(redacted(REPORT, {"server", "client"}), REPORT)

    def test_the_word_password_gives_nothing_away(self) -> None:
        report = replace(REPORT, behaviour=("It asks for a password, too.",))
        self.assertEqual(redacted(report, {"password"}), report)


class OwnProgressTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def run_with(self, *findings: tuple[str, Verdict]) -> str:
        report = report_of(*(find(*each) for each in findings))
        return update(self.path, TASK, replace(report, task=TASK.name))

    def test_it_grows_over_runs(self) -> None:
        said = self.run_with(("ES-1", Verdict.PASS), ("ES-2", Verdict.FAIL))
        self.assertEqual(said, f"echo-server: 1 of {COUNTED}; next ES-2")
        said = self.run_with(("ES-2", Verdict.PASS), ("ES-14", Verdict.NOT_OFFERED))
        self.assertEqual(said, f"echo-server: 2 of {COUNTED - 1}; next ES-3")
        self.assertEqual(
            json.loads(self.path.read_text())["tasks"]["echo-server"],
            {"ES-1": "pass", "ES-2": "pass", "ES-14": "not offered"},
        )

    def test_a_failed_must_comes_first(self) -> None:
        for verdicts, first in (
            ((("ES-5", Verdict.FAIL), ("ES-9", Verdict.FAIL)), "ES-9"),
            ((("ES-9", Verdict.WEAK),), "ES-5"),
            ((("ES-5", Verdict.PASS),), "ES-1"),
        ):
            self.assertIn(f"next {first}", self.run_with(*verdicts))

    def test_everything_done_has_no_next(self) -> None:
        said = self.run_with(*((each.id, Verdict.PASS) for each in TASK.requirements))
        self.assertEqual(said, f"echo-server: {COUNTED} of {COUNTED}")

    def test_a_file_of_another_kind_is_told_in_one_line_and_stays(self) -> None:
        for data in (
            b"",
            b"print('my server')",
            b"\xff\xfe",
            b"[" * 100_000,
            b'{"format": 2, "tasks": {}}',
            b'{"format": 1, "tasks": []}',
            b'{"format": 1, "tasks": {"echo-server": 3}}',
            b'{"format": 1, "tasks": {"echo-server": {"ES-1": ["pass"]}}}',
            b'{"format": 1, "tasks": {"echo-server": {"ES-1": "\\u001b"}}}',
        ):
            self.path.write_bytes(data)
            said = self.run_with(("ES-1", Verdict.PASS))
            self.assertIn("is no progress file; it stays as it is.", said)
            self.assertEqual(self.path.read_bytes(), data)

    def test_a_path_that_cannot_be_written_is_told(self) -> None:
        self.path.mkdir()
        self.assertIn("The progress cannot be kept in", self.run_with(("ES-1", Verdict.PASS)))
