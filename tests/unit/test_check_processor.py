"""Tests of the processor time of programs, on a made-up /proc."""

from __future__ import annotations

from pathlib import Path

from twisted.trial import unittest

from twisted_lab.check.kernel import processor, snapshot


class ProcessorTests(unittest.SynchronousTestCase):
    """`uses` and `processor_seconds`."""

    def setUp(self) -> None:
        """Make a process 7 with two threads, and its child 9 with one."""
        self.proc = Path(self.mktemp())
        for module in (processor, snapshot):
            self.patch(module, "PROC", self.proc)
        self._make_thread(7, 7, "1500000000 250000000 8", children="9 ")
        self._make_thread(7, 8, "500000000 0 1")
        self._make_thread(9, 9, "1000000000 0 1")

    def _make_thread(self, process: int, thread: int, schedstat: str, children: str = "") -> None:
        task = self.proc / str(process) / "task" / str(thread)
        task.mkdir(parents=True)
        (task / "schedstat").write_text(schedstat + "\n")
        (task / "children").write_text(children)

    def test_all_threads_are_found(self) -> None:
        """The time on a processor and the time in the queue are told for each thread."""
        self.assertEqual(
            processor.uses(7),
            {
                7: processor.Use(1.5, 0.25),
                8: processor.Use(0.5, 0.0),
                9: processor.Use(1.0, 0.0),
            },
        )

    def test_the_time_of_all_is_added(self) -> None:
        """The child counts, too."""
        self.assertEqual(processor.processor_seconds(7), 3.0)

    def test_a_thread_that_has_just_ended_does_not_count(self) -> None:
        """Its files are gone, or empty."""
        (self.proc / "7" / "task" / "8" / "schedstat").write_text("")
        (self.proc / "9" / "task" / "9" / "schedstat").unlink()
        self.assertEqual(processor.processor_seconds(7), 1.5)
