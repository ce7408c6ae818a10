"""Consistency of SECURITY.md with the tests, and of .gitignore with files of services."""

import re
from fnmatch import fnmatch
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.hostile.attacks import CATALOGUE

ROOT = Path(__file__).parents[2]


class SecurityPolicyTests(SynchronousTestCase):
    def test_the_named_tests_exist(self) -> None:
        sources = {path: path.read_text() for path in (ROOT / "tests").rglob("*.py")}
        names = re.findall(
            r"`((?:test_|tests/)[\w/.]+|\w+Tests)`", (ROOT / "SECURITY.md").read_text()
        )
        self.assertGreater(len(names), 30)
        for name in names:
            is_file = any(name in (path.stem, str(path.relative_to(ROOT))) for path in sources)
            is_inside = any(re.search(rf"(def|class) {name}\(", text) for text in sources.values())
            self.assertTrue(is_file or is_inside, name)

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
