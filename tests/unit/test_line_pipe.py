"""Lines for a process that stops reading, over real pipes."""

from __future__ import annotations

import os
from typing import Any
from unittest.mock import patch

from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.serving import line_pipe
from twisted_lab.serving.line_pipe import MOST_BYTES, LinePipe

PIPE_BYTES = 65_536  # what the kernel's pipe holds


class Writers:
    """A reactor that knows who waits for room."""

    def __init__(self) -> None:
        self.writers: set[Any] = set()

    def addWriter(self, writer: Any) -> None:
        self.writers.add(writer)

    def removeWriter(self, writer: Any) -> None:
        self.writers.discard(writer)


class LinePipeTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = Writers()
        self.reader, writer = os.pipe()
        self.pipe = LinePipe(writer, self.reactor, self.tell_lost)
        self.addCleanup(os.close, writer)

    def tell_lost(self, lost: int) -> None:
        self.pipe.send(b"%d lost\n" % lost)

    def read(self) -> list[bytes]:
        """Read all, with turns of the reactor."""
        data = b""
        while True:
            data += os.read(self.reader, 10_000_000)
            if not self.reactor.writers:
                self.assertEqual(data[-1:], b"\n")
                return data.splitlines()
            self.pipe.doWrite()

    def test_a_line_is_there_at_once(self) -> None:
        self.pipe.send(b"hello\n")
        self.assertEqual(self.read(), [b"hello"])
        self.assertFalse(self.pipe.is_behind)
        os.close(self.reader)

    def test_nothing_is_lost_as_long_as_it_fits_and_no_line_is_cut(self) -> None:
        lines = [b"%d %s" % (number, b"x" * 4999) for number in range(50)]
        for line in lines:
            self.pipe.send(line + b"\n")
        self.assertTrue(self.pipe.is_behind)
        self.assertEqual(self.read(), lines)
        os.close(self.reader)

    def test_what_does_not_fit_is_counted_and_told_in_its_place(self) -> None:
        line = b"x" * 999
        for _ in range(1000):
            self.pipe.send(line + b"\n")
        self.pipe.send_surely(b"an answer\n")
        got = self.read()
        kept = got.count(line)
        self.assertLessEqual(kept * 1000, PIPE_BYTES + MOST_BYTES + 1000)
        self.assertEqual(got, [line] * kept + [b"an answer", b"%d lost" % (1000 - kept)])
        self.pipe.send(b"again\n")
        self.assertEqual(self.read(), [b"again"])
        os.close(self.reader)

    def test_a_line_longer_than_all_that_may_wait(self) -> None:
        line = b"x" * 2 * MOST_BYTES
        self.pipe.send(line + b"\n")
        self.pipe.send(b"one more\n")
        self.assertEqual(self.read(), [line, b"1 lost"])
        os.close(self.reader)

    def test_nobody_waits_for_a_reader_that_has_gone(self) -> None:
        for _ in range(100):
            self.pipe.send(b"x" * 1000 + b"\n")
        os.close(self.reader)
        self.pipe.doWrite()
        self.assertFalse(self.pipe.is_behind)
        self.assertEqual(self.reactor.writers, set())
        self.pipe.send(b"nobody hears\n")
        self.assertFalse(self.pipe.is_behind)

    def test_the_end_waits_for_a_reader_but_not_for_ever(self) -> None:
        for _ in range(100):
            self.pipe.send(b"x" * 999 + b"\n")
        self.pipe.connectionLost(Failure(ConnectionError()))
        with patch.object(line_pipe, "CLOSE_SECONDS", 0.01):
            self.pipe.close()
        self.assertTrue(self.pipe.is_behind)
        data = os.read(self.reader, PIPE_BYTES)
        self.pipe.close()
        self.assertFalse(self.pipe.is_behind)
        data += os.read(self.reader, PIPE_BYTES)
        self.assertEqual(data, (b"x" * 999 + b"\n") * 100)
        os.close(self.reader)
