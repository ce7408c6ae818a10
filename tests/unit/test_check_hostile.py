"""Hostile programs do no harm to the parts of the checker that need no sandbox."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.activity import Activity
from twisted_lab.check.conversation.echoes import came_back
from twisted_lab.check.kernel.waits import thread
from twisted_lab.check.outcomes import NotChecked
from twisted_lab.check.sandbox.agent import processes
from twisted_lab.check.sandbox.agent.folder import changed
from twisted_lab.check.sandbox.agent.interpreters import needed
from twisted_lab.check.sandbox.agent.watching import MachineFull, Watch
from twisted_lab.check.subjects.peer import MOST_RECEIVED, Peer

MB = 1 << 20


class MemoryTests(SynchronousTestCase):
    def watch(self, left: int) -> Watch:
        self.left, self.shared = left, 100 * MB
        self.patch(processes, "machine_memory", lambda: (self.left, self.shared))
        return Watch(100, 1000 * MB, 60)

    def test_the_sandbox_ends_before_the_machine_is_full(self) -> None:
        watch = self.watch(8000 * MB)
        self.left = 513 * MB
        watch.look()
        self.left = 511 * MB
        self.assertRaises(MachineFull, watch.look)

    def test_memory_that_belongs_to_nobody_ends_it(self) -> None:
        watch = self.watch(8000 * MB)
        self.shared = 2148 * MB
        watch.look()
        self.shared += 1
        self.assertRaises(MachineFull, watch.look)

    def test_a_machine_with_little_memory_is_used(self) -> None:
        watch = self.watch(200 * MB)
        watch.look()
        self.left = 99 * MB
        self.assertRaises(MachineFull, watch.look)


class FolderTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).resolve()
        (self.folder / "bin").mkdir(parents=True)

    def test_all_files_together_are_bounded(self) -> None:
        for number in range(6):
            with (self.folder / f"{number}").open("wb") as file:
                file.truncate(2 * MB)
        opened = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        self.addCleanup(os.close, opened)
        sizes = [len(content) for _, content in changed(opened, {}, MB, 4 * MB)]
        self.assertEqual(sizes, [MB] * 4)

    def test_an_interpreter_is_not_read_from_what_has_no_end(self) -> None:
        os.mkfifo(self.folder / "bin" / "run")
        (self.folder / "bin" / "run").chmod(0o755)
        (self.folder / "pyvenv.cfg").symlink_to("/dev/zero")
        self.assertEqual(needed("bin/run", str(self.folder), "", "/no"), [self.folder])


class ThreadTests(SynchronousTestCase):
    def test_a_name_need_not_be_text(self) -> None:
        task = Path(self.mktemp())
        task.mkdir()
        (task / "syscall").write_text("35 0x0 0x0 0x0 0x0 0x0 0x0 0x0 0x0\n")
        counts = b"voluntary_ctxt_switches:\t3\nnonvoluntary_ctxt_switches:\t4\n"
        (task / "status").write_bytes(b"Name:\t\xd0\x9f\xff\n" + counts)
        self.assertEqual(thread(task, task).switches, 7)


class PeerTests(SynchronousTestCase):
    def test_a_program_that_says_too_much_is_heard_no_more(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            other = socket.create_connection(server.getsockname())
            connection, _ = server.accept()
        self.addCleanup(other.close)
        reactor = MemoryReactorClock()
        peer = Peer(reactor, connection, lambda: None)
        while not peer.has_ended:
            other.sendall(bytes(10_000))
            peer.doRead()
        self.assertLess(len(peer.received), MOST_RECEIVED + 100_000)
        peer.write(b"more")
        self.assertEqual((peer.port, peer.unwritten, reactor.writers), (0, b"", set()))


class TimeTests(SynchronousTestCase):
    def test_waiting_ends_with_the_time_of_the_checker(self) -> None:
        clock = Clock()
        activity = Activity(clock)
        activity.ends = 5.0
        clock.advance(5)
        waiting = Deferred.fromCoroutine(activity.until(lambda: True, 1))
        self.failureResultOf(waiting, NotChecked)

    def test_a_text_in_pieces_is_found(self) -> None:
        self.assertTrue(came_back(b"1: ab 2: c", b"abc"))
        self.assertFalse(came_back(b"1: ab 2: c", b"abcc"))
        self.assertFalse(came_back(b"1: ba 2: c", b"abc"))
