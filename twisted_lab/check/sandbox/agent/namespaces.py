"""Namespaces for users, mounts, processes, the network and System V memory."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from . import system_calls

FIRST_USER, LAST_USER, NOBODY = 61184, 65519, 65534
_CONNECTIONS = "4096"  # entries of the table; half as many can be in TIME_WAIT


class NotAllowed(Exception):
    """This machine does not allow isolation, for a reason in one line."""


def enter() -> None:
    """Enter new namespaces, in which this process has all capabilities, and nowhere else.

    The next child of this process is the first one in the process namespace: all processes there
    end with it.

    Raises:
        OSError: The machine does not allow it.
    """
    ready, unshared = os.pipe()
    helper = os.fork()
    if not helper:
        os.close(unshared)
        os._exit(_write_maps(os.getppid()) if os.read(ready, 1) else 1)
    os.close(ready)
    try:
        system_calls.unshare(
            system_calls.CLONE_NEWUSER
            | system_calls.CLONE_NEWNS
            | system_calls.CLONE_NEWPID
            | system_calls.CLONE_NEWNET
            | system_calls.CLONE_NEWIPC
            | system_calls.CLONE_NEWUTS
        )
        os.write(unshared, b"1")
    finally:
        os.close(unshared)
        _, status = os.waitpid(helper, 0)
    if status:
        raise PermissionError("cannot map users in the namespace")
    _shrink_tables()


def _shrink_tables() -> None:
    """Enter another network namespace, whose table of connections is small.

    The checker often reads /proc/PID/net/tcp, for which the kernel goes through the whole table:
    the machine's own, which namespaces share by default, takes 1 ms.
    """
    with suppress(OSError):  # Linux before 6.1 has no such setting
        Path("/proc/sys/net/ipv4/tcp_child_ehash_entries").write_text(_CONNECTIONS)
        system_calls.unshare(system_calls.CLONE_NEWNET)


def _write_maps(pid: int) -> int:
    """Map each user and group to itself, from outside of the namespace of `pid`; return 0.

    Only root may map others than itself.
    """
    process = Path(f"/proc/{pid}")
    try:
        if os.geteuid():
            (process / "setgroups").write_text("deny")
        for name, own in (("uid_map", os.geteuid()), ("gid_map", os.getegid())):
            extents = [line.split() for line in Path("/proc/self", name).read_text().splitlines()]
            lines = [f"{first} {first} {count}" for first, _, count in extents]
            (process / name).write_text("\n".join(lines) if not os.geteuid() else f"{own} {own} 1")
    except OSError:
        return 1
    return 0


def unprivileged_user() -> int | None:
    """Return the user and group number for programs; None: this process's own.

    Sandboxes at the same time have different users, so that the limit on processes counts only a
    sandbox's own, and without namespaces, programs cannot signal each other.
    """
    if os.geteuid():
        return None
    chosen = FIRST_USER + os.getpid() % (LAST_USER + 1 - FIRST_USER)
    extents = [line.split() for line in Path("/proc/self/uid_map").read_text().splitlines()]
    return next(
        (
            user
            for user in (chosen, NOBODY)
            if any(int(first) <= user < int(first) + int(count) for first, _, count in extents)
        ),
        None,
    )
