"""What a program has done so far: its processor time (/proc/PID/task/TID/schedstat), its reads."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from twisted_lab.check.kernel.snapshot import PROC, processes


@dataclass(frozen=True, slots=True)
class Use:
    """How a thread has used the processors so far.

    Attributes:
        ran: The seconds for which it ran.
        queued: The seconds for which it could have run, and others did.
    """

    ran: float = 0.0
    queued: float = 0.0


def uses(pid: int) -> dict[int, Use]:
    """Return the processor time of all threads of a program, by their ids."""
    found = {}
    for number in processes(pid):
        with suppress(OSError):
            for task in (PROC / str(number) / "task").iterdir():
                with suppress(OSError, ValueError):
                    ran, queued, _ = (task / "schedstat").read_text().split()
                    found[int(task.name)] = Use(int(ran) / 1e9, int(queued) / 1e9)
    return found


def processor_seconds(pid: int) -> float:
    """Return the seconds for which the present threads of a program have run so far."""
    return sum(each.ran for each in uses(pid).values())


def reads(pid: int) -> int:
    """Return how often a program's calls of read() have returned, with all its descendants."""
    count = 0
    for number in processes(pid):
        with suppress(OSError, ValueError, IndexError):
            fields = (PROC / str(number) / "io").read_text().split()
            count += int(fields[fields.index("syscr:") + 1])
    return count
