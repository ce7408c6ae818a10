"""What the threads of a program wait for."""

from __future__ import annotations

import os
import struct
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from math import inf
from pathlib import Path

from twisted_lab.check.kernel.system_calls import Call, table

_POLLIN, _POLLOUT = 1, 4  # poll.h; epoll has the same
_MOST_DESCRIPTORS = 4096
_MOST_INNER = 8  # event loops in an event loop; a program could have thousands to keep us busy
_FUTEX_COMMAND, _FUTEX_WAIT_BITSET, _FUTEX_REAL_TIME = 127, 9, 256


class Wait(Enum):
    """What a thread waits for; the value is a phrase for people."""

    NOTHING = "runs"
    INPUT = "waits for input"  # of one of its descriptors
    OUTPUT = "waits until it can send"
    CONNECTION = "waits for its connection"
    TIME = "sleeps"
    OTHERS = "waits for its threads or child processes"
    UNKNOWN = "waits"


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread, at one moment.

    Attributes:
        wait: What it waits for.
        inputs: The descriptors whose input would wake it.
        outputs: The descriptors that would wake it once they can send.
        size: The bytes that it asked for, if it waits in a call that receives; otherwise 0.
        timeout: The seconds after which it goes on by itself; infinite if it does not.
        switches: How often it has waited so far.
    """

    wait: Wait
    inputs: frozenset[int] = frozenset()
    outputs: frozenset[int] = frozenset()
    size: int = 0
    timeout: float = inf
    switches: int = 0


def _memory(process: Path, address: int, size: int) -> bytes:
    with (process / "mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        return memory.read(size)


def _polled(process: Path, address: int, count: int) -> dict[int, int]:
    if not count:  # the kernel does not look at the address, either
        return {}
    data = _memory(process, address, 8 * min(count, _MOST_DESCRIPTORS))
    entries = struct.iter_unpack("=ihh", data[: len(data) // 8 * 8])
    return {descriptor: events for descriptor, events, _ in entries if descriptor >= 0}


def _selected(process: Path, address: int, count: int) -> frozenset[int]:
    if not address or not count:
        return frozenset()
    bits = int.from_bytes(
        _memory(process, address, min(count, _MOST_DESCRIPTORS) // 8 + 1), "little"
    )
    return frozenset(
        number for number in range(min(count, _MOST_DESCRIPTORS)) if bits >> number & 1
    )


def _watched(process: Path, descriptor: int) -> dict[int, int]:
    watched = {}
    for line in (process / "fdinfo" / str(descriptor)).read_text().splitlines():
        if line.startswith("tfd:"):
            fields = line.split()
            watched[int(fields[1])] = int(fields[3], 16)
    return watched


def _watched_deeply(process: Path, descriptor: int) -> dict[int, int]:
    # An event loop inside another one is an epoll descriptor that epoll watches.
    watched = _watched(process, descriptor)
    inner = [each for each in watched if _is_epoll(process, each)]
    for each in inner[:_MOST_INNER]:
        watched |= _watched(process, each)
    return watched


def _is_epoll(process: Path, descriptor: int) -> bool:
    with suppress(OSError):  # it has just been closed
        return os.readlink(process / "fd" / str(descriptor)) == "anon_inode:[eventpoll]"  # noqa: PTH115 (not a path)
    return False


def _by_events(events: dict[int, int]) -> tuple[frozenset[int], frozenset[int]]:
    inputs = frozenset(number for number, wanted in events.items() if wanted & _POLLIN)
    outputs = frozenset(number for number, wanted in events.items() if wanted & _POLLOUT)
    return inputs, outputs


def _in_call(process: Path, call: Call | None, arguments: list[int]) -> Thread:
    first = frozenset(arguments[:1])
    match call:
        case Call.READ:
            return Thread(Wait.INPUT, first, size=arguments[2])
        case Call.ACCEPT | Call.RECEIVE_MESSAGE:
            return Thread(Wait.INPUT, first)
        case Call.WRITE:
            return Thread(Wait.OUTPUT, outputs=first)
        case Call.CONNECT:
            return Thread(Wait.CONNECTION)
        case Call.POLL | Call.POLL_UNTIL:
            is_pointer = call is Call.POLL_UNTIL
            timeout = _seconds(process, arguments[2]) if is_pointer else _milliseconds(arguments[2])
            return _waiting(*_by_events(_polled(process, arguments[0], arguments[1])), timeout)
        case Call.EPOLL:
            timeout = _milliseconds(arguments[3])
            return _waiting(*_by_events(_watched_deeply(process, arguments[0])), timeout)
        case Call.SELECT:
            inputs, outputs = (_selected(process, each, arguments[0]) for each in arguments[1:3])
            return _waiting(inputs, outputs, _seconds(process, arguments[4]))
        case Call.SLEEP:
            return Thread(Wait.TIME, timeout=0)
        case Call.CHILD:
            return Thread(Wait.OTHERS)
        case Call.LOCK:
            return Thread(Wait.OTHERS, timeout=_lock_seconds(process, arguments))
    return Thread(Wait.UNKNOWN)


def _waiting(inputs: frozenset[int], outputs: frozenset[int], timeout: float) -> Thread:
    if inputs or outputs:
        wait = Wait.INPUT if inputs else Wait.OUTPUT
        return Thread(wait, inputs, outputs, timeout=timeout)
    return Thread(Wait.TIME, timeout=0)  # select() without descriptors is an old way to sleep


def _milliseconds(argument: int) -> float:
    signed = struct.unpack("=i", struct.pack("=I", argument & 0xFFFFFFFF))[0]
    return inf if signed < 0 else signed / 1000


def _seconds(process: Path, address: int) -> float:
    """Return a struct timespec; the nanoseconds, or microseconds in a timeval, do not matter."""
    if not address:
        return inf
    return float(struct.unpack("=q", _memory(process, address, 8))[0])


def _lock_seconds(process: Path, arguments: list[int]) -> float:
    """Return in how many seconds futex(2) ends, in which a thread waits for an event or a queue."""
    operation, until = arguments[1], _seconds(process, arguments[3])
    if operation & _FUTEX_COMMAND != _FUTEX_WAIT_BITSET:
        return until
    is_real = operation & _FUTEX_REAL_TIME
    return until - time.clock_gettime(time.CLOCK_REALTIME if is_real else time.CLOCK_MONOTONIC)


_CALLS = table()


def thread(process: Path, task: Path) -> Thread:
    """Return what a thread waits for.

    Args:
        process: The directory of its process in /proc.
        task: The directory of the thread.
    """
    # The arguments are the program's: an address may be any number.
    with suppress(OSError, ValueError, IndexError, OverflowError, struct.error):
        fields = (task / "syscall").read_text().split()
        if fields[0] == "running":
            return Thread(Wait.NOTHING)
        number = int(fields[0])
        state = Thread(Wait.UNKNOWN)
        if number >= 0:
            arguments = [int(field, 16) for field in fields[1:7]]
            state = _in_call(process, _CALLS.get(number), arguments)
        # A name that was cut after 15 bytes need not be UTF-8.
        status = (task / "status").read_text(errors="replace")
        counts = status.rsplit("voluntary_ctxt_switches:", 2)
        switches = int(counts[1].split()[0]) + int(counts[2].split()[0])
        return replace(state, switches=switches)
    return Thread(Wait.NOTHING)  # it has ended, or changed while it was read


def descriptors(process: Path) -> dict[int, str]:
    """Return what the descriptors of a process refer to, such as ``socket:[123]``."""
    found = {}
    with suppress(OSError):
        for entry in os.scandir(process / "fd"):
            with suppress(OSError):
                found[int(entry.name)] = os.readlink(entry.path)  # noqa: PTH115 (not a path)
    return found
