"""The agent: makes a sandbox, and then does in it what the checker asks for.

Requests and answers are JSON, one in each packet of a Unix socket. Answers may bring descriptors.
When the socket ends, all programs end, and with them the sandbox.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket

from . import folder, mounts, namespaces, network, programs, system_calls
from .interpreters import needed
from .processes import count_tasks_of
from .watching import Watch

# The checker makes these from its own types: see `twisted_lab.check.sandbox.remote`.
Fields = dict  # type: ignore[type-arg]

_LONGEST = 1 << 20
_LOOK_EACH = 100  # ms
_MOST_FOUND = 10


def main(descriptor: int) -> None:
    """Serve the checker, which has the other end of the socket `descriptor`."""
    os.set_inheritable(descriptor, False)
    control = socket.socket(fileno=descriptor)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    request = json.loads(control.recv(_LONGEST))
    try:
        # Looked up first, because the agent's own rights end with a namespace of users.
        user = namespaces.unprivileged_user()
        if request["isolated"]:
            namespaces.enter()
            if first := os.fork():
                control.close()
                os.waitpid(first, 0)
                return
        agent = Agent(request, user)
    except (OSError, folder.TooLarge) as error:
        _answer(control, {"error": _reason(error)})
        return
    _answer(control, {"lacks": agent.lacks})
    agent.serve(control)
    agent.watch.end_all()


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _answer(control: socket.socket, fields: Fields, descriptors: tuple[int, ...] = ()) -> None:
    socket.send_fds(control, [json.dumps(fields).encode()], descriptors)
    for descriptor in descriptors:
        os.close(descriptor)


class Agent:
    """A sandbox from inside.

    Attributes:
        lacks: What could not be isolated here.
        watch: What the programs do.
    """

    def __init__(self, request: Fields, user: int | None) -> None:
        self.lacks: list[str] = []
        self._is_isolated = request["isolated"]
        self._user = user
        self._base = base = request["base"]
        self._environment = {
            "PATH": request["path"],
            "HOME": f"{base}/home",
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "USER": "student",
        }
        self._limits = {int(number): most for number, most in request["limits"].items()}
        self._disk = request["disk"]
        self._port = 0
        source = os.open(request["folder"], os.O_RDONLY | os.O_DIRECTORY)
        most_tasks = request["tasks"]
        if self._is_isolated:
            self._isolate(request)
        else:
            system_calls.prctl(system_calls.PR_SET_CHILD_SUBREAPER, 1)
            # The kernel counts all processes of a user.
            self._limits[programs.TASKS] += count_tasks_of(os.getuid() if user is None else user)
        self.watch = Watch(most_tasks, request["memory"], self._limits[programs.CPU])
        os.mkdir(self._environment["HOME"], 0o755)
        if user is not None:
            os.chown(self._environment["HOME"], user, user)
        self._copy = folder.copy(source, f"{base}/work", user)
        os.close(source)
        if user is not None:
            os.setgroups([])
        # Programs of the same user must neither trace nor read this process.
        system_calls.prctl(system_calls.PR_SET_DUMPABLE, 0)

    def _isolate(self, request: Fields) -> None:
        # The process that waits outside has the ids of the checker's namespace.
        system_calls.prctl(system_calls.PR_SET_PDEATHSIG, signal.SIGKILL)
        home = request["home"]
        visible = needed(request["program"], request["folder"], request["path"], home)
        mounts.isolate(home, visible, (self._disk, self._disk // 8))
        socket.sethostname("sandbox")
        network.make_local()
        # In namespaces of its own, a program could mount a folder without limit.
        with open("/proc/sys/user/max_user_namespaces", "w") as file:
            file.write("0")
        try:
            network.prepare_redirection()
        except OSError as error:
            self.lacks.append(
                f"connections cannot be redirected to the checker: {error.strerror} "
                "(the kernel needs nf_tables with NAT)"
            )

    def serve(self, control: socket.socket) -> None:
        """Do what is asked for, until the checker closes its end."""
        poll = select.poll()
        poll.register(control, select.POLLIN)
        while True:
            asked = poll.poll(_LOOK_EACH)
            self.watch.reap()
            self.watch.look()
            if not asked:
                continue
            packet = control.recv(_LONGEST)
            if not packet:
                return
            fields = json.loads(packet)
            try:
                answer, descriptors = getattr(self, f"do_{fields.pop('do')}")(**fields)
            except (OSError, programs.CannotStart) as error:
                answer, descriptors = {"error": _reason(error)}, ()
            _answer(control, answer, descriptors)

    def do_start(self, command: list[str]) -> tuple[Fields, tuple[int, ...]]:
        """Start a program; the answer brings its terminal, and a descriptor of its process."""
        pid, terminal = programs.start(
            command, f"{self._base}/work", self._environment, self._limits, self._user
        )
        self.watch.statuses[pid] = None
        return {"pid": pid}, (terminal, os.pidfd_open(pid))

    def do_status(self, pid: int) -> tuple[Fields, tuple[int, ...]]:
        """Tell how a program ended."""
        return {"status": self.watch.statuses[pid]}, ()

    def do_signal(self, pid: int, number: int) -> tuple[Fields, tuple[int, ...]]:
        """Send a signal to a program's process group."""
        try:
            if self.watch.statuses[pid] is None or self._is_isolated:
                os.killpg(pid, number)
        except ProcessLookupError:
            pass
        return {}, ()

    def do_socket(self, family: int, kind: int) -> tuple[Fields, tuple[int, ...]]:
        """Make a socket in the sandbox's network."""
        return {}, (self._socket(family, kind).detach(),)

    def _socket(self, family: int, kind: int) -> socket.socket:
        made = socket.socket(family, kind)
        made.setblocking(False)
        if self._is_isolated:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, network.MARK)
        return made

    def do_listen(self) -> tuple[Fields, tuple[int, ...]]:
        """Listen for all connections that programs make."""
        if not self._is_isolated:
            return {}, (self._listen(socket.AF_INET, "127.0.0.1").detach(),)
        family = socket.AF_INET6 if network.has_ipv6() else socket.AF_INET
        listener = self._listen(family, "")
        if not self._port and not self.lacks:
            network.redirect(listener.getsockname()[1])
        self._port = listener.getsockname()[1]
        return {}, (listener.detach(),)

    def _listen(self, family: int, host: str) -> socket.socket:
        listener = self._socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((host, self._port))
        listener.listen(64)
        return listener

    def do_files(self) -> tuple[Fields, tuple[int, ...]]:
        """Bring new and changed files in one file: lengths, name and content of each."""
        packed = os.memfd_create("files")
        # With a program's rights, because outside of namespaces its files may be links to others'.
        self._act_as(self._user)
        try:
            for name, content in folder.changed(f"{self._base}/work", self._copy):
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

    def do_incidents(self) -> tuple[Fields, tuple[int, ...]]:
        """Tell what programs did that a sandbox is for."""
        found = [*self.watch.incidents, *self.watch.left_over(), *self._full()]
        return {"incidents": found}, ()

    def _full(self) -> list[str]:
        """Return which disks and files are as large as they may be."""
        found = []
        for path in mounts.WRITABLE if self._is_isolated else ():
            status = os.statvfs(path)
            if not status.f_bavail or not status.f_ffree:
                size = status.f_blocks * status.f_frsize >> 20
                found.append(f"it filled {path}, which has {size} MB")
        most = self._limits[programs.FILE_SIZE]
        for name, (_, size, _) in folder.snapshot(f"{self._base}/work").items():
            if size >= most and len(found) < _MOST_FOUND:
                found.append(f"its file {name[:100]!r} reached the limit of {most >> 20} MB")
        return found
