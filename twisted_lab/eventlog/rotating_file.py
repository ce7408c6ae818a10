"""Append-only file of lines, with rotation by size."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from select import PIPE_BUF

BATCH_BYTES = 65_536


class RotatingFile:
    """A file to which several processes can append whole lines.

    Only its owner can read a file that it creates, whatever the umask: a log has the names,
    addresses and, at level debug, the input of peers.

    Twisted's LogFile writes at a remembered position instead of appending, renames devices, and
    does not report failed rotations and incomplete writes.

    Args:
        path: The file; a device or a pipe is never rotated.
        rotate_bytes: The size at which a new file is begun. The last write may exceed it, and so
            may the writes of other processes during a rotation.
        keep: The number of old files to keep, as ``path.1`` (the newest) and so on.
        cannot_rotate: Called with the error when a rotation fails; the next attempt follows after
            another `rotate_bytes`.

    Attributes:
        batch_bytes: The best size of a batch of lines; larger writes bring no gain.

    Raises:
        OSError: The file cannot be written.
    """

    def __init__(
        self,
        path: str,
        rotate_bytes: int,
        keep: int,
        cannot_rotate: Callable[[OSError], object],
    ) -> None:
        self._path = Path(path)
        self._rotate_bytes = rotate_bytes
        self._keep = keep
        self._cannot_rotate = cannot_rotate
        self._stuck = False
        self._open()
        # Not checked after a rotation, when another process may be in the middle of a line.
        self._cut_short = self._rotates and not self._ends_with_a_line()

    def write(self, lines: list[bytes]) -> None:
        """Append `lines`, which end with newlines, and remove them from the list.

        Raises:
            OSError: The lines that remain in the list were not written, or not completely.
        """
        trouble = self._rotate() if self._rotates else None
        # A pipe takes one line completely or not at all, but of many lines perhaps only a part.
        count = len(lines) if self._rotates else 1
        while lines:
            data = b"".join(lines[:count])
            if self._cut_short:
                data = b"\n" + data
            written = os.write(self._descriptor, data)
            if written < len(data):
                written -= self._cut_short
                while written >= len(lines[0]):
                    written -= len(lines.pop(0))
                self._cut_short = written != 0
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._cut_short = False
            del lines[:count]
        if trouble is not None:
            self._cannot_rotate(trouble)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _open(self) -> None:
        # Non-blocking, so that a pipe without a reader, or a full one, causes an error, not a wait.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        self._descriptor = os.open(self._path, flags, 0o600)
        self._rotates = stat.S_ISREG(os.fstat(self._descriptor).st_mode)
        # Small batches do not overrun the reader of a pipe, which holds 64 KiB.
        self.batch_bytes = min(BATCH_BYTES, self._rotate_bytes) if self._rotates else PIPE_BUF
        self._rotate_at = self._rotate_bytes
        self._cut_short = False

    def _ends_with_a_line(self) -> bool:
        with suppress(OSError), self._path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"
        return True  # The file is empty, or we may not read it.

    def _rotate(self) -> OSError | None:
        status = os.fstat(self._descriptor)
        if status.st_size < self._rotate_at:
            return None
        old = self._descriptor
        try:
            # One of the processes that share the file renames it; the others reopen it.
            fcntl.flock(old, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self._still_has_its_name(status):
                self._rename()
            else:
                self._open()
        except BlockingIOError:
            # Another process rotates the file. Waiting for the lock would let any process that can
            # read the file, and so lock it, stop the service.
            return None
        except OSError as error:
            with suppress(OSError):
                fcntl.flock(old, fcntl.LOCK_UN)
            self._rotate_at = status.st_size + self._rotate_bytes
            is_new, self._stuck = not self._stuck, True
            return error if is_new else None
        self._stuck = False
        os.close(old)
        return None

    def _still_has_its_name(self, status: os.stat_result) -> bool:
        try:
            return os.path.samestat(self._path.stat(), status)
        except FileNotFoundError:
            return False

    def _rename(self) -> None:
        for number in range(self._keep - 1, 0, -1):
            with suppress(FileNotFoundError):
                self._numbered(number).replace(self._numbered(number + 1))
        newest = self._numbered(1)
        self._path.replace(newest)
        try:
            self._open()
        except OSError:
            # Restore the name, unless another process has created a file of that name.
            with suppress(OSError):
                self._path.hardlink_to(newest)
                newest.unlink()
            raise

    def _numbered(self, number: int) -> Path:
        return Path(f"{self._path}.{number}")
