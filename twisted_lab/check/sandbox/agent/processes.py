"""The processes below another one, and what they use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_BLOCK = 512  # of st_blocks


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
        try:
            _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
        except (OSError, ValueError):  # it has ended
            continue
        total += (int(resident) - int(shared)) * _PAGE
    return total + sum(dict(file for pid in pids for file in _memory_files(pid)).values())


def _memory_files(pid: int) -> Iterator[tuple[int, int]]:
    """Yield the number and the size of each open file in memory (memfd), which may be unmapped."""
    for name in _entries(f"/proc/{pid}/fd"):
        with suppress(OSError):  # it is closed
            path = f"/proc/{pid}/fd/{name}"
            if os.readlink(path).startswith("/memfd:"):  # noqa: PTH115
                status = os.stat(path)  # noqa: PTH116
                yield status.st_ino, status.st_blocks * _BLOCK


def name(pid: int) -> str:
    """Return what a process calls itself: at most 15 characters, of any kind."""
    try:
        return Path(f"/proc/{pid}/comm").read_text(errors="replace").removesuffix("\n")
    except OSError:
        return "?"
