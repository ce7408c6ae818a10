"""Console: standard output or error, written to without blocking the reactor."""

from __future__ import annotations

import atexit
import os
import select
import stat
import threading
from contextlib import suppress
from io import TextIOBase

MOST_BYTES = 262_144  # of pending output
PIECE_BYTES = 4096  # per write of the thread
CLOSE_SECONDS = 1.0  # that `close` waits for a reader that has stopped the output


def _opened_again(descriptor: int) -> int | None:
    """Open a pipe's writing end again as non-blocking, which does not affect its other holders.

    Returns:
        The new file descriptor; None if the pipe belongs to another user or has no reader.
    """
    try:
        return os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


class Console(TextIOBase):
    """A text stream to a terminal, a pipe or a file; where writes could block, a thread writes.

    The reader may stop at any time (Ctrl-S, a pager). Lines beyond MOST_BYTES are then dropped and
    counted, and the console shows their number in their place. The given file descriptor stays
    blocking, because other programs, such as the shell, share that flag.

    Args:
        descriptor: The file descriptor. It is duplicated, because twistd replaces sys.stderr by its
            log, and a daemon detaches from its terminal.

    Attributes:
        descriptor: The duplicate; that of a pipe is non-blocking if possible.
        lost: The number of dropped lines.
    """

    encoding = "utf-8"

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.lost = 0
        mode = os.fstat(descriptor).st_mode
        pipe = _opened_again(descriptor) if stat.S_ISFIFO(mode) else None
        self.descriptor = os.dup(descriptor) if pipe is None else pipe
        self._needs_no_thread = stat.S_ISREG(mode) or pipe is not None
        # A write of at most PIPE_BUF bytes to a pipe is atomic (pipe(7)).
        self._most_at_once = select.PIPE_BUF if pipe is not None else MOST_BYTES
        self._waiting: list[bytes] = []
        self._size = 0  # bytes of pending output
        self._unreported = 0  # dropped lines that the console has not reported yet
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_ending = False

    def isatty(self) -> bool:
        """See `io.IOBase.isatty`."""
        return os.isatty(self.descriptor)

    def writable(self) -> bool:
        """See `io.IOBase.writable`."""
        return True

    def write(self, text: str) -> int:
        """Write `text` soon, or drop it if too much output is pending."""
        data = text.encode(errors="backslashreplace")
        if self._write_at_once(data):
            return len(text)
        with self._changed:
            # Resume only at half, or else lines would be lost again and again.
            most = MOST_BYTES // 2 if self._unreported else MOST_BYTES
            if self._is_ending or self._size + len(data) > most:
                self._lose(data)
            else:
                self._report_lost()
                self._append(data)
                self._changed.notify_all()
        if self._thread is None and not self._is_ending:
            self._begin()
        return len(text)

    def _write_at_once(self, data: bytes) -> bool:
        """Write to a file, or to a pipe with room, without a thread; tell whether that worked.

        With a second thread each system call of the process costs more: 7% for an echo.
        """
        if self._thread is not None or self._is_ending or not self._needs_no_thread:
            return False
        # Earlier output may still wait for a thread that could not be started.
        if self._waiting or len(data) > self._most_at_once:
            return False
        try:
            data = data[os.write(self.descriptor, data) :]
        except BlockingIOError:
            return False
        except OSError:  # The reader has closed the pipe, or the disk is full.
            pass
        self.lost += data.count(b"\n")
        return True

    def _append(self, data: bytes) -> None:
        self._waiting.append(data)
        self._size += len(data)

    def _lose(self, data: bytes) -> None:
        lines = data.count(b"\n")
        self.lost += lines
        self._unreported += lines

    def _report_lost(self) -> None:
        if self._unreported:
            self._append(
                b"... %d lines are missing here: the console was not read\n" % self._unreported
            )
            self._unreported = 0

    def _begin(self) -> None:
        # Not in __init__, because threads do not survive the fork with which twistd may become a
        # daemon.
        thread = threading.Thread(target=self._run, name="console", daemon=True)
        with suppress(RuntimeError):  # no memory for a thread; the next write tries again
            thread.start()
            self._thread = thread
            atexit.register(self.close)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._unreported or self._is_ending)
                self._report_lost()
                data = b"".join(self._waiting)
                self._waiting.clear()
            if not data:
                break
            self._write(data)
        os.close(self.descriptor)

    def _write(self, data: bytes) -> None:
        while data:
            try:
                written = os.write(self.descriptor, data[:PIECE_BYTES])
            except BlockingIOError:
                # The pipe was reopened as non-blocking, or another program has set that flag.
                poll = select.poll()
                poll.register(self.descriptor, select.POLLOUT)
                poll.poll()
                continue
            except OSError:
                with self._changed:  # the reader has closed the pipe
                    self.lost += data.count(b"\n")
                written = len(data)
            data = data[written:]
            with self._changed:
                self._size -= written
                self._changed.notify_all()

    def settle(self) -> None:
        """Wait until the pending output is written, for at most CLOSE_SECONDS."""
        with self._changed:
            self._changed.wait_for(lambda: not self._size, CLOSE_SECONDS)

    def release(self) -> None:
        """Accept no more output; pending output is still written."""
        with self._changed:
            if self._is_ending:
                return
            self._is_ending = True
            self._changed.notify_all()
        if self._thread is None:
            self._report_lost()
            for data in self._waiting:
                written = 0
                if select.select([], [self.descriptor], [], 0)[1]:
                    with suppress(OSError):
                        written = os.write(self.descriptor, data)
                self.lost += data[written:].count(b"\n")
            self._size = 0
            os.close(self.descriptor)

    def close(self) -> None:
        """Accept no more output, and wait for the pending output, for at most CLOSE_SECONDS."""
        self.release()
        self.settle()
        atexit.unregister(self.close)
        super().close()
