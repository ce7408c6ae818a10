import fcntl
import os
import select
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.eventlog.console import MOST_BYTES, Console

PIPE_BYTES = 65_536  # capacity of a pipe


def _refuse(*_: object) -> int:
    raise PermissionError


class ConsoleTests(SynchronousTestCase):
    """The console on a pipe that is read late."""

    def setUp(self) -> None:
        self.reader, self.writer = os.pipe()
        self.console = Console(self.writer)

    def all_shown(self) -> str:
        os.close(self.writer)
        with open(self.reader) as shown:
            self.console.release()
            return shown.read()

    def test_the_console_shows_written_lines(self) -> None:
        self.console.write("one\n")
        self.console.write("two \ud800\n")
        self.assertEqual(self.all_shown(), "one\ntwo \\ud800\n")
        self.assertEqual(self.console.lost, 0)

    def test_a_full_pipe_makes_the_console_drop_and_count_lines(self) -> None:
        line = "x" * 99 + "\n"
        count = 2 * MOST_BYTES // len(line)
        for _ in range(count):
            self.console.write(line)
        lines = self.all_shown().splitlines()
        self.assertGreater(self.console.lost, 0)
        told = [int(line.split()[1]) for line in lines if line.startswith("...")]
        self.assertEqual(sum(told), self.console.lost)
        self.assertEqual(len(lines) - len(told) + self.console.lost, count)

    def test_the_loss_is_reported_at_its_position(self) -> None:
        self.console.write("x" * PIPE_BYTES)
        self.console.settle()  # From here on the pipe is full.
        self.console.write("x" * (MOST_BYTES - 1) + "\n")
        self.console.write("lost\n")
        shown = b""
        while b"missing" not in shown:
            self.assertTrue(select.select([self.reader], [], [], 10)[0])
            shown += os.read(self.reader, PIPE_BYTES)
        self.console.write("later\n")
        rest = (shown.decode() + self.all_shown()).lstrip("x").splitlines()
        self.assertEqual(
            rest, ["", "... 1 lines are missing here: the console was not read", "later"]
        )

    def test_the_descriptor_stays_blocking(self) -> None:
        self.console.write("one\n")
        self.assertFalse(fcntl.fcntl(self.writer, fcntl.F_GETFL) & os.O_NONBLOCK)
        self.assertEqual(self.all_shown(), "one\n")

    def test_a_pipe_filled_by_another_program_does_not_block(self) -> None:
        """A poll before the write does not help: the other program may write in between."""
        self.patch(select, "poll", None)
        self.patch(self.console, "_begin", lambda: None)
        os.write(self.writer, b"x" * PIPE_BYTES)
        self.console.write("one\n")
        self.assertEqual(len(os.read(self.reader, PIPE_BYTES)), PIPE_BYTES)
        self.assertEqual(self.all_shown(), "one\n")

    def test_a_pipe_that_cannot_be_reopened_is_written_to(self) -> None:
        self.patch(os, "open", _refuse)
        console = Console(self.writer)
        self.assertTrue(os.get_blocking(console.descriptor))
        console.write("one\n")
        console.close()
        self.assertEqual(self.all_shown(), "one\n")

    def test_a_closed_pipe_is_no_error(self) -> None:
        os.close(self.reader)
        self.console.write("to nobody\n")
        self.console.close()
        os.close(self.writer)
        self.assertEqual(self.console.lost, 1)

    def test_the_console_works_without_a_thread(self) -> None:
        self.patch(self.console, "_begin", lambda: None)
        self.console.write("no memory\n")
        self.assertEqual(self.all_shown(), "no memory\n")

    def test_lines_do_not_overtake_those_waiting_for_a_thread(self) -> None:
        self.patch(self.console, "_begin", lambda: None)
        os.write(self.writer, b"x" * PIPE_BYTES)
        self.console.write("one\n")
        self.assertEqual(len(os.read(self.reader, PIPE_BYTES)), PIPE_BYTES)
        self.console.write("two\n")
        self.assertEqual(self.all_shown(), "one\ntwo\n")

    def test_lines_that_no_thread_wrote_are_counted(self) -> None:
        self.patch(self.console, "_begin", lambda: None)
        os.write(self.writer, b"x" * PIPE_BYTES)
        self.console.write("one\n")
        self.console.write("two\n")
        self.all_shown()
        self.assertEqual(self.console.lost, 2)

    def test_a_long_line_needs_no_thread_to_be_written_to_a_file(self) -> None:
        self.all_shown()
        path = Path(self.mktemp())
        with path.open("w") as file:
            console = Console(file.fileno())
            self.patch(console, "_begin", None)
            console.write("x" * 5000 + "\n")
            console.close()
        self.assertEqual(path.stat().st_size, 5001)

    def test_a_file_is_closed_once(self) -> None:
        path = Path(self.mktemp())
        with path.open("w") as file:
            console = Console(file.fileno())
            console.write("one\n")
            console.close()
            console.close()
        self.assertEqual(path.read_text(), "one\n")
        os.close(self.reader)
        os.close(self.writer)
        self.console.close()
