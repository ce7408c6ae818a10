"""The options of a process, whichever services it runs."""

from __future__ import annotations

import os
from typing import Any, ClassVar

from twisted.python.usage import UsageError

from twisted_lab.eventlog.options import LogOptions
from twisted_lab.ports.file_reserve import raise_file_limit
from twisted_lab.text.command_line import CannotRun, natural_number

# The default endpoint of the control channel.
CONTROL = "unix:netlab.control"
# Options that name a file.
FILES = ("log-file", "database", "history", "certificate", "key")
LEAST_FILES = 64  # for all services together, without peers
LONGEST_PATH = 107  # bytes: what the kernel has room for, beside a NUL


def control_endpoint(text: str) -> str:
    """Read the description of a unix endpoint.

    Raises:
        UsageError: It is not one.
    """
    path = text.removeprefix("unix:").partition(":")[0]
    if not text.startswith("unix:") or not path:
        # Any process that can connect can stop it, and only files have owners.
        raise UsageError(f"--control is a unix endpoint such as {CONTROL}, not {text!r}")
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise UsageError(
            f"--control: a socket's path has at most {LONGEST_PATH} bytes, and {path!r} is longer"
        )
    return text


def current_directory() -> str | None:
    """Return the current directory; None if it was removed."""
    try:
        return os.getcwd()  # noqa: PTH109
    except FileNotFoundError:
        return None


class ProcessOptions(LogOptions):
    """Where a process logs, how it ends, and how an operator reaches it."""

    optParameters: ClassVar = [
        [
            "drain",
            None,
            5,
            "Seconds that peers are given to take what they are owed, at the end.",
            natural_number("drain", 0, 3600),
        ],
        [
            "control",
            None,
            None,
            f"Heed python -m twisted_lab.control at this endpoint, such as {CONTROL}.",
            control_endpoint,
        ],
        [
            "metrics",
            None,
            None,
            "Tell Prometheus at this endpoint, such as tcp:9100:interface=127.0.0.1.",
        ],
    ]

    def postOptions(self) -> None:
        """Check whether the process can run as it is; a server in the foreground needs no pid file.

        With twistd's a second server could not be started from the same directory.
        """
        super().postOptions()
        twistd: Any = self.parent or {}
        if self._has_relative_file() and current_directory() is None:
            raise CannotRun(
                "the current directory was removed: change to another one, or give absolute paths"
            )
        if 0 <= (files := raise_file_limit()) < LEAST_FILES:
            raise CannotRun(
                f"only {files} files may be open, and {LEAST_FILES} are needed at least "
                "(ulimit -Hn raises the limit)"
            )
        if twistd.get("nodaemon") and twistd["pidfile"] == "twistd.pid":
            twistd["pidfile"] = ""

    def _has_relative_file(self) -> bool:
        files = [self[name] for name in FILES if self.get(name) is not None]
        endpoints = [self["control"], self["metrics"], *self.get("listen", [])]
        files += [each[5:] for each in endpoints if each and each.startswith("unix:")]
        makes_own = self.get("tls") and self["certificate"] is None
        return bool(makes_own) or any(not os.path.isabs(file) for file in files)  # noqa: PTH117
