"""The death of the parent process; little is imported, so that it is watched from the start."""

from __future__ import annotations

import ctypes
import signal
from contextlib import suppress

PR_SET_PDEATHSIG = 1  # prctl(2)


def continue_when_the_parent_dies() -> None:
    """Have the kernel continue this process, if it is stopped, when its parent dies.

    A stopped process does not see that its standard input has ended, and would keep its port. Only
    Linux can do this. If the parent has died already, the end of the input is enough: this process
    is running.
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGCONT)
