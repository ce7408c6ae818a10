"""The commands and examples of docs/faults.md."""

from __future__ import annotations

import re
import shlex
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.faults.__main__ import Options as TerminalOptions
from twisted_lab.faults.engine.scenario import read_scenario
from twisted_lab.faults.engine.spec import Place
from twisted_lab.faults.service import Options

PAGE = (Path(__file__).parents[2] / "docs" / "faults.md").read_text()
COMMAND = re.compile(r"^\$ (?:twistd .*?netlab-faults|(netlab faults)) (.*)$", re.MULTILINE)
MADE_BEFORE = {"--scenario", "--replay"}  # options that read files


def block(language: str) -> str:
    found = re.search(f"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found, language
    return found[1]


class HowToTests(SynchronousTestCase):
    def test_the_commands_have_valid_options(self) -> None:
        commands = COMMAND.findall(PAGE)
        self.assertTrue(len(commands) > 10, commands)
        for terminal, arguments in commands:
            words = shlex.split(arguments)
            for name in MADE_BEFORE.intersection(words):
                at = words.index(name)
                del words[at : at + 2]
            (TerminalOptions if terminal else Options)().parseOptions(words)

    def test_the_scenario_is_valid(self) -> None:
        with TemporaryDirectory() as directory:
            path = Path(directory, "outage.toml")
            path.write_text(block("toml"))
            places = [Place("tcp:9190", True), Place("udp:9195", False)]
            scenario = read_scenario(str(path), (), places)
        self.assertEqual(scenario.phase_at(26.0).disabled, {"tcp:9190"})

    def test_the_example_passes(self) -> None:
        names: dict[str, Any] = {"__name__": "test_retry"}
        exec(block("python"), names)  # noqa: S102 (our own page)
        result = unittest.TestResult()
        unittest.defaultTestLoader.loadTestsFromTestCase(names["RetryTests"]).run(result)
        self.assertEqual((result.testsRun, result.errors, result.failures), (3, [], []))
