"""System calls that Python does not have, by way of the C library."""

from __future__ import annotations

import ctypes
import os

from .messages import Message

MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 36, 38

_MOUNT_SETATTR = 442  # the same number on all architectures of Linux 5.12 and later
_MOUNT_ATTRIBUTES_RDONLY_NOSUID = 3
_AT_FDCWD = -100
AT_RECURSIVE = 0x8000

_libc = ctypes.CDLL(None, use_errno=True)


class _MountAttributes(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "user_namespace")
    )


def _check(result: int, what: str) -> None:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def reason_of(error: Exception) -> Message:
    """Return why something failed, in one line without the number of the error."""
    if isinstance(error, OSError) and error.filename:
        return Message(f"{error.filename}: {error.strerror}", {})
    reason = (error, *error.args)[-1]
    return reason if isinstance(reason, Message) else Message(str(reason), {})


def unshare(flags: int) -> None:
    """Leave namespaces for new ones.

    Args:
        flags: Which ones, `CLONE_NEW...`.

    Raises:
        OSError: The machine does not allow it.
    """
    _check(_libc.unshare(flags), "cannot make namespaces")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount a file system, or with `MS_BIND` a part of one.

    Raises:
        OSError: It cannot be mounted.
    """
    texts = [text.encode() or None for text in (source, target, kind)]
    result = _libc.mount(*texts, ctypes.c_ulong(flags), options.encode() or None)
    _check(result, f"cannot mount {target}")


def make_read_only(path: str, scope: int = 0) -> None:
    """Make a mount read-only, and its set-user-ID bits without effect.

    Args:
        path: Where it is mounted.
        scope: `AT_RECURSIVE` for all mounts below it, too.

    Raises:
        OSError: The kernel is older than Linux 5.12, or `path` is no mount.
    """
    attributes = _MountAttributes(set=_MOUNT_ATTRIBUTES_RDONLY_NOSUID)
    result = _libc.syscall(
        ctypes.c_long(_MOUNT_SETATTR),
        ctypes.c_long(_AT_FDCWD),
        path.encode(),
        ctypes.c_ulong(scope),
        ctypes.byref(attributes),
        ctypes.c_size_t(ctypes.sizeof(attributes)),
    )
    _check(result, f"cannot make {path} read-only")


def prctl(option: int, value: int, pointer: int = 0) -> None:
    """Set a property of this process, `PR_SET_...`."""
    arguments = [ctypes.c_ulong(each) for each in (value, pointer, 0, 0)]
    _check(_libc.prctl(option, *arguments), "prctl")
