"""One-line reports of too little memory to start.

Depending on where memory runs out, Python and its extension modules raise MemoryError,
ImportError, OSError, RuntimeError or SystemError.
"""

from __future__ import annotations

import os
import sys
from types import TracebackType

_TRIAL_BYTES = 32 * 2**20  # bytes: more than any module needs at once


def lacks_memory(error: BaseException) -> bool:
    """Tell whether `error` is due to a lack of memory: not even 32 MiB can be allocated."""
    try:
        return isinstance(error, MemoryError) or not bytearray(_TRIAL_BYTES)
    except MemoryError:
        return True


def report_lack(program: str) -> None:
    """Report that `program` has too little memory; the report itself needs next to none."""
    os.write(2, f"{program}: too little memory to start\n".encode())


def hook_for(program: str) -> None:
    """Replace the traceback by one line if `program` ends for lack of memory."""

    def hook(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        if lacks_memory(error):
            report_lack(program)
        else:
            sys.__excepthook__(kind, error, traceback)

    sys.excepthook = hook
