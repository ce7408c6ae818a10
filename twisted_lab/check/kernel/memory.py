"""How much memory a program has (/proc/PID/status)."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass

from twisted_lab.check.kernel.snapshot import PROC, processes

_SIZES = re.compile(rb"^(VmData|RssAnon):\s+(\d+) kB$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory of a program, in bytes.

    Attributes:
        reserved: What it has asked for; pages that it never wrote to do not exist yet.
        used: What of it exists.
    """

    reserved: int
    used: int


def memory(pid: int) -> Memory:
    """Return the memory of a program, with all its descendants; zeros once it has ended."""
    total = {b"VmData": 0, b"RssAnon": 0}
    for number in processes(pid):
        with suppress(OSError):
            for name, size in _SIZES.findall((PROC / str(number) / "status").read_bytes()):
                total[name] += int(size) << 10
    return Memory(total[b"VmData"], total[b"RssAnon"])
