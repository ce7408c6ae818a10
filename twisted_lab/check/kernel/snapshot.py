"""A program at one moment: all its processes, threads and sockets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from twisted_lab.check.kernel.sockets import Socket, sockets
from twisted_lab.check.kernel.waits import Thread, Wait, descriptors, thread

PROC = Path("/proc")
SOON_SECONDS = 1.0
_MOST_PROCESSES, _MOST_THREADS = 50, 200


@dataclass(frozen=True, slots=True)
class ProgramThread:
    """One thread, with what its descriptors refer to.

    Attributes:
        state: What it waits for.
        sockets: The sockets whose input would wake it.
        has_terminal: Whether input of a terminal would wake it.
        sends: Whether it waits until it can send to a socket.
    """

    state: Thread
    sockets: tuple[Socket, ...]
    has_terminal: bool
    sends: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A program at one moment.

    Attributes:
        threads: All threads of all its processes; empty once it has ended.
        sockets: All its TCP and UDP sockets.
        can_look: Whether the kernel showed what the program does. If not, nothing can be said.
    """

    threads: tuple[ProgramThread, ...]
    sockets: tuple[Socket, ...]
    can_look: bool

    @property
    def is_waiting(self) -> bool:
        """Whether all threads wait, nothing that they wait for has happened, and all is sent."""
        return (
            self.can_look
            and self.is_still
            and not any(each.unsent for each in self.sockets if not each.is_listening)
        )

    @property
    def is_still(self) -> bool:
        """Whether all threads wait, though perhaps not all that was sent has been taken."""
        return bool(self.threads) and all(map(_is_idle, self.threads))

    @property
    def is_stuck(self) -> bool:
        """Whether all threads wait, and do not read what has arrived."""
        return self.is_still and any(each.unread for each in self.sockets if not each.is_listening)

    @property
    def sleeps(self) -> bool:
        """Whether a thread will soon go on by itself.

        A timeout while it only waits for connections, or for the terminal, does not count.
        """
        return any(map(_sleeps, self.threads))

    @property
    def sleeps_or_polls(self) -> bool:
        """Whether a thread sleeps, or waits for datagrams and will soon look for something else."""
        return self.sleeps or any(
            each.state.timeout <= SOON_SECONDS and any(one.takes_datagrams for one in each.sockets)
            for each in self.threads
        )

    @property
    def switches(self) -> int:
        """How often the threads have waited so far: if it grows, the program has done something."""
        return sum(each.state.switches for each in self.threads)

    @property
    def wants_terminal(self) -> bool:
        """Whether a thread waits for input of the terminal."""
        return any(each.has_terminal for each in self.threads)

    @property
    def wants_only_terminal(self) -> bool:
        """Whether nothing but input of the terminal would wake the program."""
        return self.wants_terminal and not any(
            each.sockets or each.sends or each.state.wait in (Wait.NOTHING, Wait.TIME)
            for each in self.threads
        )

    @property
    def waits_for_peer(self) -> bool:
        """Whether it waits, and a thread of it for what the other end of a connection says."""
        return self.is_waiting and any(
            each.peer_port for one in self.threads for each in one.sockets
        )

    def has_thread_for(self, peer_port: int) -> bool:
        """Whether one of several threads is in recv(), for the client with this port."""
        return len(self.threads) > 1 and any(
            each.state.size and any(one.peer_port == peer_port for one in each.sockets)
            for each in self.threads
        )

    @property
    def accepts(self) -> bool:
        """Whether a thread waits for a connection."""
        return any(each.is_listening for one in self.threads for each in one.sockets)

    @property
    def listening(self) -> tuple[Socket, ...]:
        """The sockets that accept connections."""
        return tuple(each for each in self.sockets if each.is_listening)


def _sleeps(one: ProgramThread) -> bool:
    return one.state.timeout <= SOON_SECONDS and (
        any(each.peer_port for each in one.sockets)
        or not (one.has_terminal or any(each.is_open for each in one.sockets))
    )


def _is_idle(one: ProgramThread) -> bool:
    # A program that waits until its terminal or a pipe takes more output is not idle.
    if one.state.wait is Wait.NOTHING or (one.state.wait is Wait.OUTPUT and not one.sends):
        return False
    return not any(each.unread for each in one.sockets)


def processes(pid: int) -> Iterator[int]:
    """Yield a process and its descendants, at most _MOST_PROCESSES."""
    found = [pid]
    for parent in found:
        yield parent
        with suppress(OSError):
            for task in os.scandir(PROC / str(parent) / "task"):
                with suppress(OSError):
                    children = (Path(task.path) / "children").read_text().split()
                    found.extend(map(int, children[: _MOST_PROCESSES - len(found)]))


def _is_terminal(target: str) -> bool:
    return target.startswith("/dev/pts/") or target in ("/dev/tty", "/dev/console")


def _inode(name: str) -> int | None:
    number = name.removeprefix("socket:[").removesuffix("]")
    return int(number) if number.isdigit() else None


def look(pid: int) -> Snapshot:
    """Return what a program, with all its descendants, does now."""
    threads: list[ProgramThread] = []
    own: dict[int, Socket] = {}
    can_look = False
    for number in processes(pid):
        process = PROC / str(number)
        names = descriptors(process)
        inodes = {one: inode for one, name in names.items() if (inode := _inode(name))}
        if not set(inodes.values()) <= own.keys():
            own |= sockets(process, set(inodes.values()))
        by_descriptor = {one: own[inode] for one, inode in inodes.items() if inode in own}
        with suppress(OSError):
            can_look = can_look or (bool(names) and os.access(process / "syscall", os.R_OK))
            for task in sorted((process / "task").iterdir())[:_MOST_THREADS]:
                state = thread(process, task)
                threads.append(
                    ProgramThread(
                        state,
                        tuple(by_descriptor[one] for one in state.inputs & by_descriptor.keys()),
                        any(_is_terminal(names.get(one, "")) for one in state.inputs),
                        bool(state.outputs & by_descriptor.keys()),
                    )
                )
    return Snapshot(tuple(threads), tuple(own.values()), can_look)
