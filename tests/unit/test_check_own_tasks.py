"""Tasks of one's own, and the catalogue that takes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.check import a_task
from twisted_lab.check.catalogue import Catalogue
from twisted_lab.check.own_tasks import add_own_tasks
from twisted_lab.check.requirements.echo_server import REQUIREMENTS
from twisted_lab.check.trials.trial import Trial

OWN = replace(REQUIREMENTS[0], id="OW-1")
NEXT = replace(OWN, id="OW-2", needs=("OW-1",))


async def scenario(_: Trial, __: object) -> None:
    pass


SCENARIOS = {"OW-1": scenario, "OW-2": scenario}


class CatalogueTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.catalogue = Catalogue()

    def test_a_task_can_be_added(self) -> None:
        self.catalogue.add(a_task([OWN, NEXT], SCENARIOS))
        self.assertEqual(self.catalogue.tasks["a-task"].requirements, (OWN, NEXT))
        self.assertIs(self.catalogue.requirements["OW-2"], NEXT)

    def test_a_task_can_get_another_requirement(self) -> None:
        own = replace(OWN, needs=("ES-2",))
        self.catalogue.extend("echo-server", own, scenario)
        task = self.catalogue.tasks["echo-server"]
        self.assertEqual(task.requirements[-1], own)
        self.assertIs(task.scenarios["OW-1"], scenario)
        self.assertNotIn("OW-1", Catalogue().requirements)

    def test_what_does_not_fit_is_refused_with_one_line(self) -> None:
        for task, said in (
            (replace(a_task([], {}), name="echo-server"), "a task echo-server exists already"),
            (a_task([REQUIREMENTS[0]], {}), "a requirement ES-1 exists already"),
            (a_task([OWN], {}), "OW-1 has no scenario"),
            (a_task([NEXT, OWN], SCENARIOS), "OW-2 needs OW-1, which must come before it"),
            (a_task([replace(OWN, id="own1")], {}), "an id is like AB-7, not own1"),
        ):
            error = self.assertRaises(ValueError, Catalogue().add, task)
            self.assertEqual(str(error), said)
        error = self.assertRaises(ValueError, self.catalogue.extend, "x", OWN, scenario)
        self.assertEqual(str(error), "there is no task x")


class FileTests(SynchronousTestCase):
    def refused(self, text: str) -> str:
        path = Path(self.mktemp())
        path.write_text(text)
        error = self.assertRaises(ValueError, add_own_tasks, path, Catalogue())
        return str(error).removeprefix(str(path))

    def test_add_to_is_given_the_catalogue(self) -> None:
        path, catalogue = Path(self.mktemp()), Catalogue()
        path.write_text("API = 1\ndef add_to(catalogue): catalogue.tasks.clear()\n")
        add_own_tasks(path, catalogue)
        self.assertEqual(catalogue.tasks, {})

    def test_a_mistake_is_one_line_with_its_place(self) -> None:
        for text, said in (
            ("", ": it must say API = 1"),
            ("API = 2\n", ": it must say API = 1"),
            ("API = 1\n", ": it must define add_to(catalogue)"),
            ("API = 1\nx = (\n", ":2: '(' was never closed"),
            ("API = 1\nimport nothing_of_this_name\n", ":2: ModuleNotFoundError: No module named"),
            ("API = 1\ndef add_to(catalogue):\n    catalogue.x()\n", ":3: AttributeError: "),
            ("API = 1\nraise SystemExit(0)\n", ":2: SystemExit: 0"),
            ("API = 1\ndef add_to(c):\n    c.extend('x', 0, 0)\n", ":3: there is no task x"),
        ):
            found = self.refused(text)
            self.assertTrue(found.startswith(said), found)
            self.assertEqual(found.count("\n"), 0)

    def test_a_file_that_cannot_be_read_is_refused(self) -> None:
        error = self.assertRaises(ValueError, add_own_tasks, Path("/none"), Catalogue())
        self.assertEqual(str(error), "/none: No such file or directory")
