"""The servers that the checker judges: nothing is missing in their manifest."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.checked.servers import manifest
from twisted_lab.check.requirements import message_mistakes, mistakes
from twisted_lab.check.requirements.echo_server import REQUIREMENTS
from twisted_lab.check.requirements.requirement import Level, Mistake

_FOLDER = Path(manifest.__file__).parent
_BY_ID = {requirement.id: requirement for requirement in REQUIREMENTS}


class ManifestTests(SynchronousTestCase):
    """The manifest names each program of the folder, and no other."""

    def test_each_must_and_should_has_a_broken_server(self) -> None:
        wanted = [key for key, item in _BY_ID.items() if item.level is not Level.INFORMATION]
        self.assertEqual(list(manifest.BROKEN), wanted)

    def test_a_broken_server_says_which_requirement_it_fails(self) -> None:
        for key, name in manifest.BROKEN.items():
            self.assertTrue((_FOLDER / name).read_text().startswith(f'"""{key}: '), name)

    def test_mistakes_and_ids_exist(self) -> None:
        items = (*vars(mistakes).values(), *vars(message_mistakes).values())
        known = {item.name for item in items if isinstance(item, Mistake)}
        named = {mistake for mistake, _, _ in manifest.MISTAKES}
        self.assertLessEqual(named, known)
        self.assertLessEqual({key for _, _, key in manifest.MISTAKES}, set(_BY_ID))

    def test_each_program_is_judged(self) -> None:
        commands = {word for _, command, _ in manifest.CORRECT for word in command}
        sources = {build[-1] for build in manifest.BUILDS.values()}
        judged = commands | sources | {*manifest.BROKEN.values()}
        judged |= {name for _, name, _ in manifest.MISTAKES}
        programs = {
            path.name
            for path in _FOLDER.iterdir()
            if path.suffix in {".py", ".c", ".go", ".js", ".sh"}
        }
        self.assertEqual(programs - judged, {"__init__.py", "manifest.py"})
        self.assertLessEqual({name for name in judged if Path(name).suffix}, programs)

    def test_exceptions_name_correct_servers(self) -> None:
        names = [name for name, _, _ in manifest.CORRECT]
        self.assertEqual(len(names), len(set(names)))
        self.assertLessEqual({*manifest.NO_ECHO, *manifest.LACKS}, set(names))
