"""What the checker asks of a sandbox: a place for one program, and the network around it."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Protocol


class Child(Protocol):
    """A program that was started on a terminal of its own.

    Attributes:
        pid: Its process id, as the checker sees it in /proc.
        terminal: The file descriptor of the terminal's other end: what the program prints can be
            read here, what is written here is typed. Not blocking. Its owner closes it.
        process: A descriptor that becomes readable when it has ended; the sandbox closes it.
    """

    pid: int
    terminal: int
    process: int

    def status(self) -> int | None:
        """Return None while it runs, then the exit status, or the negative signal number."""

    def send_signal(self, number: int) -> None:
        """Send a signal to the program's process group, as a terminal does; it may have ended."""


class Sandbox(Protocol):
    """A fresh copy of a folder, a network of its own, and the programs that run there.

    Calls block for some milliseconds. One that fails raises `SandboxFailed` with one line.

    Attributes:
        lacks: What could not be isolated here, one line each; empty if everything is.
    """

    lacks: tuple[str, ...]

    def start(self, command: Sequence[str]) -> Child:
        """Start a program in the copied folder, on a terminal of 24 rows and 80 columns."""

    def make_socket(self, family: socket.AddressFamily, kind: socket.SocketKind) -> socket.socket:
        """Return a socket of the sandbox's network, that does not block.

        With SOCK_RAW, it receives ICMP messages; only isolated sandboxes have it.
        """

    def listener(self, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
        """Return a listening socket that takes each TCP connection made inside, to any address.

        With SOCK_DGRAM, it takes each datagram sent inside, to any address, but those to port 53.

        `dialled` tells to which address that was. If connections cannot be redirected (see
        `lacks`), it listens on a free port; without a network of its own, of 127.0.0.1 only. After
        it is closed, connections are refused. At most one of a kind is open at
        a time.
        """

    def files(self, most_of_each: int = 1 << 20, most_of_all: int = 4 << 20) -> dict[str, bytes]:
        """Return the files of the folder that are new or changed, by their names in it.

        There are at most 200; what is not a plain file is left out.
        Names may contain any character, and surrogates for bytes that are no UTF-8.

        Args:
            most_of_each: Bytes of each file, from its beginning.
            most_of_all: Bytes of all files together.
        """

    def incidents(self) -> tuple[str, ...]:
        """Return what programs did that a sandbox is for, such as a limit they exceeded."""

    def close(self) -> None:
        """End all processes and remove all files; it may be called twice."""


class SandboxFailed(Exception):
    """The sandbox does not work, for a reason on the checker's side, in one line."""
