"""Consistency of SECURITY.md with the tests, and of .gitignore with files of services."""

import re
from fnmatch import fnmatch
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.hostile.attacks import CATALOGUE

ROOT = Path(__file__).parents[2]


class SecurityPolicyTests(SynchronousTestCase):
    def test_the_named_tests_exist(self) -> None:
        paths = [*(ROOT / "tests").rglob("*.py")]
        known = {name for path in paths for name in (path.stem, str(path.relative_to(ROOT)))}
        for path in paths:
            known.update(re.findall(r"(?:def|class) (\w+)\(", path.read_text()))
        names = re.findall(
            r"`((?:test_|tests/)[\w/.]+|\w+Tests)`", (ROOT / "SECURITY.md").read_text()
        )
        self.assertGreater(len(names), 30)
        for name in names:
            self.assertIn(name, known)

    def test_each_attack_supports_a_claim(self) -> None:
        text = (ROOT / "SECURITY.md").read_text()
        table = text.partition("lines of the catalogue |")[2].partition("\n\n")[0]
        claimed = set(re.findall(r"`([^`]+)`", table))
        self.assertEqual(claimed, {attack.name for attack in CATALOGUE})

    def test_git_ignores_files_of_running_services(self) -> None:
        patterns = (ROOT / ".gitignore").read_text().splitlines()
        for name in (
            "netlab.pem",
            "key.pem",
            "netlab.sqlite3-wal",
            "copy.sqlite3",
            "events.log",
            "events.log.1",
            "twistd.log.2",
            "netlab.control",
            "echo.sock",
        ):
            self.assertTrue(any(fnmatch(name, pattern) for pattern in patterns), name)
