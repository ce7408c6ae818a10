from collections import Counter
from io import StringIO

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.faults.terminal import Screen, amount, status
from twisted_lab.process.counts import Counts


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


class ScreenTests(SynchronousTestCase):
    def test_lines_appear_above_the_status(self) -> None:
        terminal = Terminal()
        screen = Screen(terminal, lambda: 80, "xterm")
        screen.show("first")
        screen.set_status("1 link")
        screen.show("second")
        screen.set_status("")
        self.assertEqual(
            terminal.getvalue(),
            "first\n\r\x1b[K1 link\r\x1b[Ksecond\n1 link\r\x1b[K",
        )

    def test_the_status_fits_one_line_and_is_written_when_it_changes(self) -> None:
        terminal = Terminal()
        screen = Screen(terminal, lambda: 10, "xterm")  # with room for ^C
        for _ in range(3):
            screen.set_status("x" * 100)
        self.assertEqual(terminal.getvalue(), "\r\x1b[K" + "x" * 7)

    def test_a_file_gets_lines_only(self) -> None:
        file = StringIO()
        screen = Screen(file, lambda: 80, "xterm")
        screen.set_status("1 link")
        screen.show("first")
        self.assertEqual(file.getvalue(), "first\n")

    def test_a_dumb_terminal_gets_lines_only(self) -> None:
        terminal = Terminal()
        screen = Screen(terminal, lambda: 80, "dumb")
        screen.set_status("1 link")
        screen.show("first")
        self.assertEqual(terminal.getvalue(), "first\n")


class StatusTests(SynchronousTestCase):
    def test_it_says_what_passes_and_what_is_done_to_it(self) -> None:
        self.assertEqual(
            status(
                Counts(
                    open=3,
                    counters=Counter(units=40, faulted_units=9, lost_units=5),
                    gauges=Counter(held_bytes=70_000),
                ),
                6000,
            ),
            "3 links  6 kB/s  40 units  9 with faults  5 lost  70 kB held now",
        )
        self.assertTrue(status(Counts(open=1), 0).startswith("1 link  0 B/s  0 units"))

    def test_amounts_have_three_digits(self) -> None:
        self.assertEqual(
            [amount(each) for each in (0, 999, 999.9, 12_345, 10**6, 2.5e9)],
            ["0 ", "999 ", "1 k", "12.3 k", "1 M", "2.5 G"],
        )
