"""Reaction to the death of the parent process.

This module imports little, so that it can run first in a worker.
"""

from __future__ import annotations

import ctypes
import signal
from contextlib import suppress

PR_SET_PDEATHSIG = 1  # prctl(2)


def continue_when_the_parent_dies() -> None:
    """Let the kernel continue this process (SIGCONT) when its parent dies.

    A stopped process would not notice the end of its standard input, and would keep its port. This
    works on Linux only. If the parent has died already, this process runs and will notice the end.
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGCONT)
