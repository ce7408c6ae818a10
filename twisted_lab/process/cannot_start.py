"""Exception that ends a process that cannot start."""

from __future__ import annotations


class CannotStart(SystemExit, Exception):
    """The process cannot start; the reason has been reported on the console.

    It is both a `SystemExit` and an `Exception`, because Twisted and Python handle it by its type:

    - After an `Exception`, twistd removes its pid file, and reports the reason to the process that
      waits for the daemon (`UnixApplicationRunner.postApplication`). It does neither after a plain
      `SystemExit`.
    - After a `SystemExit`, Python exits with status 1 and without a traceback.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.code = 1
