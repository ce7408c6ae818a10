"""`netlab show`: its list, its programs, and how sockets print their calls."""

from __future__ import annotations

import ast
import errno
import io
import runpy
import socket
import sys
from itertools import product
from pathlib import Path
from typing import NoReturn

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.show import __main__ as show
from twisted_lab.show import kernel_tables, narration
from twisted_lab.show.catalogue import DEMONSTRATIONS, path_of
from twisted_lab.text import language

MOST_LINES = 60
TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: {host}:2382 00000000:0000 0A 00000000:00000002 00:00000000 00000000  1000        0 1 1
   1: {host}:2382 {host}:C350 06 00000000:00000000 03:000016E2 00000000     0        0 0 3
   2: {host}:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
"""
UDP = """\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid inode ref drops
  100: {host}:2382 00000000:0000 07 00000000:00001200 00:00000000 00000000     0  0 1 2 0 8
  101: {host}:2383 00000000:0000 07 00000000:00000000 00:00000000 00000000     0  0 1 2 0 9
"""


class ProgramTests(SynchronousTestCase):
    def test_each_program_is_listed_and_short(self) -> None:
        folder = path_of("text").parent
        programs = {path for path in folder.glob("*.py") if path.name != "__init__.py"}
        self.assertEqual(programs, {path_of(name) for name in DEMONSTRATIONS})
        for path in programs:
            lines = path.read_text("utf-8").splitlines()
            self.assertLessEqual(len(lines), MOST_LINES, path.name)

    def test_each_control_question_has_an_answer(self) -> None:
        numbers = [each.number for each in DEMONSTRATIONS.values() if each.number]
        self.assertEqual(numbers, [1, 2, 3, 4, 5, 6, 7])

    def test_each_program_ends_with_what_it_shows(self) -> None:
        for name in DEMONSTRATIONS:
            last = ast.parse(path_of(name).read_text("utf-8")).body[-1]
            self.assertTrue(ast.unparse(last).startswith("conclude("), name)


class OutputTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.output, self.errors = io.StringIO(), io.StringIO()
        self.patch(sys, "stdout", self.output)
        self.patch(sys, "stderr", self.errors)

    def run_show(self, *words: str) -> tuple[int, str, str]:
        """Return the exit status, the output and the errors of ``netlab show WORDS``."""
        self.patch(sys, "argv", ["/usr/bin/netlab", *words])
        status: object = 0
        try:
            show.main()
        except SystemExit as end:
            status = end.code
        assert isinstance(status, int)
        return status, self.output.getvalue(), self.errors.getvalue()


class ShowTests(OutputTests):
    def raises(self, error: BaseException) -> None:
        def run_path(path: str) -> None:
            raise error

        self.patch(runpy, "run_path", run_path)

    def test_without_a_name_all_are_listed(self) -> None:
        status, output, _errors = self.run_show()
        self.assertEqual(status, 0)
        _title, *rows = output.splitlines()
        for row, (name, each) in zip(rows, DEMONSTRATIONS.items(), strict=True):
            self.assertEqual(row.split()[0], name)
            self.assertEqual(row.split()[1] == str(each.number), each.number > 0)
            self.assertTrue(row.endswith(each.question))

    def test_the_list_fits_into_80_columns(self) -> None:
        for code in ("en", "ru"):
            language.use(code)
            self.addCleanup(language.use, "en")
            for line in show._list().splitlines():
                self.assertLessEqual(len(line), 80, line)

    def test_the_number_of_a_control_question_is_a_name(self) -> None:
        _status, program, _errors = self.run_show("3", "--code")
        self.assertTrue(program.startswith('"""Which calls make a program wait?"""\n'), program)

    def test_the_code_is_a_plain_program(self) -> None:
        self.addCleanup(language.use, "en")
        for code, name in product(("en", "ru"), DEMONSTRATIONS):
            language.use(code)
            self.output.truncate(0)
            self.output.seek(0)
            self.assertEqual(self.run_show(name, "--code")[::2], (0, ""))
            program = self.output.getvalue()
            compile(program, name, "exec")
            self.assertNotRegex(program, r"narration|Socket|\b(_|step|fact|conclude)\(")
            self.assertLessEqual(program.count("\n"), MOST_LINES, name)

    def test_a_copy_of_the_code_prints_what_calls_return(self) -> None:
        _status, program, _errors = self.run_show("half-close", "--code")
        copy = Path(self.mktemp())
        copy.write_text(program)
        self.output.truncate(0)
        self.output.seek(0)
        runpy.run_path(str(copy))
        self.assertEqual(self.output.getvalue(), "b'question'\nb''\nb'answer'\nb''\n")

    def test_wrong_words_are_one_line(self) -> None:
        for words, problem in (
            (
                ["texts"],
                "there is no demonstration 'texts'; netlab show lists all; did you mean text?",
            ),
            (["0"], "there is no demonstration '0'; netlab show lists all"),
            (["text", "osi"], "one demonstration at a time, not also 'osi'"),
            (["--code"], "--code needs the name of a demonstration"),
        ):
            self.errors.truncate(0)
            self.errors.seek(0)
            line = f"netlab show: {problem} (--help lists the options)\n"
            self.assertEqual(self.run_show(*words), (2, "", line))

    def test_help_says_what_it_does(self) -> None:
        status, output, _errors = self.run_show("--help")
        self.assertEqual(status, 0)
        self.assertRegex(output, r"^Usage: netlab show \[NAME\] \[options\]\n")
        self.assertIn("Without a NAME all are listed.", " ".join(output.split()))

    def test_ctrl_c_ends_it(self) -> None:
        self.raises(KeyboardInterrupt())
        self.assertEqual(self.run_show("text")[::2], (130, ""))

    def test_what_the_system_refuses_is_one_line(self) -> None:
        self.raises(OSError(errno.EMFILE, "Too many open files"))
        line = "netlab show: text cannot go on: [Errno 24] Too many open files\n"
        self.assertEqual(self.run_show("text")[::2], (1, line))

    def test_some_need_linux(self) -> None:
        self.raises(OSError())
        self.patch(sys, "platform", "darwin")
        line = "netlab show: backlog shows how Linux answers, and runs only there\n"
        self.assertEqual(self.run_show("backlog"), (1, "", line))


class NarrationTests(OutputTests):
    def lines(self) -> list[str]:
        return self.output.getvalue().splitlines()

    def test_a_call_is_seen_before_its_answer(self) -> None:
        seen: list[str] = []
        output = self.output

        class Interrupted(socket.socket):
            def accept(self) -> NoReturn:
                seen.append(output.getvalue())
                raise KeyboardInterrupt

        with Interrupted() as real:
            made = narration.Socket("server", accepted=real)
            self.assertRaises(KeyboardInterrupt, made.accept)
        self.assertEqual(seen, ["    server.accept()"])
        self.assertEqual(self.output.getvalue(), "    server.accept()\n")

    def test_errors_have_names_and_meanings(self) -> None:
        class Refused(socket.socket):
            number = 0

            def connect(self, _address: object) -> NoReturn:
                raise OSError(self.number, "the reason")

        with Refused() as real:
            made = narration.Socket("client", accepted=real)
            for number, answer in (
                (errno.EINVAL, "EINVAL: this socket is not in the state for this call"),
                (errno.ENOTSUP, "EOPNOTSUPP: sockets of this type do not have this call"),
                (errno.EMFILE, "EMFILE: the reason"),
                (errno.EAGAIN, "BlockingIOError (EAGAIN): not now, the call would have to wait"),
                (987, "987: the reason"),
            ):
                real.number = number
                self.assertRaises(OSError, made.connect, 5)
                self.assertEqual(self.lines()[-1], f"    client.connect(5) -> {answer}")

    def test_every_error_is_known_to_this_system(self) -> None:
        for name in narration.MEANINGS:
            self.assertTrue(hasattr(errno, name), name)

    def test_long_data_are_cut(self) -> None:
        left, right = socket.socketpair()
        with left, right:
            narration.Socket("left", accepted=left).sendall(b"0123456789" * 500)
        line = "    left.sendall(b'012345678901'... (5,000 bytes)) -> OK"
        self.assertEqual(self.lines(), [line])

    def test_sentences_are_lines_of_79_columns(self) -> None:
        narration.step("word " * 40)
        blank, *lines = self.lines()
        self.assertEqual(blank, "")
        self.assertEqual([len(line) <= 79 for line in lines], [True] * 3)


class KernelTableTests(SynchronousTestCase):
    def setUp(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        # The kernel writes addresses as numbers in the machine's byte order.
        host = f"{int.from_bytes(bytes([127, 0, 0, 1]), sys.byteorder):08X}"
        (folder / "tcp").write_text(TCP.format(host=host))
        (folder / "udp").write_text(UDP.format(host=host))
        self.patch(kernel_tables, "_TABLES", folder)

    def test_sockets_of_a_port(self) -> None:
        listening, ended = kernel_tables.tcp_sockets(9090)
        self.assertEqual(listening, ("127.0.0.1:9090", "0.0.0.0:0", "LISTEN", 2))
        line = "/proc/net/tcp: 127.0.0.1:9090 127.0.0.1:50000 TIME_WAIT"
        self.assertEqual((str(ended), ended.queue), (line, 0))

    def test_datagrams_that_were_thrown_away(self) -> None:
        self.assertEqual(kernel_tables.udp_drops(9090), 8)
