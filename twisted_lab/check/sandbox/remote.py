"""The checker's side of a sandbox: it asks the agent, which stands inside."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from twisted_lab.check.sandbox.agents import start_agent
from twisted_lab.check.sandbox.limits import Limits
from twisted_lab.check.sandbox.sandbox import SandboxFailed
from twisted_lab.text.language import _

_LONGEST = 1 << 20
_PATIENCE = 30.0  # s, for any answer: a large folder may be copied on a busy machine
_END_PATIENCE = 7.0  # s: more than the agent's own


class NotAllowed(SandboxFailed):
    """The machine does not allow namespaces, or something that is done in them."""


class RemoteChild:
    """A program that the agent started: see `sandbox.Child`.

    Attributes:
        pid: Its process id, as the checker sees it in /proc.
        terminal: The descriptor of the other end of its terminal.
        process: A descriptor of its process (pidfd).
    """

    def __init__(self, sandbox: RemoteSandbox, inner_pid: int, terminal: int, process: int) -> None:
        self.pid = _outer_pid(process)
        self.terminal = terminal
        self.process = process
        self._sandbox = sandbox
        self._inner_pid = inner_pid
        self._status: int | None = None

    def status(self) -> int | None:
        """Return None while it runs, then the exit status, or the negative signal number.

        Raises:
            SandboxFailed: The agent is gone.
        """
        if self._status is None and self._has_ended():
            self._status = self._sandbox.ask(do="status", pid=self._inner_pid)[0]["status"]
        return self._status

    def _has_ended(self) -> bool:
        poll = select.poll()
        poll.register(self.process, select.POLLIN)
        return bool(poll.poll(0))

    def send_signal(self, number: int) -> None:
        """Send a signal to the program's process group, as a terminal does; it may have ended.

        Raises:
            SandboxFailed: The agent is gone.
        """
        self._sandbox.ask(do="signal", pid=self._inner_pid, number=number)


def _remove(folder: Path) -> None:
    """Remove a folder in which programs may have forbidden or nested whatever they liked."""
    # Unlike shutil.rmtree, these go down thousands of folders.
    for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
        subprocess.run([*command, str(folder)], stderr=subprocess.DEVNULL, check=False)  # noqa: S603


def _translated(message: tuple[str, dict[str, object]]) -> str:
    """Translate a message of the agent: see its `messages`."""
    text, values = message
    return _(text, **values)


def _outer_pid(process: int) -> int:
    lines = Path(f"/proc/self/fdinfo/{process}").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pid:"))


class RemoteSandbox:
    """A sandbox that an agent made: see `sandbox.Sandbox`.

    Attributes:
        lacks: What could not be isolated here, one line each.
    """

    lacks: tuple[str, ...]

    def __init__(
        self,
        folder: Path,
        command: Sequence[str],
        limits: Limits,
        modules: Sequence[Path] = (),
        *,
        is_isolated: bool,
    ) -> None:
        """Start the agent, and let it make the sandbox.

        Args:
            folder: The folder to copy.
            command: The command that is going to be started; its interpreter stays visible.
            limits: How much programs may use.
            modules: Folders that stay visible, and in which Python looks for modules.
            is_isolated: Whether to use namespaces.

        Raises:
            NotAllowed: The machine does not allow namespaces.
            SandboxFailed: The folder cannot be copied.
        """
        self._children: list[RemoteChild] = []
        # Outside of namespaces a folder of the host is used, and removed here, not by the agent,
        # which a program may kill.
        self._base = None if is_isolated else Path(tempfile.mkdtemp(prefix="twisted-lab-check-"))
        if self._base:
            self._base.chmod(0o755)
        self._control, inner = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(_PATIENCE)
        self._agent = -1  # a descriptor of its process
        try:
            with inner:
                self._agent = start_agent(inner)
            answer, _ = self.ask(
                isolated=is_isolated,
                folder=str(folder.resolve()),
                program=command[0],
                modules=[str(each) for each in modules],
                path=os.environ.get("PATH", os.defpath),
                home=str(Path.home()),
                base=str(self._base or "/tmp"),  # noqa: S108 (a fresh one)
                limits=limits.by_number(),
                tasks=limits.tasks,
                memory=limits.memory,
                disk=limits.disk,
            )
        except SandboxFailed:
            self.close()
            raise
        self.lacks = tuple(map(_translated, answer["lacks"]))

    def ask(self, **fields: object) -> tuple[dict[str, Any], list[int]]:
        """Send the agent a request; return its answer, and descriptors.

        Raises:
            SandboxFailed: It could not do it, or is gone.
        """
        try:
            with suppress(BrokenPipeError):  # its last words can still be read
                self._control.send(json.dumps(fields).encode())
            packet, descriptors, *_flags = socket.recv_fds(self._control, _LONGEST, 2)
        except TimeoutError as error:
            raise SandboxFailed(
                _("the sandbox did not answer in {seconds:.0f} s", seconds=_PATIENCE)
            ) from error
        except OSError:
            packet = b""
        if not packet:
            raise SandboxFailed(_("the sandbox has ended"))
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        answer: dict[str, Any] = json.loads(packet)
        if "error" in answer:
            raise (NotAllowed if "not_allowed" in answer else SandboxFailed)(
                _translated(answer["error"])
            )
        return answer, descriptors

    def start(self, command: Sequence[str]) -> RemoteChild:
        """Start a program in the copied folder, on a terminal of 24 rows and 80 columns.

        Raises:
            SandboxFailed: It cannot be executed.
        """
        answer, (terminal, process) = self.ask(do="start", command=list(command))
        child = RemoteChild(self, answer["pid"], terminal, process)
        self._children.append(child)
        return child

    def make_socket(self, family: socket.AddressFamily, kind: socket.SocketKind) -> socket.socket:
        """Return a socket of the sandbox's network, that does not block."""
        _, [descriptor] = self.ask(do="socket", family=family, kind=kind)
        return socket.socket(fileno=descriptor)

    def listener(self, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
        """Return a socket that takes each TCP connection, or datagram, made inside.

        See `sandbox.Sandbox`.
        """
        _, [descriptor] = self.ask(do="listen", kind=kind)
        return socket.socket(fileno=descriptor)

    def files(self, most_of_each: int = 1 << 20, most_of_all: int = 4 << 20) -> dict[str, bytes]:
        """Return the files of the folder that are new or changed, by their names in it.

        See `sandbox.Sandbox`.
        """
        _, [descriptor] = self.ask(do="files", of_each=most_of_each, of_all=most_of_all)
        found = {}
        with os.fdopen(descriptor, "rb") as packed:
            packed.seek(0)
            while lengths := packed.readline():
                name_length, length = map(int, lengths.split())
                name = os.fsdecode(packed.read(name_length))
                found[name] = packed.read(length)
        return found

    def incidents(self) -> tuple[str, ...]:
        """Return what programs did that a sandbox is for, such as a limit they exceeded."""
        try:
            return tuple(map(_translated, self.ask(do="incidents")[0]["incidents"]))
        except SandboxFailed as problem:
            return (str(problem),)

    def close(self) -> None:
        """End all processes and remove all files; it may be called twice."""
        self._control.close()
        if self._agent >= 0:
            if not select.select([self._agent], [], [], _END_PATIENCE)[0]:
                signal.pidfd_send_signal(self._agent, signal.SIGKILL)
                select.select([self._agent], [], [])
            os.close(self._agent)
            self._agent = -1
        for child in self._children:
            os.close(child.process)
        self._children.clear()
        if self._base:
            _remove(self._base)
