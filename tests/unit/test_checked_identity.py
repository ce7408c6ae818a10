"""The servers that identify and authenticate: nothing is missing in their manifests."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.checked.authentication import manifest as authenticating
from tests.checked.identification import manifest as identifying
from twisted_lab.check.requirements import authentication, identification
from twisted_lab.check.requirements.requirement import Level

_TASKS = (
    (identifying, identification.REQUIREMENTS),
    (authenticating, authentication.REQUIREMENTS),
)


class ManifestTests(SynchronousTestCase):
    """Each manifest names each program of its folder, and no other."""

    def test_each_must_and_should_has_a_broken_server_that_says_so(self) -> None:
        for manifest, requirements in _TASKS:
            wanted = [each.id for each in requirements if each.level is not Level.INFORMATION]
            self.assertEqual(sorted(manifest.BROKEN), sorted(wanted))
            for key, name in manifest.BROKEN.items():
                text = Path(str(manifest.__file__)).with_name(name).read_text()
                self.assertTrue(text.startswith(f'"""{key}: '), name)

    def test_each_program_is_judged(self) -> None:
        for manifest, _ in _TASKS:
            judged = {name for _, name, _ in manifest.MISTAKES}
            judged |= {command[1] for _, command, _ in manifest.CORRECT} | {
                *manifest.BROKEN.values()
            }
            folder = Path(str(manifest.__file__)).parent
            programs = {each.name for each in folder.iterdir() if each.suffix in {".py", ".js"}}
            self.assertEqual(programs, judged | {"__init__.py", "manifest.py"})

    def test_the_gate_checks_programs_that_exist(self) -> None:
        for manifest, _ in _TASKS:
            names = {name for name, _, _ in manifest.CORRECT}
            self.assertLessEqual(manifest.IN_GATE, names | {*manifest.BROKEN})
