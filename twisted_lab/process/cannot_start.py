"""The exception that ends a process which cannot start."""

from __future__ import annotations


class CannotStart(SystemExit, Exception):
    """The service cannot start; the reason is on the console already.

    No code of ours runs between the service that raises this and the end of the program. What
    happens there depends on the type alone, in two places that ask for different ones:

    - twistd removes its pid file, and tells the process that waits for its daemon why the start has
      failed, after an `Exception` (`UnixApplicationRunner.postApplication`). After a mere
      `SystemExit` the pid file would stay, and the reason would be missing.
    - Python ends with status 1 and without a traceback after a `SystemExit`. After any other
      exception, a traceback would follow the line that gives the reason.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.code = 1
