"""The options of a process, whichever services it runs."""

from __future__ import annotations

import os
from typing import Any

from twisted.python.usage import UsageError

from twisted_lab.eventlog.options import LogOptions
from twisted_lab.ports.file_reserve import raise_file_limit
from twisted_lab.text import option
from twisted_lab.text.command_line import CannotRun

# The default endpoint of the control channel.
CONTROL = "unix:netlab.control"
LEAST_FILES = 64  # for all services together, without peers
LONGEST_PATH = 107  # bytes: what the kernel has room for, beside a NUL


def control_endpoint(text: str) -> str:
    """Read the description of the control channel's endpoint.

    Raises:
        UsageError: It is not one.
    """
    path = text.removeprefix("unix:").partition(":")[0]
    if not text.startswith("unix:") or not path:
        # Any process that can connect can stop it, and only files have owners.
        raise UsageError(f"expected a unix endpoint such as {CONTROL}, not {text!r}")
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise UsageError(
            f"the path of a socket has at most {LONGEST_PATH} bytes, and {path!r} is longer"
        )
    return text


def socket_paths(*endpoints: str | None) -> list[str]:
    """Return the paths of those endpoints that are unix sockets."""
    prefix = "unix:"
    return [each.removeprefix(prefix) for each in endpoints if each and each.startswith(prefix)]


def current_directory() -> str | None:
    """Return the current directory; None if it was removed."""
    try:
        return os.getcwd()  # noqa: PTH109
    except FileNotFoundError:
        return None


class ProcessOptions(LogOptions):
    """Where a process logs, how it ends, and how an operator reaches it."""

    drain = option.seconds(
        "On shutdown, seconds to wait for pending output to be delivered.",
        default=5,
        least=0,
        most=3600,
    )
    control = option.parsed(
        f"Accept commands of python -m twisted_lab.control at this endpoint, such as {CONTROL}.",
        control_endpoint,
        default=None,
    )
    metrics = option.text(
        "Serve metrics to Prometheus at this endpoint, such as tcp:9100:interface=127.0.0.1.",
        default=None,
    )

    def postOptions(self) -> None:
        """Check whether the process can run as it is; a server in the foreground needs no pid file.

        With twistd's a second server could not be started from the same directory.
        """
        super().postOptions()
        twistd: Any = self.parent or {}
        is_relative = any(not os.path.isabs(path) for path in self.files())  # noqa: PTH117
        if is_relative and current_directory() is None:
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

    def files(self) -> list[str]:
        """Return the paths of the files and unix sockets that the options name."""
        named = [self[name] for name, each in self.declared.items() if each.kind]
        return [path for path in named if path is not None] + socket_paths(
            self.control, self.metrics
        )
