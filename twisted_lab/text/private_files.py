"""Private files: readable by their owner alone, and whole at each moment."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path

LARGEST = 2**20  # bytes


def _check_regular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is not a regular file")


def read_private(path: Path) -> bytes:
    """Read a file of at most 1 MiB, without blocking.

    Raises:
        OSError: It cannot be read, is larger, or is no regular file but a device, say.
    """
    # A FIFO would wait for its other end.
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
        _check_regular(os.fstat(file.fileno()).st_mode)
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise OSError(errno.EFBIG, f"it is larger than {LARGEST} bytes")
    return data


def write_private(path: Path, data: bytes) -> None:
    """Write `data` to a file of its own, which takes the place of the old one when it is whole.

    A symbolic link stays one. A file that is not regular, such as ``/dev/null``, stays as it is:
    were it replaced, the whole machine would miss it.

    Raises:
        OSError: It cannot be written; the old one stays.
    """
    path = Path(os.path.realpath(path))
    if path.exists():
        _check_regular(path.stat().st_mode)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
