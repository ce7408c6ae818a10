"""The subjects of checks: connections, terminals, and programs that settle."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import termios
from collections.abc import Callable, Iterable
from itertools import chain, repeat

from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.check import (
    ACCEPTING,
    READING,
    RUNNING,
    FakeChild,
    FakeSandbox,
    doing,
    drained,
    make_bench,
    run,
    tcp,
)
from twisted_lab.check.activity import LOOK_SECONDS, Activity
from twisted_lab.check.kernel.snapshot import Snapshot
from twisted_lab.check.kernel.waits import Wait
from twisted_lab.check.prompts.question import Kind
from twisted_lab.check.subjects import listener as listeners
from twisted_lab.check.subjects import operator as operators
from twisted_lab.check.subjects import peer as peers
from twisted_lab.check.subjects import program as programs
from twisted_lab.check.subjects import terminal as terminals
from twisted_lab.check.subjects.descriptor import Descriptor
from twisted_lab.check.subjects.elsewhere import Elsewhere, OpenNetwork
from twisted_lab.check.subjects.listener import Listener
from twisted_lab.check.subjects.operator import Operator
from twisted_lab.check.subjects.peer import Peer
from twisted_lab.check.subjects.program import SETTLED_LOOKS, SLEEP_SECONDS, WAKE_SECONDS, Program
from twisted_lab.check.subjects.server import Server, StartedServer
from twisted_lab.check.subjects.terminal import Terminal

DEADLINE = 10  # seconds that the kernel may take


def ready(number: int) -> None:
    """Wait until a descriptor can be read: the kernel may take a moment."""
    assert select.select([number], [], [], DEADLINE)[0], "nothing arrived"


class NearCase(SynchronousTestCase):
    """Compares seconds."""

    def assert_near(self, seconds: float, wanted: float, tolerance: float) -> None:
        self.assertLessEqual(abs(seconds - wanted), tolerance)


class Scripted(Descriptor):
    """A descriptor whose writes go as a script says: a size, or an error."""

    def __init__(self, reactor: MemoryReactorClock, *script: int | OSError) -> None:
        super().__init__(reactor, 99)
        self.script = iter(script)
        self.written = b""
        self.errors: list[OSError] = []

    def write_some(self, data: bytes | bytearray) -> int:
        step = next(self.script)
        if isinstance(step, OSError):
            raise step
        self.written += data[:step]
        return min(step, len(data))

    def failed(self, error: OSError) -> None:
        self.errors.append(error)

    def doRead(self) -> None:
        raise AssertionError


class DescriptorTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()

    def test_what_is_taken_at_once_needs_no_reactor(self) -> None:
        descriptor = Scripted(self.reactor, 3)
        descriptor.write(b"abc")
        self.assertEqual((descriptor.written, self.reactor.writers), (b"abc", set()))

    def test_the_rest_is_written_once_the_other_side_takes_it(self) -> None:
        descriptor = Scripted(self.reactor, 1, BlockingIOError(), 2)
        descriptor.write(b"abc")
        self.assertEqual((descriptor.written, self.reactor.writers), (b"a", {descriptor}))
        descriptor.doWrite()
        self.assertEqual((descriptor.written, self.reactor.writers), (b"abc", set()))

    def test_one_turn_of_the_reactor_writes_a_bounded_part(self) -> None:
        descriptor = Scripted(self.reactor, *repeat(1, 10))
        descriptor.write(b"x" * 10)
        self.assertEqual(len(descriptor.written), 4)
        self.assertEqual(self.reactor.writers, {descriptor})

    def test_an_error_ends_writing(self) -> None:
        descriptor = Scripted(self.reactor, 1, OSError("gone"))
        descriptor.write(b"abc")
        self.assertEqual([str(error) for error in descriptor.errors], ["gone"])
        self.assertEqual((descriptor.unwritten, self.reactor.writers), (b"", set()))

    def test_a_descriptor_that_the_reactor_lost_is_left_alone(self) -> None:
        descriptor = Scripted(self.reactor, BlockingIOError())
        descriptor.write(b"abc")
        self.reactor.addReader(descriptor)
        descriptor.connectionLost(Failure(OSError()))
        self.assertEqual((self.reactor.readers, self.reactor.writers), (set(), set()))
        self.assertEqual((descriptor.fileno(), descriptor.logPrefix()), (99, "check"))


class PeerTests(SynchronousTestCase):
    """A connection over the loopback, which delivers before a call returns."""

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.changes = 0
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.other = socket.create_connection(server.getsockname(), DEADLINE)
            connection, _ = server.accept()
        connection.setblocking(False)
        self.peer = Peer(self.reactor, connection, self.change)
        self.addCleanup(self.other.close)
        self.addCleanup(self.peer.close)

    def change(self) -> None:
        self.changes += 1

    def read(self) -> None:
        ready(self.peer.fileno())
        self.peer.doRead()

    def test_it_notes_what_it_hears(self) -> None:
        self.peer.doRead()  # nothing has come
        self.assertEqual(self.changes, 0)
        self.other.sendall(b"ab")
        self.read()
        self.other.sendall(b"c")
        self.read()
        self.assertEqual((self.peer.received, self.changes), (b"abc", 2))
        self.assertIn(self.peer, self.reactor.readers)

    def test_it_says_what_it_is_told(self) -> None:
        self.peer.write(b"abc")
        self.assertEqual(self.other.recv(10), b"abc")

    def test_its_end_follows_all_that_it_says(self) -> None:
        said = b"x" * 10_000_000  # more than the buffers of both ends hold
        self.peer.write(said)
        self.peer.finish()
        heard = bytearray()
        while data := self.other.recv(65_536):
            heard += data
            self.peer.doWrite()
        self.assertEqual((len(heard), self.peer.was_reset), (len(said), False))

    def test_a_second_end_after_that_of_the_other_side_is_no_reset(self) -> None:
        self.peer.finish()
        self.other.close()
        self.read()
        self.peer.finish()
        self.assertEqual((self.peer.has_ended, self.peer.was_reset), (True, False))

    def test_an_orderly_end_is_no_reset(self) -> None:
        self.other.sendall(b"last")
        self.other.shutdown(socket.SHUT_WR)
        self.read()
        self.read()
        self.assertEqual((self.peer.received, self.peer.has_ended), (b"last", True))
        self.assertFalse(self.peer.was_reset)
        self.assertNotIn(self.peer, self.reactor.readers)
        self.peer.write(b"still heard")
        self.assertEqual(self.other.recv(20), b"still heard")

    def reset_by_other(self) -> None:
        self.other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.other.close()

    def test_a_reset_is_noted(self) -> None:
        self.reset_by_other()
        self.read()
        self.assertTrue(self.peer.has_ended and self.peer.was_reset)
        self.assertEqual(self.changes, 1)

    def test_what_had_been_said_before_a_refused_write_is_still_heard(self) -> None:
        self.peer.pause()
        self.other.sendall(b"last")
        self.other.close()
        self.peer.write(b"x")  # is answered with a reset
        self.peer.write(b"y")
        self.assertTrue(self.peer.was_reset)
        self.assertIn(self.peer, self.reactor.readers)
        self.assertFalse(self.peer.has_ended)

    def test_it_pauses_and_goes_on(self) -> None:
        self.peer.pause()
        self.assertEqual(self.reactor.readers, set())
        self.peer.resume()
        self.assertEqual(self.reactor.readers, {self.peer})
        self.other.close()
        self.read()
        self.peer.resume()
        self.assertEqual(self.reactor.readers, set())

    def test_its_fin_leaves_the_other_direction_open(self) -> None:
        self.peer.finish()
        self.assertEqual(self.other.recv(1), b"")
        self.other.sendall(b"reply")
        self.read()
        self.assertEqual(self.peer.received, b"reply")

    def test_a_fin_after_a_reset_changes_nothing(self) -> None:
        self.reset_by_other()
        self.peer.finish()
        self.assertTrue(self.peer.was_reset and self.peer.has_ended)
        self.peer.finish()

    def test_it_resets(self) -> None:
        self.peer.reset()
        self.assertRaises(ConnectionResetError, self.other.recv, 1)
        self.assertEqual(self.reactor.readers, set())
        self.peer.reset()  # it is closed already

    def test_what_it_receives_is_bounded(self) -> None:
        self.patch(peers, "MOST_RECEIVED", 5)
        self.other.sendall(b"123456")
        self.read()
        self.assertTrue(self.peer.has_ended)
        self.assertRaises(ConnectionResetError, self.other.recv, 1)


class TerminalTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.changes = 0
        number, self.inside = os.openpty()
        self.terminal = Terminal(self.reactor, number, self.change)
        self.addCleanup(self.terminal.close)
        self.addCleanup(self.close_inside)

    def close_inside(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self.inside)

    def change(self) -> None:
        self.changes += 1

    def print(self, data: bytes) -> None:
        os.write(self.inside, data)
        wanted = self.terminal.printed + len(data)
        while self.terminal.printed < wanted:
            ready(self.terminal.fileno())
            self.terminal.doRead()

    def test_what_is_printed_arrives_as_it_was(self) -> None:
        self.terminal.doRead()  # nothing was printed
        self.assertEqual(self.changes, 0)
        self.print(b"one\ntwo\n")
        self.assertEqual((self.terminal.text, self.terminal.printed), ("one\ntwo\n", 8))
        self.assertGreater(self.changes, 0)

    def test_a_letter_may_arrive_in_two_parts(self) -> None:
        self.print(b"\xd0")
        self.assertEqual(self.terminal.text, "")
        self.print(b"\xb6\xff")
        self.assertEqual(self.terminal.text, "ж\N{REPLACEMENT CHARACTER}")

    def test_what_is_typed_is_not_shown(self) -> None:
        self.assertFalse(termios.tcgetattr(self.inside)[3] & termios.ECHO)
        self.terminal.type_line("привет")
        ready(self.inside)
        self.assertEqual(os.read(self.inside, 100), "привет\n".encode())
        self.terminal.drain()
        self.assertEqual(self.terminal.text, "")

    def test_the_end_of_the_input_is_typed(self) -> None:
        self.terminal.end_input()
        ready(self.inside)
        self.assertEqual(os.read(self.inside, 100), b"")

    def test_the_text_is_bounded_and_the_count_is_not(self) -> None:
        self.patch(terminals, "MOST_KEPT", 5)
        for _ in range(3):
            self.print(b"abc")
        self.assertEqual((self.terminal.text, self.terminal.printed), ("abcab", 9))

    def test_all_that_was_printed_before_the_end_is_read(self) -> None:
        self.patch(terminals, "READ_BYTES", 2)
        os.write(self.inside, b"abcdefg\xd0")
        ready(self.terminal.fileno())
        os.close(self.inside)
        self.terminal.drain()
        self.terminal.doRead()
        self.assertEqual(self.terminal.text, "abcdefg\N{REPLACEMENT CHARACTER}")
        self.assertTrue(self.terminal.has_ended)
        self.assertEqual(self.reactor.readers, set())

    def test_draining_is_bounded(self) -> None:
        self.patch(terminals, "MOST_PRINTED", 4)
        self.patch(terminals, "READ_BYTES", 2)
        os.write(self.inside, b"abcdefgh")
        ready(self.terminal.fileno())
        self.terminal.drain()
        self.assertEqual(self.terminal.text, "abcd")

    def test_it_may_be_closed_twice(self) -> None:
        self.terminal.close()
        self.terminal.close()
        self.assertRaises(OSError, os.write, self.inside, b"x")


class ProgramCase(NearCase):
    """A program that does what `shown` says, and whose terminal is real."""

    def setUp(self) -> None:
        self.clock = MemoryReactorClock()
        self.activity = Activity(self.clock)
        number, self.inside = os.openpty()
        self.addCleanup(os.close, self.inside)
        self.child = FakeChild(number)
        self.program = Program(self.clock, self.activity, self.child)
        self.addCleanup(self.program.terminal.close)
        self.show([], READING)
        self.patch(programs, "look", lambda pid: next(self.shown))
        self.ran = 0.0  # seconds of processor time
        self.patch(programs, "processor_seconds", lambda pid: self.ran)

    def show(self, first: Iterable[Snapshot], then: Snapshot) -> None:
        """Have the kernel show some states, one for each look, and then another one."""
        self.shown = chain(first, repeat(then))

    def print(self, text: str) -> None:
        os.write(self.inside, text.encode())
        wanted = self.program.terminal.printed + len(text.encode())
        while self.program.terminal.printed < wanted:
            ready(self.program.terminal.fileno())
            self.program.terminal.doRead()

    def seconds(self, action: Callable[[], object]) -> float:
        """Return how long something takes on the clock."""
        before = self.clock.seconds()
        action()
        return self.clock.seconds() - before

    def settles(self, seconds: float = 5) -> bool:
        return run(self.clock, self.program.settle(seconds))


class SettlingTests(ProgramCase):
    def test_a_program_that_waits_settles_after_some_looks(self) -> None:
        passed = self.seconds(lambda: self.assertTrue(self.settles()))
        # The first look tells what to compare with.
        self.assert_near(passed, SETTLED_LOOKS * LOOK_SECONDS, LOOK_SECONDS / 10)

    def test_a_program_that_runs_does_not_settle(self) -> None:
        self.show([], RUNNING)
        passed = self.seconds(lambda: self.assertFalse(self.settles(1)))
        self.assert_near(passed, 1, LOOK_SECONDS)

    def test_a_program_that_uses_the_processor_and_moves_nothing_spins(self) -> None:
        def look(_: int) -> Snapshot:
            self.ran += LOOK_SECONDS
            return RUNNING

        self.patch(programs, "look", look)
        passed = self.seconds(lambda: self.settles(60))
        self.assert_near(passed, programs.SPIN_SECONDS, 3 * LOOK_SECONDS)

    def test_a_program_that_uses_the_processor_for_a_connection_does_not_spin(self) -> None:
        def look(_: int) -> Snapshot:
            self.ran += LOOK_SECONDS
            return doing(Wait.NOTHING, others=[tcp(peer_port=1, unread=int(self.ran * 1000))])

        self.patch(programs, "look", look)
        passed = self.seconds(lambda: self.assertFalse(self.settles(2)))
        self.assert_near(passed, 2, LOOK_SECONDS)

    def test_a_program_that_cannot_be_looked_at_does_not_settle(self) -> None:
        self.show([], Snapshot((), (), can_look=False))
        self.assertFalse(self.settles(1))

    def test_running_between_the_looks_starts_them_again(self) -> None:
        states = [READING] * SETTLED_LOOKS + [RUNNING]
        self.show(states, READING)
        passed = self.seconds(lambda: self.assertTrue(self.settles()))
        looks = len(states) + SETTLED_LOOKS - 1
        self.assert_near(passed, looks * LOOK_SECONDS, LOOK_SECONDS * 1.1)

    def test_having_done_something_between_the_looks_starts_them_again(self) -> None:
        busy = [doing(Wait.INPUT, terminal=True, switches=number) for number in range(100)]
        self.show(busy, busy[-1])
        passed = self.seconds(lambda: self.assertTrue(self.settles()))
        self.assertGreater(passed, 100 * LOOK_SECONDS)

    def test_printing_between_the_looks_starts_them_again(self) -> None:
        lines = iter(range(20))

        def look(_: int) -> Snapshot:
            if next(lines, None) is not None:
                self.print("x\n")
            return READING

        self.patch(programs, "look", look)
        passed = self.seconds(lambda: self.assertTrue(self.settles()))
        self.assertGreater(passed, 20 * LOOK_SECONDS)

    def test_input_that_has_arrived_and_output_that_has_not_are_waited_for(self) -> None:
        for state in (
            doing(Wait.INPUT, tcp(peer_port=1, unread=1)),
            doing(Wait.INPUT, tcp(peer_port=1, unsent=1)),
            doing(Wait.INPUT, tcp(unread=1)),
            doing(Wait.OUTPUT),
        ):
            self.show([], state)
            self.assertFalse(self.settles(0.5), state)

    def test_what_was_poked_is_given_time_to_wake(self) -> None:
        self.program.poked()
        passed = self.seconds(lambda: self.assertTrue(self.settles()))
        self.assertGreater(passed, WAKE_SECONDS)

    def test_what_has_woken_is_not_given_more_time(self) -> None:
        self.show([READING], doing(Wait.INPUT, terminal=True, switches=2))
        self.program.poked()
        passed = self.seconds(lambda: self.assertTrue(self.settles()))
        self.assertLess(passed, WAKE_SECONDS)

    def test_a_program_that_sleeps_is_given_time_to_wake(self) -> None:
        for state in (
            doing(Wait.TIME, timeout=0),
            doing(Wait.INPUT, tcp(peer_port=1), timeout=0.5),
        ):
            self.show([], state)
            passed = self.seconds(lambda: self.assertTrue(self.settles()))
            self.assert_near(passed, SLEEP_SECONDS, 3 * LOOK_SECONDS)

    def test_a_program_that_wakes_to_look_for_clients_is_not_asleep(self) -> None:
        self.show([], doing(Wait.INPUT, tcp(), timeout=0.5))
        self.assertLess(self.seconds(self.settles), 0.1)

    def test_a_program_that_has_ended_is_settled(self) -> None:
        self.show([], RUNNING)
        self.child.ended = 0
        self.assertEqual(self.seconds(lambda: self.assertTrue(self.settles())), 0)

    def test_a_condition_is_waited_for_until_nothing_will_make_it_true(self) -> None:
        self.assertFalse(run(self.clock, self.program.until(lambda: False, 5)))
        self.assertLess(self.clock.seconds(), 1)
        self.assertTrue(run(self.clock, self.program.until(lambda: True, 5)))

    def test_what_a_program_sent_before_its_end_is_still_read(self) -> None:
        self.show([], RUNNING)
        self.child.ended = 0
        received: list[str] = []
        self.clock.callLater(0.005, received.append, "last words")
        self.assertTrue(run(self.clock, self.program.until(lambda: bool(received), 5)))

    def test_a_condition_that_becomes_true_is_found(self) -> None:
        self.show([], RUNNING)
        self.clock.callLater(1, self.print, "ready")
        text = self.program.terminal
        self.assertTrue(run(self.clock, self.program.until(lambda: "ready" in text.text, 5)))

    def test_a_condition_that_is_true_for_a_moment_does_not_end_the_wait(self) -> None:
        self.show([], RUNNING)
        seen = iter((False, True, False, False, True))
        self.assertTrue(run(self.clock, self.program.until(lambda: next(seen, True), 5)))
        self.assertTrue(next(seen, None) is None)


class ProgramTests(ProgramCase):
    def test_all_that_was_printed_is_there_once_it_has_ended(self) -> None:
        self.assertIsNone(self.program.status)
        os.write(self.inside, b"bye")
        ready(self.program.terminal.fileno())
        self.child.ended = -9
        self.assertTrue(self.program.has_ended)
        self.assertEqual((self.program.status, self.program.terminal.text), (-9, "bye"))

    def test_the_last_traceback_is_found(self) -> None:
        self.assertEqual(self.program.traceback, "")
        for error in ("OSError: [Errno 98] Address already in use", "ValueError: x"):
            self.print(
                "Порт: \nTraceback (most recent call last):\n"
                '  File "server.py", line 1, in <module>\n    bind()\n'
                f"{error}\nmore\n"
            )
            self.assertEqual(self.program.traceback, error)

    def test_the_line_that_raised_its_exception_is_found(self) -> None:
        self.assertEqual(self.program.raised_by, "")
        self.print(
            "Traceback (most recent call last):\n"
            '  File "server.py", line 9, in <module>\n    serve(conn)\n'
            '  File "server.py", line 4, in serve\n    conn.send(data)\n    ~~~~^^^^^^\n'
            "OSError: x\n  more\n"
        )
        self.assertEqual(self.program.raised_by, "    conn.send(data)")

    def test_an_error_of_the_syntax_has_no_such_first_line(self) -> None:
        self.print("UserError: x\n")
        self.assertEqual(self.program.traceback, "")
        error = "SyntaxError: Missing parentheses in call to 'print'."
        self.print(f'  File "server.py", line 1\n    print 1\n    ^^^^^^^\n{error}\n')
        self.assertEqual(self.program.traceback, error)

    def test_a_traceback_without_an_end_is_none(self) -> None:
        self.print("Traceback (most recent call last):\n  File")
        self.assertEqual(self.program.traceback, "")

    def test_what_was_printed_before_the_last_line_was_typed_is_answered(self) -> None:
        self.print("Порт: ")
        self.assertEqual(self.program.unanswered, "Порт: ")
        self.program.type_line("9090")
        ready(self.inside)
        self.assertEqual(os.read(self.inside, 10), b"9090\n")
        self.print("Имя: ")
        self.assertEqual(self.program.unanswered, "Имя: ")

    def test_the_end_is_told(self) -> None:
        for status, end in ((0, "status 0"), (3, "status 3"), (-9, "signal 9 (Killed)")):
            self.program._status = status
            self.assertEqual(self.program.end, end)
        self.print("Traceback (most recent call last):\nOSError: x\n")
        self.assertEqual(self.program.end, "OSError: x")

    def test_endless_output_ends_the_program(self) -> None:
        self.patch(programs, "MOST_PRINTED", 5)
        self.print("abcde")
        self.assertEqual(self.child.signals, [])
        self.print("f")
        self.assertEqual(self.child.signals, [signal.SIGKILL])

    def test_ctrl_c_is_waited_for(self) -> None:
        self.clock.callLater(1, lambda: setattr(self.child, "ended", 0))
        self.assertTrue(run(self.clock, self.program.stop(2)))
        self.assertEqual(self.child.signals, [signal.SIGINT])
        self.child.ended = None
        self.assertTrue(self.program.has_ended)  # a status does not change any more

    def test_a_program_may_ignore_ctrl_c(self) -> None:
        self.assertFalse(run(self.clock, self.program.stop(1)))


class OperatorTests(ProgramCase):
    def operator(self, *answers: str | None) -> Operator:
        script = iter(answers)
        return Operator(self.program, lambda question, asked: next(script))

    def attend(self, operator: Operator, condition: Callable[[], bool] = lambda: False) -> bool:
        return run(self.clock, operator.attend(condition, 5))

    def test_a_question_is_answered(self) -> None:
        operator = self.operator("9090", None)
        self.print("Введите порт: ")
        self.assertFalse(self.attend(operator))
        self.assertEqual([each.kind for each in operator.questions], [Kind.PORT])
        self.assertEqual(operator.answers, ["9090"])
        ready(self.inside)
        self.assertEqual(os.read(self.inside, 10), b"9090\n")

    def test_nothing_is_answered_once_it_is_true(self) -> None:
        operator = self.operator()
        self.assertTrue(self.attend(operator, lambda: True))
        self.assertEqual(operator.answers, [])

    def test_a_program_that_does_not_ask_is_told_nothing(self) -> None:
        self.show([], ACCEPTING)
        self.assertFalse(self.attend(self.operator()))

    def test_a_program_that_has_ended_is_told_nothing(self) -> None:
        self.child.ended = 1
        self.assertFalse(self.attend(self.operator()))

    def test_a_question_that_is_left_alone_is_not_asked_about_again(self) -> None:
        operator = self.operator(None, "line")
        self.print("> ")
        self.assertFalse(operator.answer_question())
        self.assertFalse(operator.answer_question())
        self.print("more\n> ")
        self.assertTrue(operator.answer_question())

    def test_a_program_may_not_ask_without_end(self) -> None:
        self.patch(operators, "MOST_ANSWERS", 5)
        operator = Operator(self.program, lambda _, __: "again")
        # Each line that does not wake the program costs SURE_WAKE_SECONDS.
        self.assertFalse(run(self.clock, operator.attend(lambda: False, 5), seconds=300))
        self.assertEqual(len(operator.answers), 5)

    def test_the_program_calls_its_operator(self) -> None:
        self.operator("9090")
        self.assertTrue(self.program.answer_question())


class ListenerTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.changes = 0
        self.listener = Listener(self.reactor, socket.create_server(("127.0.0.1", 0)), self.change)
        self.addCleanup(self.listener.close)

    def change(self) -> None:
        self.changes += 1

    def connect(self) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.listener.port), DEADLINE)
        self.addCleanup(client.close)
        ready(self.listener.fileno())
        self.listener.doRead()
        return client

    def test_clients_are_heard_in_the_order_of_their_connections(self) -> None:
        first, second = self.connect(), self.connect()
        self.assertEqual(self.changes, 2)
        self.assertEqual(self.listener.dialled, [("127.0.0.1", self.listener.port)] * 2)
        for client, text in ((second, b"two"), (first, b"one")):
            client.sendall(text)
        for peer in self.listener.peers:
            assert isinstance(peer, Peer)
            ready(peer.fileno())
            peer.doRead()
        self.assertEqual(self.listener.received(), b"onetwo")

    def test_a_client_that_has_gone_already_does_no_harm(self) -> None:
        self.listener._listening.setblocking(False)
        self.listener.doRead()
        self.assertEqual((self.listener.peers, self.changes), ([], 0))

    def test_clients_are_bounded(self) -> None:
        self.patch(listeners, "MOST_PEERS", 1)
        first, second = self.connect(), self.connect()
        self.assertEqual(len(self.listener.peers), 1)
        self.assertEqual(second.recv(1), b"")
        self.assertEqual(drained(first), b"")

    def test_all_is_closed(self) -> None:
        client = self.connect()
        port = self.listener.port
        self.listener.close()
        self.assertEqual(client.recv(1), b"")
        self.assertRaises(OSError, socket.create_connection, ("127.0.0.1", port))
        self.assertEqual(self.reactor.readers, set())


class FakeNetwork(FakeSandbox):
    """Makes sockets, and tells which ones."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[socket.socket] = []

    def make_socket(self, family: socket.AddressFamily, kind: socket.SocketKind) -> socket.socket:
        self.made.append(OpenNetwork().make_socket(family, kind))
        return self.made[-1]


class ServerTests(NearCase):
    """A server on the loopback that the checker has not started."""

    def setUp(self) -> None:
        self.clock = MemoryReactorClock()
        self.bench = make_bench(self.clock)
        self.elsewhere = Elsewhere(self.bench.activity)
        self.network = FakeNetwork()

    def server(self, port: int) -> Server:
        return Server(self.bench, self.network, self.elsewhere, "127.0.0.1", port)

    def test_a_client_connects_from_its_address(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            server = self.server(listening.getsockname()[1])
            peer = run(self.clock, server.connect("127.0.7.1", buffers=16_384))
            assert peer is not None
            self.addCleanup(peer.close)
            connection, (host, _) = listening.accept()
            self.addCleanup(connection.close)
            self.assertEqual(host, "127.0.7.1")
            # The kernel doubles what it is asked for, for its own records.
            size = self.network.made[0].getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
            self.assertEqual(size, 2 * 16_384)

    def test_a_refused_connection_is_none(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            server = self.server(unused.getsockname()[1])
            self.assertIsNone(run(self.clock, server.connect()))
        self.assertEqual(self.network.made[0].fileno(), -1)

    def test_a_full_queue_is_waited_for(self) -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
            address = listening.getsockname()
            with socket.create_connection(address, DEADLINE):
                server = self.server(address[1])
                passed = self.clock.seconds()
                self.assertIsNone(run(self.clock, server.connect()))
                self.assert_near(self.clock.seconds() - passed, 5, 0.1)

    def test_nothing_is_seen_of_a_server_elsewhere(self) -> None:
        self.assertFalse(self.elsewhere.look().can_look)
        self.assertFalse(self.elsewhere.answer_question())
        self.elsewhere.poked()
        self.assertFalse(run(self.clock, self.elsewhere.until(lambda: False, 60)))
        self.assert_near(self.clock.seconds(), 2, 0.1)
        self.assertTrue(run(self.clock, self.elsewhere.settle(60)))
        self.assert_near(self.clock.seconds(), 2.3, 0.1)


class FindPortTests(ProgramCase):
    """Where a server listens, by what the kernel shows."""

    def setUp(self) -> None:
        super().setUp()
        operator = Operator(self.program, lambda _, __: None)
        self.network = FakeNetwork()
        self.server = StartedServer(
            make_bench(self.clock), self.network, self.program, operator, told=9090
        )

    def test_the_preferred_port_is_taken_from_several(self) -> None:
        self.show([], doing(Wait.INPUT, tcp(9090), tcp(8080), tcp(9191)))
        self.assertTrue(self.server.find_port())
        self.assertEqual(self.server.port, 9090)
        self.server.told = 7777
        self.assertTrue(self.server.find_port())
        self.assertEqual(self.server.port, 8080)

    def test_a_connection_is_no_listening_socket(self) -> None:
        self.show([], doing(Wait.INPUT, tcp(9090, peer_port=4)))
        self.assertFalse(self.server.find_port())
        self.assertEqual(self.server.port, 0)

    def test_the_address_is_where_it_can_be_reached(self) -> None:
        for host, expected in (("10.1.2.3", "10.1.2.3"), ("0.0.0.0", "127.0.0.1")):
            self.server.host = "127.0.0.1"
            self.show([], doing(Wait.INPUT, tcp(host=host)))
            self.server.find_port()
            self.assertEqual(self.server.host, expected)
