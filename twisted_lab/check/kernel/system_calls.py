"""Numbers of the system calls in which programs wait, from Linux's tables."""

from __future__ import annotations

import platform
from enum import Enum, auto


class Call(Enum):
    """A kind of system call, by the place of its descriptors."""

    READ = auto()  # (descriptor, buffer, size)
    WRITE = auto()  # (descriptor, ...)
    ACCEPT = auto()  # (descriptor, ...)
    CONNECT = auto()  # (descriptor, ...)
    RECEIVE_MESSAGE = auto()  # (descriptor, ...), no size
    POLL = auto()  # (array, count, milliseconds)
    POLL_UNTIL = auto()  # (array, count, timespec)
    SELECT = auto()  # (count, readable, writable, ...)
    EPOLL = auto()  # (descriptor, events, count, milliseconds)
    SLEEP = auto()
    CHILD = auto()  # waits for a child process
    LOCK = auto()  # (address, operation, value, timespec)
    RING = auto()  # (descriptor, ...): io_uring, whose descriptors the kernel does not show


_X86_64 = {
    Call.READ: (0, 17, 19, 45),
    Call.WRITE: (1, 18, 20, 44, 46),
    Call.ACCEPT: (43, 288),
    Call.CONNECT: (42,),
    Call.RECEIVE_MESSAGE: (47, 299),
    Call.POLL: (7,),
    Call.POLL_UNTIL: (271,),
    Call.SELECT: (23, 270),
    Call.EPOLL: (232, 281, 441),
    Call.SLEEP: (34, 35, 130, 219, 230),
    Call.CHILD: (61, 247),
    Call.LOCK: (202,),
    Call.RING: (426,),
}
_AARCH64 = {
    Call.READ: (63, 65, 67, 207),
    Call.WRITE: (64, 66, 68, 206, 211),
    Call.ACCEPT: (202, 242),
    Call.CONNECT: (203,),
    Call.RECEIVE_MESSAGE: (212, 243),
    Call.POLL_UNTIL: (73,),
    Call.SELECT: (72,),
    Call.EPOLL: (22, 441),
    Call.SLEEP: (101, 115, 128, 133),
    Call.CHILD: (95, 260),
    Call.LOCK: (98,),
    Call.RING: (426,),
}
_TABLES = {"x86_64": _X86_64, "aarch64": _AARCH64}


def table(machine: str = platform.machine()) -> dict[int, Call]:
    """Return the calls by their numbers; empty for a machine whose numbers are not known."""
    numbers = _TABLES.get(machine, {})
    return {number: call for call, several in numbers.items() for number in several}
