"""The clients that the checker is tried on are complete."""

from __future__ import annotations

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.checked.clients.manifest import BROKEN, BUILDS, CORRECT, MISTAKES
from twisted_lab.check.requirements import client_mistakes, mistakes
from twisted_lab.check.requirements.echo_client import REQUIREMENTS
from twisted_lab.check.requirements.requirement import Level, Mistake

FOLDER = Path(__file__).parents[1] / "checked" / "clients"


class CheckedClientsTests(SynchronousTestCase):
    def test_each_must_and_should_has_a_broken_client(self) -> None:
        counted = [each.id for each in REQUIREMENTS if each.level is not Level.INFORMATION]
        self.assertEqual(list(BROKEN), counted)

    def test_mistakes_have_a_hint_and_a_requirement(self) -> None:
        there = [*vars(mistakes).values(), *vars(client_mistakes).values()]
        hints = {each.name for each in there if isinstance(each, Mistake)}
        self.assertLessEqual({name for name, _, _ in MISTAKES}, hints)
        self.assertLessEqual({each for _, _, each in MISTAKES}, set(BROKEN))

    def test_the_manifest_names_all_programs_and_no_others(self) -> None:
        commands = [*BUILDS.values(), *(command for _, command, _ in (*MISTAKES, *CORRECT))]
        words = {word for command in commands for word in command} | set(BROKEN.values())
        named = {word for word in words if re.fullmatch(r"\w+\.(c|go|js|py|sh)", word)}
        there = {path.name for path in FOLDER.iterdir() if path.is_file()}
        self.assertEqual(named, there - {"__init__.py", "manifest.py"})
