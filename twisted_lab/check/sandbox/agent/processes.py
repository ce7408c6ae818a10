"""The processes below another one, and what they use."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

# In kB. Shared memory may have no file, as that of Python's mmap(-1).
_OWN_MEMORY = re.compile(rb"^(?:RssAnon|RssShmem|VmSwap|VmPTE):\s*(\d+)", re.MULTILINE)


def descendants(pid: int) -> list[int]:
    """Return the ids of the processes below `pid`; some that start or end just now may miss."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        process = waiting.pop()
        children = _children(process)
        found += children
        waiting += children
    return found


def _children(pid: int) -> list[int]:
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in threads for child in (task / "children").read_text().split()]
    except OSError:  # it has ended
        return []


def count_tasks(pids: list[int]) -> int:
    """Return how many processes and threads there are."""
    return sum(len(_entries(f"/proc/{pid}/task")) for pid in pids)


def count_tasks_of(user: int) -> int:
    """Return how many processes and threads of a user run on this machine."""
    pids = [int(name) for name in _entries("/proc") if name.isdecimal()]
    return count_tasks([pid for pid in pids if _owner(pid) == user])


def _owner(pid: int) -> int | None:
    try:
        return Path(f"/proc/{pid}").stat().st_uid
    except OSError:
        return None


def _entries(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 (quicker than paths)
    except OSError:
        return []


def memory(pids: list[int]) -> int:
    """Return how much memory processes use, in bytes, without mapped files."""
    total = 0
    for pid in pids:
        with suppress(OSError):  # it has ended
            status = Path(f"/proc/{pid}/status").read_bytes()
            total += sum(int(size) << 10 for size in _OWN_MEMORY.findall(status))
    return total


def machine_memory() -> tuple[int, int]:
    """Return how much memory this machine has left, and how much is shared, in bytes."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    sizes = {line.split(":")[0]: int(line.split()[1]) << 10 for line in lines}
    return sizes["MemAvailable"], sizes["Shmem"]


def name(pid: int) -> str:
    """Return what a process calls itself: at most 15 characters, of any kind."""
    try:
        return Path(f"/proc/{pid}/comm").read_text(errors="replace").removesuffix("\n")
    except OSError:
        return "?"
