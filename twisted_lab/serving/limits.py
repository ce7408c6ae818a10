"""The limits of the process."""

from __future__ import annotations

import resource
from contextlib import suppress


def raise_file_limit() -> None:
    """Let the process open as many files, and so serve as many peers, as it is allowed to."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Some systems have a hard limit that they do not let a process reach.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
