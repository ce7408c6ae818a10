"""A sandbox from inside: what the checker can ask for."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import folder, mounts, network, programs, refusals, system_calls
from .interpreters import needed
from .messages import N_, Message
from .namespaces import NotAllowed
from .processes import count_tasks_of
from .watching import Watch

Answer = tuple[dict[str, Any], tuple[int, ...]]  # fields, and descriptors to send

_MOST_FOUND = 10
# System V's shared memory, queues and semaphores belong to no process.
_SYSTEM_V = (("shmall", "4096"), ("msgmni", "16"), ("sem", "250 4096 32 16"))
_OWN_TASKS = 8  # the agent's own may count, too; `Watch` ends programs before the kernel's limit


class Inside:
    """A sandbox from inside; a method `do_...` answers each request of the checker.

    Attributes:
        lacks: What could not be isolated here.
        watch: What the programs do.
    """

    def __init__(self, request: dict[str, Any], user: int | None) -> None:
        self.lacks: list[Message] = []
        self._is_isolated = request["isolated"]
        self._user = user
        base = request["base"]
        self._environment = {
            "PATH": request["path"],
            "HOME": f"{base}/home",
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "USER": "student",
        }
        if request["modules"]:
            self._environment["PYTHONPATH"] = ":".join(request["modules"])
        self._limits = {int(number): most for number, most in request["limits"].items()}
        self._disk = request["disk"]
        self._ports: dict[int, int] = {}  # of the listeners, by the kind of socket
        source = os.open(request["folder"], os.O_RDONLY | os.O_DIRECTORY)
        most_tasks = request["tasks"]
        if self._is_isolated:
            self._isolate(request)
        else:
            system_calls.prctl(system_calls.PR_SET_CHILD_SUBREAPER, 1)
            # Without a namespace the kernel counts all processes of the user.
            self._limits[programs.TASKS] += count_tasks_of(os.getuid() if user is None else user)
        self._limits[programs.TASKS] += _OWN_TASKS
        self.watch = Watch(most_tasks, request["memory"], self._limits[programs.CPU])
        Path(self._environment["HOME"]).mkdir(mode=0o755)
        if user is not None:
            os.chown(self._environment["HOME"], user, user)
        self._work = folder.copy(source, f"{base}/work", user)
        self._before = folder.snapshot(self._work)
        os.close(source)
        if user is not None:
            os.setgroups([])
        # Programs of the same user must neither trace nor read this process.
        system_calls.prctl(system_calls.PR_SET_DUMPABLE, 0)

    def _isolate(self, request: dict[str, Any]) -> None:
        # The process that waits outside has the ids of the checker's namespace.
        system_calls.prctl(system_calls.PR_SET_PDEATHSIG, signal.SIGKILL)
        home = request["home"]
        # A shell script may start Python, too.
        commands = (request["program"], "python", "python3")
        visible = [
            path
            for command in commands
            for path in needed(command, request["folder"], request["path"], home)
        ] + [Path(each) for each in request["modules"]]
        try:
            mounts.make_all_read_only()
            network.make_local()
        except OSError as error:
            raise NotAllowed(system_calls.reason_of(error)) from error
        # What depends on the program's folder comes later: no folder may turn isolation off.
        mounts.hide(home, visible, (self._disk, self._disk // 8))
        socket.sethostname("sandbox")
        # In namespaces of its own, a program could mount a folder without limit.
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
        for name, most in _SYSTEM_V:
            with suppress(OSError):  # older kernels leave this to root
                Path("/proc/sys/kernel", name).write_text(most)
        try:
            network.prepare_redirection()
        except OSError as error:
            self.lacks.append(
                N_(
                    "connections cannot be redirected to the checker: {reason} (the kernel needs "
                    "nf_tables with NAT)",
                    reason=error.strerror,
                )
            )
        if not refusals.is_known():
            self.lacks.append(
                N_("the system calls of this machine are not known, and none is refused")
            )

    def do_start(self, command: list[str]) -> Answer:
        """Start a program; the answer brings its terminal, and a descriptor of its process."""
        pid, terminal = programs.start(
            command, self._work, self._environment, self._limits, self._user
        )
        self.watch.statuses[pid] = None
        return {"pid": pid}, (terminal, os.pidfd_open(pid))

    def do_status(self, pid: int) -> Answer:
        """Tell how a program ended."""
        return {"status": self.watch.statuses[pid]}, ()

    def do_signal(self, pid: int, number: int) -> Answer:
        """Send a signal to a program's process group."""
        # Out of a namespace the number may be another's as soon as the program has ended.
        if self.watch.statuses[pid] is None or self._is_isolated:
            with suppress(ProcessLookupError):
                os.killpg(pid, number)
        return {}, ()

    def do_socket(self, family: int, kind: int) -> Answer:
        """Make a socket in the sandbox's network."""
        return {}, (self._socket(family, kind).detach(),)

    def _socket(self, family: int, kind: int) -> socket.socket:
        made = socket.socket(family, kind, socket.IPPROTO_ICMP if kind == socket.SOCK_RAW else 0)
        made.setblocking(False)
        if self._is_isolated:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, network.MARK)
        return made

    def do_listen(self, kind: int) -> Answer:
        """Listen for all connections that programs make, or all datagrams that they send."""
        if not self._is_isolated:
            return {}, (self._listen(socket.AF_INET, kind, "127.0.0.1").detach(),)
        family = socket.AF_INET6 if network.has_ipv6() else socket.AF_INET
        listener = self._listen(family, kind, "")
        port = listener.getsockname()[1]
        if kind not in self._ports and not self.lacks:
            is_stream = kind == socket.SOCK_STREAM
            network.redirect(socket.IPPROTO_TCP if is_stream else socket.IPPROTO_UDP, port)
        self._ports[kind] = port
        return {}, (listener.detach(),)

    def _listen(self, family: int, kind: int, host: str) -> socket.socket:
        listener = self._socket(family, kind)
        if kind == socket.SOCK_STREAM:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((host, self._ports.get(kind, 0)))
        if kind == socket.SOCK_STREAM:
            listener.listen(64)
        return listener

    def do_files(self, of_each: int, of_all: int) -> Answer:
        """Bring new and changed files in one file: lengths, name and content of each."""
        packed = os.memfd_create("files")
        # With a program's rights, because outside of namespaces its files may be links to others'.
        self._act_as(self._user)
        try:
            for name, content in folder.changed(self._work, self._before, of_each, of_all):
                raw = os.fsencode(name)
                os.write(packed, b"%d %d\n%b%b" % (len(raw), len(content), raw, content))
        finally:
            self._act_as(None if self._user is None else 0)
        return {}, (packed,)

    def _act_as(self, user: int | None) -> None:
        if user == 0:
            os.seteuid(0)
            os.setegid(0)
        elif user is not None:
            os.setegid(user)
            os.seteuid(user)

    def do_incidents(self) -> Answer:
        """Tell what programs did that a sandbox is for."""
        found = [*self.watch.incidents, *self.watch.left_over(), *self._full()]
        return {"incidents": found}, ()

    def _full(self) -> list[Message]:
        """Return which disks and files are as large as they may be."""
        found = []
        for path in mounts.WRITABLE if self._is_isolated else ():
            status = os.statvfs(path)
            if not status.f_bavail or not status.f_ffree:
                size = status.f_blocks * status.f_frsize >> 20
                found.append(N_("it filled {path}, which has {n} MB", path=path, n=size))
        most = self._limits[programs.FILE_SIZE]
        for name, (size, *_) in folder.snapshot(self._work).items():
            if size >= most and len(found) < _MOST_FOUND:
                found.append(
                    N_(
                        "its file {name!r} reached the limit of {n} MB",
                        name=name[:100],
                        n=most >> 20,
                    )
                )
        return found
