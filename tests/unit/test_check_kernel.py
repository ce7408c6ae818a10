"""The parsers of /proc, on recorded files."""

from __future__ import annotations

import socket
import struct
from ipaddress import IPv4Address, IPv6Address
from math import inf
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.kernel import snapshot, waits
from twisted_lab.check.kernel.sockets import sockets
from twisted_lab.check.kernel.system_calls import Call, table
from twisted_lab.check.kernel.waits import Thread, Wait, descriptors, thread

NUMBERS = {call: number for number, call in reversed(table("x86_64").items())}
HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid ...\n"
LISTENING = (
    "   0: 0100007F:2382 00000000:0000 0A 00000000:00000002 00:00000000 00000000  1000 0 11 1\n"
)
CONNECTED = (
    "   1: 0100007F:2382 0107007F:9C40 01 0000000B:0000000C 00:00000000 00000000  1000 0 12 1\n"
)
TCP6 = (
    "   0: 00000000000000000000000001000000:2383 00000000000000000000000000000000:0000 0A "
    "00000000:00000000 00:00000000 00000000  1000 0 13 1\n"
)
UDP = "  99: 00000000:2384 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 14 2\n"


class FakeProcess:
    """A folder like one of /proc, with one thread."""

    def __init__(self, proc: Path, pid: int = 7) -> None:
        self.path = proc / str(pid)
        self.task = self.add_task(pid)
        for name in ("fd", "fdinfo", "net"):
            (self.path / name).mkdir()
        for table_name, rows in (("tcp", LISTENING + CONNECTED), ("tcp6", TCP6), ("udp", UDP)):
            (self.path / "net" / table_name).write_text(HEADER + rows)
        (self.path / "syscall").write_text("running\n")

    def add_task(self, number: int, children: str = "") -> Path:
        task = self.path / "task" / str(number)
        task.mkdir(parents=True)
        (task / "children").write_text(children)
        self.wait("running", task)
        return task

    def wait(
        self, syscall: str, task: Path | None = None, switches: tuple[int, int] = (5, 2)
    ) -> None:
        task = task or self.task
        (task / "syscall").write_text(syscall + "\n")
        counts = "voluntary_ctxt_switches:\t{}\nnonvoluntary_ctxt_switches:\t{}\n".format(*switches)
        (task / "status").write_text(f"Name:\tx\n{counts}")

    def call(self, call: Call, *arguments: int) -> None:
        words = [f"0x{argument:x}" for argument in (*arguments, *(0,) * (6 - len(arguments)))]
        self.wait(" ".join([str(NUMBERS[call]), *words, "0x7ffc6b5d8f18", "0x7f1d2c11a7e2"]))

    def open(self, descriptor: int, target: str) -> None:
        (self.path / "fd" / str(descriptor)).symlink_to(target)

    def memory(self, address: int, data: bytes) -> None:
        with (self.path / "mem").open("wb") as memory:
            memory.seek(address)
            memory.write(data)

    def look(self) -> Thread:
        return thread(self.path, self.task)


class SystemCallTests(SynchronousTestCase):
    def test_numbers_are_those_of_the_machine(self) -> None:
        self.assertIs(table("x86_64")[45], Call.READ)  # recvfrom
        self.assertIs(table("x86_64")[288], Call.ACCEPT)  # accept4
        self.assertIs(table("aarch64")[207], Call.READ)
        self.assertIs(table("aarch64")[242], Call.ACCEPT)

    def test_nothing_is_known_of_other_machines(self) -> None:
        self.assertEqual(table("vax"), {})


class SocketTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.process = FakeProcess(Path(self.mktemp()))

    def test_a_listening_socket_has_connections_that_wait(self) -> None:
        found = sockets(self.process.path, {11})[11]
        self.assertEqual((found.host, found.port), (IPv4Address("127.0.0.1"), 9090))
        self.assertEqual((found.kind, found.peer_port), (socket.SOCK_STREAM, 0))
        self.assertTrue(found.is_listening)
        self.assertEqual(found.unread, 2)

    def test_a_connection_has_bytes_on_both_ways(self) -> None:
        found = sockets(self.process.path, {12})[12]
        self.assertEqual((found.unsent, found.unread, found.peer_port), (11, 12, 40000))
        self.assertFalse(found.is_listening)

    def test_addresses_of_ipv6_are_read(self) -> None:
        found = sockets(self.process.path, {13})[13]
        self.assertEqual((found.family, found.host), (socket.AF_INET6, IPv6Address("::1")))

    def test_a_udp_socket_never_listens(self) -> None:
        found = sockets(self.process.path, {14})[14]
        self.assertEqual((found.kind, found.is_listening), (socket.SOCK_DGRAM, False))

    def test_only_wanted_sockets_are_returned_and_missing_tables_do_no_harm(self) -> None:
        self.assertEqual(set(sockets(self.process.path, {11, 13, 99})), {11, 13})
        self.assertEqual(sockets(self.process.path, set()), {})


class ThreadTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.patch(waits, "_CALLS", table("x86_64"))
        self.process = FakeProcess(Path(self.mktemp()))

    def look(self, call: Call, *arguments: int) -> Thread:
        self.process.call(call, *arguments)
        found = self.process.look()
        self.assertEqual(found.switches, 7)
        return found

    def test_a_read_waits_for_its_descriptor_and_tells_its_size(self) -> None:
        found = self.look(Call.READ, 3, 0x7F00, 1024)
        self.assertEqual((found.wait, found.inputs, found.size), (Wait.INPUT, {3}, 1024))
        self.assertEqual(found.timeout, inf)

    def test_other_calls_with_one_descriptor(self) -> None:
        found = self.look(Call.ACCEPT, 3)
        self.assertEqual((found.wait, found.inputs, found.size), (Wait.INPUT, {3}, 0))
        found = self.look(Call.WRITE, 4, 0x7F00, 9)
        self.assertEqual((found.wait, found.inputs, found.outputs), (Wait.OUTPUT, set(), {4}))
        self.assertEqual(self.look(Call.CONNECT, 4).wait, Wait.CONNECTION)

    def test_poll_tells_what_it_watches(self) -> None:
        entries = ((3, 1), (4, 5), (-1, 1), (6, 4))
        self.process.memory(
            0x1000, b"".join(struct.pack("=ihh", number, events, 0) for number, events in entries)
        )
        found = self.look(Call.POLL, 0x1000, 4, 1500)
        self.assertEqual((found.wait, found.inputs, found.outputs), (Wait.INPUT, {3, 4}, {4, 6}))
        self.assertEqual(found.timeout, 1.5)
        self.assertEqual(self.look(Call.POLL, 0x1000, 4, 0xFFFFFFFF).timeout, inf)

    def test_a_timespec_is_read_from_memory(self) -> None:
        entry = struct.pack("=ihh", 3, 1, 0)
        self.process.memory(0x1000, entry + struct.pack("=qq", 2, 500_000_000))
        self.assertEqual(self.look(Call.POLL_UNTIL, 0x1000, 1, 0x1008).timeout, 2)
        self.assertEqual(self.look(Call.POLL_UNTIL, 0x1000, 1, 0).timeout, inf)

    def test_select_tells_what_it_watches(self) -> None:
        sets = (0b1001).to_bytes(16, "little") + (1 << 70).to_bytes(16, "little")
        self.process.memory(0x1000, sets)
        found = self.look(Call.SELECT, 71, 0x1000, 0x1010)
        self.assertEqual((found.wait, found.inputs, found.outputs), (Wait.INPUT, {0, 3}, {70}))

    def test_bits_above_the_count_of_select_do_not_matter(self) -> None:
        self.process.memory(0x1000, (0b11001).to_bytes(16, "little"))
        self.assertEqual(self.look(Call.SELECT, 4, 0x1000).inputs, {0, 3})

    def test_a_select_without_descriptors_sleeps(self) -> None:
        self.process.memory(0x1000, struct.pack("=qq", 5, 0))
        found = self.look(Call.SELECT, 0, 0, 0, 0, 0x1000)
        self.assertEqual((found.wait, found.timeout), (Wait.TIME, 0))

    def test_epoll_tells_what_it_watches(self) -> None:
        (self.process.path / "fdinfo" / "5").write_text(
            "pos:\t0\nflags:\t02000002\n"
            "tfd:        3 events:       19 data:                3  pos:0 ino:b sdev:9\n"
            "tfd:        8 events:     201d data:                8  pos:0 ino:c sdev:9\n"
        )
        found = self.look(Call.EPOLL, 5, 0x1000, 2, 100)
        self.assertEqual((found.wait, found.inputs, found.outputs), (Wait.INPUT, {3, 8}, {8}))
        self.assertEqual(found.timeout, 0.1)

    def test_an_epoll_descriptor_in_epoll_counts_as_what_it_watches(self) -> None:
        files = self.process.path / "fdinfo"
        (files / "5").write_text("tfd:        6 events:       19 data:                6\n")
        (files / "6").write_text("tfd:        8 events:     201d data:                8\n")
        links = self.process.path / "fd"
        links.mkdir(exist_ok=True)
        (links / "6").symlink_to("anon_inode:[eventpoll]")
        found = self.look(Call.EPOLL, 5, 0x1000, 2, 100)
        self.assertEqual((found.inputs, found.outputs), ({6, 8}, {8}))

    def test_calls_without_descriptors(self) -> None:
        found = self.look(Call.SLEEP)
        self.assertEqual((found.wait, found.timeout), (Wait.TIME, 0))
        self.assertEqual(self.look(Call.LOCK).wait, Wait.OTHERS)
        self.assertEqual(self.look(Call.CHILD).wait, Wait.OTHERS)
        self.assertEqual(self.look(Call.RING).wait, Wait.UNKNOWN)

    def test_a_thread_that_is_blocked_outside_a_call_waits(self) -> None:
        self.process.wait("-1 0x7ffc6b5d8f18 0x7f1d2c11a7e2")
        self.assertEqual(self.process.look(), Thread(Wait.UNKNOWN, switches=7))

    def test_a_thread_runs_if_it_cannot_be_read(self) -> None:
        self.assertEqual(self.process.look(), Thread(Wait.NOTHING))
        for call in (Call.POLL, Call.EPOLL, Call.SELECT):  # no memory, no fdinfo
            self.process.call(call, 5, 1)
            self.assertEqual(self.process.look().wait, Wait.NOTHING)
        for text in ("", "nonsense", f"{NUMBERS[Call.READ]} 0x0"):
            self.process.wait(text)
            self.assertEqual(self.process.look().wait, Wait.NOTHING, text)
        (self.process.task / "syscall").unlink()
        self.assertEqual(self.process.look().wait, Wait.NOTHING)

    def test_descriptors_are_named(self) -> None:
        self.process.open(3, "socket:[11]")
        self.assertEqual(descriptors(self.process.path), {3: "socket:[11]"})
        self.assertEqual(descriptors(self.process.path / "gone"), {})


class LookTests(SynchronousTestCase):
    """A whole program, with descendants."""

    def setUp(self) -> None:
        self.patch(waits, "_CALLS", table("x86_64"))
        self.proc = Path(self.mktemp())
        self.patch(snapshot, "PROC", self.proc)
        self.process = FakeProcess(self.proc)

    def test_a_server_waits_for_connections(self) -> None:
        self.process.open(3, "socket:[13]")
        self.process.call(Call.ACCEPT, 3)
        found = snapshot.look(7)
        self.assertTrue(found.can_look)
        self.assertEqual([each.port for each in found.listening], [9091])
        self.assertTrue(found.accepts)
        self.assertTrue(found.is_waiting)
        self.assertFalse(found.wants_terminal)
        self.assertEqual(found.switches, 7)

    def test_a_server_with_connections_not_yet_accepted_does_not_wait(self) -> None:
        self.process.open(3, "socket:[11]")
        self.process.call(Call.ACCEPT, 3)
        self.assertFalse(snapshot.look(7).is_waiting)

    def test_a_program_reads_its_terminal(self) -> None:
        for target in ("/dev/pts/3", "/dev/tty"):
            self.process.open(0, target)
            self.process.call(Call.READ, 0, 0x7F00, 1024)
            found = snapshot.look(7)
            self.assertTrue(found.wants_terminal)
            self.assertTrue(found.wants_only_terminal)
            self.assertTrue(found.is_waiting)
            (self.process.path / "fd" / "0").unlink()
        self.process.open(0, "/dev/null")
        self.assertFalse(snapshot.look(7).wants_terminal)

    def test_a_terminal_among_others_is_waited_for_and_others_are_not_forgotten(self) -> None:
        self.process.open(0, "/dev/pts/3")
        self.process.open(3, "socket:[13]")
        self.process.open(4, "socket:[14]")
        for inputs, outputs, is_only in ((0b11, 0, True), (0b1001, 0, False), (1, 0b10000, False)):
            self.process.memory(
                0x1000, inputs.to_bytes(8, "little") + outputs.to_bytes(8, "little")
            )
            self.process.call(Call.SELECT, 5, 0x1000, 0x1008)
            found = snapshot.look(7)
            self.assertTrue(found.wants_terminal)
            self.assertEqual(found.wants_only_terminal, is_only, (inputs, outputs))
            self.assertFalse(found.is_stuck)

    def test_sending_to_a_socket_is_waiting_and_sending_to_a_pipe_is_not(self) -> None:
        self.process.open(4, "socket:[13]")
        self.process.open(5, "pipe:[99]")
        self.process.call(Call.WRITE, 4)
        self.assertTrue(snapshot.look(7).is_still)
        self.process.call(Call.WRITE, 5)
        self.assertFalse(snapshot.look(7).is_still)

    def test_descendants_belong_to_the_program(self) -> None:
        (self.process.task / "children").write_text("8 ")
        self.process.call(Call.CHILD)
        child = FakeProcess(self.proc, 8)
        child.open(3, "socket:[12]")
        child.call(Call.READ, 3)
        (child.task / "children").write_text("9 10")
        self.assertEqual(list(snapshot.processes(7)), [7, 8, 9, 10])
        found = snapshot.look(7)
        self.assertEqual([each.state.wait for each in found.threads], [Wait.OTHERS, Wait.INPUT])
        self.assertEqual([each.port for each in found.sockets], [9090])
        self.assertFalse(found.is_still)  # twelve bytes have arrived, and will wake it

    def test_a_program_that_does_not_read_what_arrived_is_stuck(self) -> None:
        self.process.open(3, "socket:[12]")
        self.process.call(Call.WRITE, 3)
        found = snapshot.look(7)
        self.assertTrue(found.is_stuck)
        self.assertFalse(found.is_waiting)  # eleven bytes are not sent
        self.process.call(Call.LOCK)
        self.assertTrue(snapshot.look(7).is_stuck)

    def test_a_program_that_has_ended_has_nothing(self) -> None:
        found = snapshot.look(99)
        self.assertEqual(found, snapshot.Snapshot((), (), can_look=False))
        self.assertFalse(found.is_waiting)

    def test_nothing_is_said_without_a_view_of_its_descriptors(self) -> None:
        self.process.call(Call.LOCK)
        found = snapshot.look(7)
        self.assertFalse(found.can_look)
        self.assertTrue(found.is_still)
        self.assertFalse(found.is_waiting)

    def test_a_thousand_processes_are_not_all_looked_at(self) -> None:
        (self.process.task / "children").write_text(" ".join(map(str, range(100, 1100))))
        self.assertEqual(len(list(snapshot.processes(7))), 50)

    def test_a_thousand_threads_are_not_all_looked_at(self) -> None:
        for number in range(1000, 1250):
            self.process.add_task(number)
        self.assertEqual(len(snapshot.look(7).threads), 200)
