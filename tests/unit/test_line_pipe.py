"""Lines for a process that stops reading, over real pipes."""

from __future__ import annotations

import os
from collections import Counter
from itertools import count
from threading import Thread
from unittest.mock import patch

from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.reactor import FakeReactor
from twisted_lab.process.workers import line_pipe
from twisted_lab.process.workers.line_pipe import (
    MOST_BYTES,
    RESERVED_BYTES,
    STUCK_SECONDS,
    LinePipe,
)

PIPE_BYTES = 65_536  # capacity of the kernel's pipe


class LinePipeTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = FakeReactor()
        self.reader, writer = os.pipe()
        self.pipe = LinePipe(writer, self.reactor, self.report_lost)
        self.addCleanup(os.close, writer)

    def report_lost(self, lost: Counter[str]) -> None:
        self.pipe.send(f"lost {dict(lost)}\n".encode(), "events lost")

    def send(self, line: bytes, times: int = 1) -> None:
        """Send frequent lines."""
        for _ in range(times):
            self.pipe.send(line + b"\n", "x", is_rare=False)

    def get_stuck(self) -> None:
        """Let much time pass before each reading of the clock."""
        self.patch(self.reactor, "seconds", count(0, STUCK_SECONDS).__next__)

    def read(self) -> list[bytes]:
        """Read everything, with turns of the reactor."""
        data = b""
        while True:
            data += os.read(self.reader, 10_000_000)
            if not self.reactor.writers:
                self.assertEqual(data[-1:], b"\n")
                return data.splitlines()
            self.pipe.doWrite()

    def test_a_line_is_written_immediately(self) -> None:
        self.send(b"hello")
        self.assertEqual(self.read(), [b"hello"])
        self.assertFalse(self.pipe.is_behind)
        os.close(self.reader)

    def test_no_line_is_lost_or_cut_within_the_capacity(self) -> None:
        lines = [b"%d %s" % (number, b"x" * 4999) for number in range(800)]
        self.get_stuck()
        for line in lines:
            self.send(line)
        self.assertTrue(self.pipe.is_behind)
        self.assertEqual(self.read(), lines)
        os.close(self.reader)

    def test_a_slow_reader_loses_nothing(self) -> None:
        line = b"x" * 99_999
        got: list[bytes] = []

        def read() -> None:
            while data := os.read(self.reader, PIPE_BYTES):
                got.append(data)
                if data[-2:] == b".\n":
                    break

        reader = Thread(target=read)
        self.send(line, 42)  # The pipe and the buffer are full.
        reader.start()
        self.send(line, 100)
        self.send(b".")
        self.pipe.close()
        reader.join()
        self.assertEqual(b"".join(got), (line + b"\n") * 142 + b".\n")
        os.close(self.reader)

    def test_lost_lines_are_counted_and_reported_at_their_position(self) -> None:
        line = b"x" * 999
        self.get_stuck()
        self.send(line, 5000)
        self.pipe.send_always(b"an answer\n")
        got = self.read()
        kept = got.count(line)
        self.assertLessEqual(kept * 1000, PIPE_BYTES + MOST_BYTES + 1000)
        self.assertEqual(got, [line] * kept + [b"an answer", b"lost {'x': %d}" % (5000 - kept)])
        self.send(b"again")
        self.assertEqual(self.read(), [b"again"])
        os.close(self.reader)

    def test_frequent_lines_do_not_displace_rare_ones(self) -> None:
        line = b"x" * 9999
        self.get_stuck()
        self.send(line, 1000)
        self.pipe.send(b"rare\n", "y")
        for _ in range(1000):
            self.pipe.send(line + b"\n", "y")
        got = self.read()
        kept = got.count(line)
        self.assertIn(b"rare", got)
        self.assertLessEqual(kept * 10_000, PIPE_BYTES + MOST_BYTES + RESERVED_BYTES + 10_000)
        of_x = got.index(b"rare")
        of_y = kept - of_x
        self.assertEqual(got[-1], b"lost {'x': %d, 'y': %d}" % (1000 - of_x, 1000 - of_y))
        os.close(self.reader)

    def test_a_line_longer_than_the_buffer_is_sent_whole(self) -> None:
        line = b"x" * 2 * MOST_BYTES
        self.get_stuck()
        self.send(line)
        self.send(b"one more")
        self.assertEqual(self.read(), [line, b"lost {'x': 1}"])
        os.close(self.reader)

    def test_closing_does_not_wait_for_a_gone_reader(self) -> None:
        self.send(b"x" * 1000, 100)
        os.close(self.reader)
        self.pipe.doWrite()
        self.assertFalse(self.pipe.is_behind)
        self.assertEqual(self.reactor.writers, set())
        self.send(b"nobody hears")
        self.assertFalse(self.pipe.is_behind)

    def test_closing_waits_for_a_reader_until_a_timeout(self) -> None:
        self.send(b"x" * 999, 100)
        self.pipe.connectionLost(Failure(ConnectionError()))
        with patch.object(line_pipe, "STUCK_SECONDS", 0.01):
            self.pipe.close()
        self.assertTrue(self.pipe.is_behind)
        data = os.read(self.reader, PIPE_BYTES)
        self.pipe.close()
        self.assertFalse(self.pipe.is_behind)
        data += os.read(self.reader, PIPE_BYTES)
        self.assertEqual(data, (b"x" * 999 + b"\n") * 100)
        os.close(self.reader)

    def test_closing_reports_lost_lines(self) -> None:
        self.get_stuck()
        self.send(b"x" * 99_999, 100)
        got: list[bytes] = []

        def read() -> None:
            while not got or got[-1][-2:] != b"}\n":
                got.append(os.read(self.reader, PIPE_BYTES))

        reader = Thread(target=read)
        reader.start()
        self.pipe.close()
        reader.join()
        *lines, told = b"".join(got).splitlines()
        self.assertEqual(told, b"lost {'x': %d}" % (100 - len(lines)))
        os.close(self.reader)
