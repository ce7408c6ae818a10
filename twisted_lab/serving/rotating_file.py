"""A file of lines that is only ever appended to, and begun anew when it has grown to a size."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress


class RotatingFile:
    """Lines, each written at once and whole, so that several processes may share the file.

    Twisted's own LogFile remembers where it is instead of appending, renames devices, and says
    nothing when it cannot rotate or write all.

    Args:
        path: The file; a device or a pipe is written to, and never rotated.
        rotate_bytes: The size from which on a new file is begun.
        keep: How many old files stay, as ``path.1`` (the newest) and so on.
        cannot_rotate: Called with the error when no new file can be begun; the old one grows by
            as much again before the next attempt.

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
        self._path = path
        self._rotate_bytes = rotate_bytes
        self._keep = keep
        self._cannot_rotate = cannot_rotate
        self._cut_short = False
        self._stuck = False
        self._open()

    def write(self, line: bytes) -> None:
        """Append `line`, which ends with a newline.

        Raises:
            OSError: It was not written, or not all of it.
        """
        trouble = None
        if self._rotates and self._size >= self._rotate_bytes:
            trouble = self._rotate()
        if self._cut_short:
            line = b"\n" + line
        written = os.write(self._descriptor, line)
        self._size += written
        self._cut_short = written < len(line)
        if self._cut_short:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if trouble is not None:
            self._cannot_rotate(trouble)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _open(self) -> None:
        # A pipe that nobody reads, or that is full, is an error like any other, not a wait.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        self._descriptor = os.open(self._path, flags, 0o666)
        status = os.fstat(self._descriptor)
        self._rotates = stat.S_ISREG(status.st_mode)
        self._size = status.st_size
        self._cut_short = self._rotates and self._size > 0 and not self._ends_with_a_line()

    def _ends_with_a_line(self) -> bool:
        with suppress(OSError), open(self._path, "rb") as file:  # noqa: PTH123
            file.seek(-1, os.SEEK_END)
            return file.read() == b"\n"
        return True  # It may be written, but not read.

    def _rotate(self) -> OSError | None:
        status = os.fstat(self._descriptor)
        self._size = status.st_size
        if self._size < self._rotate_bytes:
            return None  # Somebody else has cut it.
        old = self._descriptor
        try:
            if self._still_has_its_name(status):
                for number in range(self._keep - 1, 0, -1):
                    with suppress(FileNotFoundError):
                        os.replace(f"{self._path}.{number}", f"{self._path}.{number + 1}")  # noqa: PTH105
                os.replace(self._path, f"{self._path}.1")  # noqa: PTH105
                try:
                    self._open()
                except OSError:
                    os.replace(f"{self._path}.1", self._path)  # noqa: PTH105
                    raise
            else:
                self._open()
        except OSError as error:
            self._size = 0  # It is tried again when as much has come once more, but said once.
            is_new, self._stuck = not self._stuck, True
            return error if is_new else None
        self._stuck = False
        os.close(old)
        return None

    def _still_has_its_name(self, status: os.stat_result) -> bool:
        try:
            return os.path.samestat(os.stat(self._path), status)  # noqa: PTH116
        except FileNotFoundError:
            return False
