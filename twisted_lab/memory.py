"""Too little memory to start, reported in one line.

Python, and modules in C and Rust, report it in many ways: as MemoryError, ImportError, OSError,
RuntimeError or SystemError.
"""

from __future__ import annotations

import os
import sys
from types import TracebackType

_ROOM = 32 * 2**20  # bytes: more than any module needs at once


def lacks_memory(error: BaseException) -> bool:
    """Tell whether `error` comes from too little memory: there is none left for 32 MiB."""
    try:
        return isinstance(error, MemoryError) or not bytearray(_ROOM)
    except MemoryError:
        return True


def say_lack(program: str) -> None:
    """Say that `program` has too little memory; this needs next to none itself."""
    os.write(2, f"{program}: too little memory to start\n".encode())


def hook_for(program: str) -> None:
    """Report lack of memory that ends `program` in one line, without a traceback."""

    def hook(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        if lacks_memory(error):
            say_lack(program)
        else:
            sys.__excepthook__(kind, error, traceback)

    sys.excepthook = hook
