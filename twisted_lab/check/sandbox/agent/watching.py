"""Watches the programs of a sandbox: how they end, and which limits they exceed."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

from . import processes
from .messages import N_, Message

_END_PATIENCE = 5.0  # s: processes may make new ones while they are ended
_LEAST_LEFT, _MOST_SHARED = 512 << 20, 2 << 30  # bytes of the machine's memory


class MachineFull(Exception):
    """Too much memory of the machine is used, for whatever reason."""


class Watch:
    """The programs that were started, and what they did that a sandbox is for.

    Not all memory belongs to a process: buffers of sockets belong to the kernel, and shared memory
    that is not mapped just now to nobody. So the machine is watched, too. It may be another program
    that needs its memory, so nobody is blamed: the sandbox ends.

    Attributes:
        incidents: What they did, one line each.
        statuses: The exit status of each program that was started, negative for a signal; None
            while it runs.
    """

    def __init__(self, most_tasks: int, most_memory: int, cpu_seconds: int) -> None:
        self.most_tasks = most_tasks
        self.most_memory = most_memory
        self.cpu_seconds = cpu_seconds
        left, shared = processes.machine_memory()
        self._least_left, self._most_shared = min(_LEAST_LEFT, left // 2), shared + _MOST_SHARED
        self.incidents: list[Message] = []
        self.statuses: dict[int, int | None] = {}

    def reap(self) -> bool:
        """Learn which processes have ended: programs, and orphans that this process inherited.

        Returns:
            Whether any are left.
        """
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if not pid:
                return True
            code = os.waitstatus_to_exitcode(status)
            if code == -signal.SIGXCPU:
                self._note(
                    N_("it used more than {n} s of CPU time, and was ended", n=self.cpu_seconds)
                )
            if pid in self.statuses:
                self.statuses[pid] = code

    def look(self) -> None:
        """End all programs if they are too many, or need too much memory.

        Raises:
            MachineFull: The machine has hardly any memory left, or much more is shared.
        """
        left, shared = processes.machine_memory()
        if left < self._least_left:
            raise MachineFull(
                N_(
                    "the sandbox was closed: this machine had less than {n} MB left",
                    n=self._least_left >> 20,
                )
            )
        if shared > self._most_shared:
            raise MachineFull(
                N_(
                    "the sandbox was closed: this machine's shared memory grew by more than {n} MB",
                    n=_MOST_SHARED >> 20,
                )
            )
        pids = processes.descendants(os.getpid())
        tasks = processes.count_tasks(pids)
        if tasks >= self.most_tasks:
            self._note(
                N_("it had {n} processes and threads at once, and was ended", n=self.most_tasks)
            )
        elif processes.memory(pids) > self.most_memory:
            most = self.most_memory >> 20
            self._note(N_("its processes used more than {n} MB of memory, and were ended", n=most))
        else:
            return
        self.end_all()

    def left_over(self) -> tuple[Message, ...]:
        """Return what is left of programs that have ended, one line."""
        if not self.statuses or None in self.statuses.values():
            return ()
        names = [repr(processes.name(pid)) for pid in processes.descendants(os.getpid())]
        left = ", ".join(names[:5])
        return (N_("it left processes behind: {names}", names=left),) if names else ()

    def end_all(self) -> bool:
        """Kill all processes below this one, in 5 s at most; return whether none is left."""
        end = time.monotonic() + _END_PATIENCE
        while self.reap():
            if time.monotonic() > end:
                return False
            for pid in processes.descendants(os.getpid()):
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.001)
        return True

    def _note(self, incident: Message) -> None:
        if incident not in self.incidents:
            self.incidents.append(incident)
