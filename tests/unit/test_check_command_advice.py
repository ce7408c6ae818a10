"""Advice about a command that cannot be started."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.command_advice import command_advice


class CommandAdviceTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        for name in ("server.py", "program"):
            (self.folder / name).touch()
        tools = self.folder / "tools"
        tools.mkdir()
        for name in ("python", "node"):
            (tools / name).touch(0o700)
        self.patch(os, "environ", {"PATH": str(tools)})

    def advise(self, *command: str) -> str:
        return command_advice(command, self.folder)

    def test_a_file_of_the_folder_is_started_otherwise(self) -> None:
        self.assertEqual(self.advise("server.py", "{port}"), "try: python server.py '{port}'")
        self.assertEqual(self.advise("./server.py"), "try: python ./server.py")
        self.assertEqual(self.advise("program", "a b"), "try: ./program 'a b'")

    def test_quotes_around_all_are_one_word(self) -> None:
        self.assertEqual(self.advise("python server.py"), "leave out the quotes")

    def test_a_misspelt_program_is_named(self) -> None:
        self.assertEqual(self.advise("phyton", "server.py"), "did you mean python?")
        self.assertEqual(self.advise("nod", "echo.js"), "did you mean node?")

    def test_a_program_of_a_near_folder_is_found_there(self) -> None:
        near = self.folder / "tools"
        self.assertEqual(self.advise("./node"), f"did you mean --folder {near}?")

    def test_a_program_that_is_not_here_is_not_advised(self) -> None:
        self.assertEqual(self.advise("python", "server.py"), "")
        self.assertEqual(self.advise("python3x", "server.py"), "did you mean python?")
        self.assertEqual(self.advise("something"), "")
        (self.folder / "program").chmod(0o700)
        self.assertEqual(self.advise("./program"), "")
