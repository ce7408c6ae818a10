"""Namespaces for users, mounts, processes, the network and System V memory."""

from __future__ import annotations

import os
from pathlib import Path

from . import system_calls

FIRST_USER, LAST_USER, NOBODY = 61184, 65519, 65534


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
