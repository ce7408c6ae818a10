"""Private files, which only their owner can read, and which are replaced atomically."""

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
        OSError: The file cannot be read, is larger, or is not a regular file, but a device, say.
    """
    # Without O_NONBLOCK, opening a FIFO would wait for its other end.
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
        _check_regular(os.fstat(file.fileno()).st_mode)
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise OSError(errno.EFBIG, f"it is larger than {LARGEST} bytes")
    return data


def write_private(path: Path, data: bytes) -> None:
    """Write `data` to a new file, which replaces the old one once it is complete.

    A symbolic link remains; the file that it points to is replaced. A file that is not regular,
    such as ``/dev/null``, is not replaced, because the whole machine depends on it.

    Raises:
        OSError: The file cannot be written, or is not regular; the old file is unchanged.
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
