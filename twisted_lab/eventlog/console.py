"""Standard output or error, written to without making the reactor wait."""

from __future__ import annotations

import atexit
import os
import select
import stat
import threading
from contextlib import suppress
from io import TextIOBase

MOST_BYTES = 262_144  # that may wait to be shown
PIECE_BYTES = 4096
CLOSE_SECONDS = 1.0  # for which the end waits for a person who has stopped the output


def _opened_again(descriptor: int) -> int | None:
    """Open a pipe's writing end once more, without blocking, which its other holders do not share.

    Returns:
        The new descriptor; None if this cannot be done: it is another user's pipe, or has no
        reader.
    """
    try:
        return os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


class Console(TextIOBase):
    """A stream of text to a terminal, a pipe or a file; a thread writes where that could block.

    Its reader may stop for any time (Ctrl-S, a pager). Lines that do not fit meanwhile are dropped
    and counted, and the number is shown in their place. The given descriptor stays blocking: other
    programs, such as the shell, share that flag.

    Args:
        descriptor: It is duplicated: twistd puts its log in the place of sys.stderr, and a daemon
            lets go of its terminal.

    Attributes:
        descriptor: The number of the duplicate; that of a pipe does not block, if it can be had.
        lost: How many lines were dropped.
    """

    encoding = "utf-8"

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.lost = 0
        mode = os.fstat(descriptor).st_mode
        pipe = _opened_again(descriptor) if stat.S_ISFIFO(mode) else None
        self.descriptor = os.dup(descriptor) if pipe is None else pipe
        self._needs_no_thread = stat.S_ISREG(mode) or pipe is not None
        # A pipe takes PIPE_BUF bytes as a whole or not at all (pipe(7)).
        self._most_at_once = select.PIPE_BUF if pipe is not None else MOST_BYTES
        self._waiting: list[bytes] = []
        self._size = 0  # bytes that wait or are being written
        self._unsaid = 0  # how many lost lines the console does not tell of yet
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
        """Have `text` written, unless too much waits already."""
        data = text.encode(errors="backslashreplace")
        if self._write_at_once(data):
            return len(text)
        with self._changed:
            # Not at the first free byte, or every other line would be lost.
            most = MOST_BYTES // 2 if self._unsaid else MOST_BYTES
            if self._is_ending or self._size + len(data) > most:
                self._lose(data)
            else:
                self._say_what_was_lost()
                self._append(data)
                self._changed.notify_all()
        if self._thread is None and not self._is_ending:
            self._begin()
        return len(text)

    def _write_at_once(self, data: bytes) -> bool:
        """Write to a file, or to a pipe that has room, without a thread.

        A second thread makes each system call of the process dearer: an echo by 7%.
        """
        if self._thread is not None or self._is_ending or not self._needs_no_thread:
            return False
        # Output that waits for a thread, which could not be started so far, goes first.
        if self._waiting or len(data) > self._most_at_once:
            return False
        try:
            data = data[os.write(self.descriptor, data) :]
        except BlockingIOError:
            return False
        except OSError:  # No one reads it any more, or the disk is full.
            pass
        self.lost += data.count(b"\n")
        return True

    def _append(self, data: bytes) -> None:
        self._waiting.append(data)
        self._size += len(data)

    def _lose(self, data: bytes) -> None:
        lines = data.count(b"\n")
        self.lost += lines
        self._unsaid += lines

    def _say_what_was_lost(self) -> None:
        if self._unsaid:
            self._append(b"... %d lines are missing here: nobody read them\n" % self._unsaid)
            self._unsaid = 0

    def _begin(self) -> None:
        # Not in __init__: twistd may have to fork first, and threads stay behind.
        thread = threading.Thread(target=self._run, name="console", daemon=True)
        with suppress(RuntimeError):  # There is no memory for one; the next write tries again.
            thread.start()
            self._thread = thread
            atexit.register(self.close)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._unsaid or self._is_ending)
                self._say_what_was_lost()
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
                # It was opened again, or another program has made it non-blocking.
                poll = select.poll()
                poll.register(self.descriptor, select.POLLOUT)
                poll.poll()
                continue
            except OSError:
                with self._changed:  # No one reads it any more.
                    self.lost += data.count(b"\n")
                written = len(data)
            data = data[written:]
            with self._changed:
                self._size -= written
                self._changed.notify_all()

    def settle(self) -> None:
        """Wait until all is written, for a second at most."""
        with self._changed:
            self._changed.wait_for(lambda: not self._size, CLOSE_SECONDS)

    def let_go(self) -> None:
        """Take nothing more; output that waits is still written."""
        with self._changed:
            if self._is_ending:
                return
            self._is_ending = True
            self._changed.notify_all()
        if self._thread is None:
            self._say_what_was_lost()
            for data in self._waiting:
                written = 0
                if select.select([], [self.descriptor], [], 0)[1]:
                    with suppress(OSError):
                        written = os.write(self.descriptor, data)
                self.lost += data[written:].count(b"\n")
            self._size = 0
            os.close(self.descriptor)

    def close(self) -> None:
        """Take nothing more, and wait for the pending output, for a second at most."""
        self.let_go()
        self.settle()
        atexit.unregister(self.close)
        super().close()
