"""Refuses system calls to programs, with a filter in the kernel: see seccomp(2)."""

from __future__ import annotations

import ctypes
import errno
import platform
import socket
import struct

from . import system_calls

_PR_SET_SECCOMP, _FILTER = 22, 2
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000  # SECCOMP_RET_ALLOW; ..._ERRNO, with the number below
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # instructions of BPF
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # their places in struct seccomp_data
_X32 = 0x40000000  # numbers of another interface begin here

# Others, such as AF_VSOCK to the host of a virtual machine, leave the network namespace.
_FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)

# By the machine: its number, socket(), and what is refused.
# - add_key, request_key, keyctl: the keys of the checker's user are in no namespace;
# - memfd_create, memfd_secret: memory that is sent to nobody belongs to no process;
# - io_uring_setup: it makes sockets past this filter, and waits where nobody sees it.
_MACHINES = {
    "x86_64": (0xC000003E, 41, (248, 249, 250, 319, 447, 425)),
    "aarch64": (0xC00000B7, 198, (217, 218, 219, 279, 447, 425)),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)


def _if(code: int, value: int, result: int) -> bytes:
    """Return instructions that end the filter if the loaded number compares to `value`."""
    return _instruction(code, value, 0, 1) + _instruction(_RETURN, result)


def is_known() -> bool:
    """Whether this machine's numbers of system calls are known."""
    return platform.machine() in _MACHINES


def refuse() -> None:
    """Refuse some system calls to this process and all that come from it, if `is_known`.

    Programs for other machines, such as 32-bit ones, can make no system call at all.

    Raises:
        OSError: The kernel has no filters.
    """
    if not is_known():
        return
    machine, make_socket, refused = _MACHINES[platform.machine()]
    missing = _REFUSE | errno.ENOSYS
    code = b"".join(
        (
            _instruction(_LOAD, _ARCHITECTURE),
            _instruction(_IF_EQUAL, machine, 1, 0),
            _instruction(_RETURN, missing),
            _instruction(_LOAD, _NUMBER),
            _if(_IF_AT_LEAST, _X32, missing),
            *(_if(_IF_EQUAL, number, missing) for number in refused),
            _instruction(_IF_EQUAL, make_socket, 1, 0),
            _instruction(_RETURN, _ALLOW),
            _instruction(_LOAD, _FIRST_ARGUMENT),
            *(_if(_IF_EQUAL, family, _ALLOW) for family in _FAMILIES),
            _instruction(_RETURN, _REFUSE | errno.EAFNOSUPPORT),
        )
    )
    program = _Program(len(code) // 8, code)
    system_calls.prctl(_PR_SET_SECCOMP, _FILTER, ctypes.addressof(program))
