"""What the mail server of examples/internet answers to mistakes.

The transcripts of docs/internet-protocols.md show the rest. An error in the log fails a test.
"""

from __future__ import annotations

import runpy
import sys

from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import TestCase

from tests.processes import ROOT

FOLDER = ROOT / "examples" / "internet"


class MistakesTests(TestCase):
    def setUp(self) -> None:
        self.patch(sys, "path", [str(FOLDER), *sys.path])
        self.program = runpy.run_path(str(FOLDER / "mail_server.py"))

    def answers(self, protocol: str, *lines: str) -> list[str]:
        """Return the last line of the answer to each line."""
        server: Protocol = self.program[protocol]()
        server.factory = Factory()
        server.callLater = Clock().callLater  # type: ignore[attr-defined]
        transport = StringTransport()
        server.makeConnection(transport)
        answers = []
        for line in lines:
            transport.clear()
            server.dataReceived(line.encode() + b"\r\n")
            answers.append((transport.value().decode().splitlines() or [""])[-1])
        return answers

    def test_smtp(self) -> None:
        typed = ("ЙГШЕ", "MAIL FROM:<привет>", "MAIL FROM:boris", "RCPT TO:<vera@example.com>")
        codes = [answer[:3] for answer in self.answers("Smtp", *typed)]
        self.assertEqual(codes, ["500", "501", "250", "550"])

    def test_smtp_without_a_greeting_and_with_letters_that_are_not_ascii(self) -> None:
        sent = ("MAIL FROM:<boris>", "RCPT TO:<anna@example.com>", "DATA")
        *_, end = self.answers("Smtp", *sent, "Subject: Привет", "", "..текст", ".")
        self.assertEqual(end[:3], "250")
        text = "\r\nSubject: Привет\r\n\r\n.текст\r\n"
        (stored,) = self.program["inbox"].messages
        self.assertTrue(stored.text.decode().endswith(text))
        self.assertEqual(stored.getHeaders(False, b"SUBJECT"), {"Subject": "?" * len("Привет" * 2)})

    def test_pop3(self) -> None:
        typed = ("ЙГШЕ", "RETR 1", "USER anna", "PASS wrong", "USER anna", "PASS secret")
        self.program["inbox"].add(b"Subject: x\r\n\r\n")
        refused = ("RETR", "RETR я", "RETR 0", "RETR 2", "DELE 1")
        answers = self.answers("Pop3", *typed, *refused)
        words = [answer.split()[0] for answer in answers]
        self.assertEqual(words, ["-ERR", "-ERR", "+OK", "-ERR", "+OK", "+OK", *["-ERR"] * 5])

    def test_imap4(self) -> None:
        typed = ("ЙГШЕ", "a ЙГШЕ", "b LOGIN anna wrong", "c FETCH 1 FLAGS", "d LOGIN anna secret")
        words = [answer.split()[1] for answer in self.answers("Imap4", *typed, "e SELECT OTHER")]
        self.assertEqual(words, ["BAD", "BAD", "NO", "BAD", "OK", "NO"])

    def test_marks_are_set_added_and_taken_away(self) -> None:
        self.program["inbox"].add(b"Subject: x\r\n\r\n")
        self.answers(
            "Imap4",
            *("a LOGIN anna secret", "b SELECT INBOX", r"c STORE 1 FLAGS (\Answered)"),
            *(r"d STORE 1 +FLAGS (\Seen)", r"e STORE 1 -FLAGS (\Answered)"),
        )
        self.assertEqual(self.program["inbox"].messages[0].getFlags(), ["\\Seen"])
        self.assertEqual(self.program["inbox"].getUnseenCount(), 0)
