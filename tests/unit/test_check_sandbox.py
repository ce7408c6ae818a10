"""The parts of the checker's sandbox that need no namespaces."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.sandbox.agent import folder, netlink, processes, programs
from twisted_lab.check.sandbox.agent.interpreters import needed
from twisted_lab.check.sandbox.agent.watching import Watch
from twisted_lab.check.sandbox.agents import end_server
from twisted_lab.check.sandbox.dialled import dialled
from twisted_lab.check.sandbox.limits import Limits
from twisted_lab.check.sandbox.opening import how_to_allow

MB = 1 << 20
OPEN = os.O_RDONLY | os.O_DIRECTORY
SLEEP = ["/bin/sleep", "60"]
ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


class InterpreterTests(SynchronousTestCase):
    def setUp(self) -> None:
        # Not below the checkout, whose path may have a blank: a `#!` line ends there.
        self.home = Path(tempfile.mkdtemp()).resolve()
        self.addCleanup(shutil.rmtree, self.home)

    def program(self, name: str, content: str = "") -> str:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.chmod(0o755)
        return str(path)

    def needed(self, program: str, *search: str) -> set[str]:
        folders = ":".join(str(self.home / name) for name in search)
        found = needed(program, str(self.home / "lab"), folders, str(self.home))
        return {
            os.path.relpath(path, self.home) for path in found if path.is_relative_to(self.home)
        }

    def test_an_installation_is_needed_as_a_whole(self) -> None:
        self.program("nvm/v20/bin/node")
        self.assertEqual(self.needed("node", "no", "nvm/v20/bin"), {"nvm/v20"})

    def test_scripts_need_their_interpreter(self) -> None:
        bash = self.program("tools/bin/bash")
        self.program(".pyenv/shims/python", f"#!{bash}\n")
        self.program("lab/run.sh", "#!/usr/bin/env python\n")
        self.assertEqual(self.needed("python", ".pyenv/shims"), {".pyenv", "tools"})
        self.assertEqual(self.needed("./run.sh", ".pyenv/shims"), {"lab/run.sh", ".pyenv", "tools"})

    def test_links_need_what_they_lead_to(self) -> None:
        self.program("base/bin/python3.12")
        self.program("base/bin/python3")
        (self.home / "venv" / "bin").mkdir(parents=True)
        (self.home / "venv" / "bin" / "python").symlink_to("python3")
        (self.home / "venv" / "bin" / "python3").symlink_to(self.home / "base/bin/python3.12")
        self.assertEqual(self.needed("python", "venv/bin"), {"venv", "base"})

    def test_a_copied_virtual_environment_needs_its_original(self) -> None:
        self.program("base/bin/python3")
        self.program("venv/bin/python")
        (self.home / "venv" / "pyvenv.cfg").write_text(f"home = {self.home}/base/bin\nx = y\n")
        self.assertEqual(self.needed("python", "venv/bin"), {"venv", "base"})

    def test_a_home_is_never_shown_as_a_whole(self) -> None:
        for name in ("bin/tool", ".local/bin/tool"):
            self.program(name)
            self.assertEqual(self.needed("tool", str(Path(name).parent)), {name})

    def test_circles_and_unknown_programs_end(self) -> None:
        (self.home / "bin").mkdir()
        loop = self.program("bin/loop")
        Path(loop).write_text(f"#!{loop}\n")
        self.assertEqual(self.needed("loop", "bin"), {"bin/loop"})
        self.assertEqual(self.needed("no", "bin"), set())


class FolderTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.source = Path(self.mktemp())
        self.source.mkdir()
        self.target = Path(self.mktemp())

    def copy(self) -> int:
        source = os.open(self.source, OPEN)
        self.addCleanup(os.close, source)
        copied = folder.copy(source, str(self.target), None)
        self.addCleanup(os.close, copied)
        return copied

    def test_files_links_and_modes_are_copied(self) -> None:
        (self.source / "inner").mkdir()
        (self.source / "inner" / "run").write_bytes(b"x" * 3_000_000)
        (self.source / "inner" / "run").chmod(0o700)
        (self.source / "secret").touch(0o600)
        (self.source / "link").symlink_to("/etc/passwd")
        os.mkfifo(self.source / "pipe")
        (self.source / ".git").mkdir()
        self.copy()
        self.assertEqual({path.name for path in self.target.iterdir()}, {"inner", "link", "secret"})
        self.assertEqual((self.target / "link").readlink(), Path("/etc/passwd"))
        self.assertEqual((self.target / "inner" / "run").stat().st_size, 3_000_000)
        modes = [(self.target / name).stat().st_mode & 0o777 for name in ("inner/run", "secret")]
        self.assertEqual(modes, [0o755, 0o644])

    def test_too_many_files_are_refused(self) -> None:
        for number in range(folder.MOST_FILES + 1):
            (self.source / str(number)).symlink_to("x")
        self.assertRaises(folder.TooLarge, self.copy)

    def test_a_file_without_end_is_refused(self) -> None:
        with (self.source / "large").open("wb") as file:
            file.truncate(100 << 30)
        self.patch(folder, "MOST_BYTES", 1 << 20)
        self.assertRaises(folder.TooLarge, self.copy)
        self.assertLess((self.target / "large").stat().st_size, 4 << 20)

    def test_changes_are_found(self) -> None:
        (self.source / "same").touch()
        (self.source / "data").write_text("1")
        copied = self.copy()
        before = folder.snapshot(copied)
        self.assertEqual(list(folder.changed(copied, before, MB, 4 * MB)), [])
        (self.target / "data").write_text("12")
        (self.target / "log").write_bytes(b"x" * 2_000_000)
        (self.target / "link").symlink_to("same")
        os.mkfifo(self.target / "pipe")
        changed = dict(folder.changed(copied, before, MB, 4 * MB))
        self.assertEqual(changed.keys(), {"data", "log"})
        self.assertEqual(len(changed["log"]), MB)

    def test_the_number_of_changes_is_bounded(self) -> None:
        copied = self.copy()
        for number in range(folder.MOST_CHANGED + 9):
            (self.target / str(number)).touch()
        self.assertEqual(len(list(folder.changed(copied, {}, MB, 4 * MB))), folder.MOST_CHANGED)


class ProgramTests(SynchronousTestCase):
    def setUp(self) -> None:
        end_server()  # all children of this process count here

    def start(self, *command: str, limits: dict[int, int] | None = None) -> int:
        here = os.open("/", OPEN)
        self.addCleanup(os.close, here)
        pid, self.terminal = programs.start(command, here, ENVIRONMENT, limits or {}, None)
        self.addCleanup(os.close, self.terminal)
        return pid

    def test_a_program_has_a_terminal_and_limits(self) -> None:
        limits = Limits(files=77).by_number()
        watch = Watch(1000, 1 << 40, 1)
        pid = self.start("/bin/sh", "-c", "tty; stty size; ulimit -n; pwd", limits=limits)
        watch.statuses[pid] = None
        os.set_blocking(self.terminal, True)
        output = b""
        while output.count(b"\n") < 4:
            output += os.read(self.terminal, 1000)
        lines = output.decode().split()
        self.assertIn("/dev/pts/", lines[0])
        self.assertEqual(lines[1:], ["24", "80", "77", "/"])
        while watch.statuses[pid] is None:
            watch.reap()
        self.assertEqual(watch.statuses, {pid: 0})

    def test_an_unknown_program_is_an_error(self) -> None:
        error = self.assertRaises(programs.CannotStart, self.start, "/no")
        self.assertEqual(str(error), "cannot start /no: No such file or directory")

    def test_too_many_processes_are_ended(self) -> None:
        watch = Watch(2, 1 << 40, 1)
        first = self.start(*SLEEP)
        watch.statuses[first] = None
        watch.look()
        self.assertEqual(watch.incidents, [])
        watch.statuses[self.start(*SLEEP)] = None
        watch.look()
        self.assertEqual(list(watch.statuses.values()), [-signal.SIGKILL] * 2)
        [incident] = watch.incidents
        self.assertEqual(str(incident), "it had 2 processes and threads at once, and was ended")

    def test_too_much_memory_ends_them(self) -> None:
        watch = Watch(1000, -1, 1)
        watch.statuses[self.start(*SLEEP)] = None
        watch.look()
        self.assertEqual(list(watch.statuses.values()), [-signal.SIGKILL])
        self.assertIn("used more than -1 MB", str(watch.incidents[0]))

    def test_what_a_program_leaves_behind_is_named(self) -> None:
        watch = Watch(1000, 1 << 40, 1)
        pid = self.start(*SLEEP)
        self.assertEqual(watch.left_over(), ())
        watch.statuses[pid] = None
        self.assertEqual(watch.left_over(), ())
        watch.statuses[pid] = 0
        [left] = watch.left_over()
        self.assertEqual(str(left), "it left processes behind: 'sleep'")
        self.assertTrue(watch.end_all())
        self.assertEqual(watch.left_over(), ())

    def test_ended_processes_are_no_error(self) -> None:
        gone = [1 << 30]
        self.assertEqual(processes.descendants(gone[0]), [])
        self.assertEqual(processes.count_tasks(gone), 0)
        self.assertEqual(processes.memory(gone), 0)
        self.assertEqual(processes.name(gone[0]), "?")
        self.assertGreater(processes.count_tasks_of(os.getuid()), 0)


class NetworkTests(SynchronousTestCase):
    def test_attributes_are_padded(self) -> None:
        text = netlink.attribute(1, "ab")
        self.assertEqual(text, struct.pack("HH", 7, 1) + b"ab\0\0")
        self.assertEqual(netlink.attribute(2, 5), struct.pack("HH", 8, 2) + b"\0\0\0\5")
        self.assertEqual(netlink.nested(3, text), struct.pack("HH", 12, 0x8003) + text)

    def test_the_kernel_refuses_a_message(self) -> None:
        message = netlink.message(0x7FFF, netlink.ACKNOWLEDGE, b"\0")  # of no known kind
        self.assertRaises(OSError, netlink.send, 0, message)

    def test_a_connection_that_was_not_redirected_has_its_own_address(self) -> None:
        with (
            socket.create_server(("127.0.0.1", 0)) as server,
            socket.create_connection(server.getsockname()),
        ):
            connection, _ = server.accept()
            with connection:
                self.assertEqual(dialled(connection), server.getsockname())


class OpeningTests(SynchronousTestCase):
    def test_it_says_how_to_allow_namespaces(self) -> None:
        settings = Path(self.mktemp())
        self.assertEqual(how_to_allow(settings), "")
        (settings / "user").mkdir(parents=True)
        (settings / "user" / "max_user_namespaces").write_text("7\n")
        self.assertEqual(how_to_allow(settings), "")
        (settings / "user" / "max_user_namespaces").write_text("0\n")
        command = "sudo sysctl -w user.max_user_namespaces=10000"
        self.assertEqual(how_to_allow(settings), command)
