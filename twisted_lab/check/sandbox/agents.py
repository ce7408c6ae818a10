"""Starts agents, each as a fork of one process: a new Python would take 40 ms for each."""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from twisted_lab.check.sandbox.sandbox import SandboxFailed
from twisted_lab.text.language import _

_SERVER = (
    "import sys; sys.path.append({folder!r}); from agent.main import fork_agents; "
    "fork_agents({descriptor})"
)
_ATTEMPTS = 2  # a program that is not isolated may have ended the process


class _Server:
    """The process that forks; it ends with this one."""

    def __init__(self) -> None:
        self._control, inner = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        code = _SERVER.format(folder=str(Path(__file__).parent), descriptor=inner.fileno())
        with inner:
            self._process = subprocess.Popen(  # noqa: S603 (this interpreter and our own code)
                [sys.executable, "-I", "-S", "-c", code],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[inner.fileno()],
                start_new_session=True,  # Ctrl-C is for the checker
            )

    def fork(self, inner: socket.socket) -> int:
        """Start an agent; see `start_agent`.

        Raises:
            OSError: The process is gone.
        """
        socket.send_fds(self._control, [b"1"], [inner.fileno()])
        _, descriptors, _, _ = socket.recv_fds(self._control, 1, 1)
        if not descriptors:
            raise ConnectionResetError
        os.set_inheritable(descriptors[0], False)
        return descriptors[0]

    def close(self) -> None:
        """End the process, and wait for its end."""
        self._control.close()
        self._process.wait()


_server: _Server | None = None


def start_agent(inner: socket.socket) -> int:
    """Start an agent that serves a socket, and return a descriptor of its process.

    Raises:
        SandboxFailed: It cannot be started.
    """
    global _server  # one for all sandboxes
    for _attempt in range(_ATTEMPTS):
        _server = _server or _Server()
        with suppress(OSError):
            return _server.fork(inner)
        end_server()
    raise SandboxFailed(_("the process that makes sandboxes cannot be started"))


@atexit.register
def end_server() -> None:
    """End the process that forks, if there is one; the next agent has another one."""
    global _server  # see `start_agent`
    if _server:
        _server.close()
        _server = None
