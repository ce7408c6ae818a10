"""What the source text of a program tells."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.trials.source import never_sends

_START = "import socket, csv\nfrom datetime import datetime\nconn, addr = sock.accept()\n"


class NeverSendsTests(SynchronousTestCase):
    def test_a_program_that_only_receives_never_sends(self) -> None:
        self.assertTrue(never_sends(_START + "print(conn.recv(1024))\nfile.write('x')\n"))

    def test_whatever_could_send_counts(self) -> None:
        for line in (
            "conn.send(b'x')",
            "conn.sendall(b'x')",
            "conn.makefile('w').write('x')",
            "os.write(conn.fileno(), b'x')",
            "import helper",
            "    from helper import answer",
            "import asyncio as a",
        ):
            self.assertFalse(never_sends(f"{_START}{line}\n"), line)

    def test_nothing_is_said_of_other_languages_and_unknown_sources(self) -> None:
        for source in ("", "print(1)", "const net = require('net')", "import net from 'net'"):
            self.assertFalse(never_sends(source), source)
