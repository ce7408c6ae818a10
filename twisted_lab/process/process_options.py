"""Options of a process, for any services."""

from __future__ import annotations

import os
from typing import Any

from twisted.python.usage import UsageError

from twisted_lab.eventlog.options import LogOptions
from twisted_lab.ports.endpoints import endpoint
from twisted_lab.ports.file_reserve import raise_file_limit
from twisted_lab.text import option
from twisted_lab.text.command_line import CannotRun
from twisted_lab.text.language import N_, _

# The default endpoint of the control channel.
CONTROL = "unix:netlab.control"
LEAST_FILES = 64  # file descriptors for all services together, without connections
LONGEST_PATH = 107  # bytes: unix(7) has room for 108, with a NUL


def control_endpoint(text: str) -> str:
    """Parse the description of the control channel's endpoint.

    Raises:
        UsageError: It is not a ``unix:`` endpoint, or its path is too long.
    """
    path = text.removeprefix("unix:").partition(":")[0]
    if not text.startswith("unix:") or not path:
        # Any client of the channel can stop the process. Only unix sockets have permissions.
        raise UsageError(
            _(
                "expected a unix endpoint such as {endpoint}, not {text!r}",
                endpoint=CONTROL,
                text=text,
            )
        )
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise UsageError(
            _(
                "the path of a socket has at most {limit} bytes, and {path!r} is longer",
                limit=LONGEST_PATH,
                path=path,
            )
        )
    return endpoint(text)


def socket_paths(*endpoints: str | None) -> list[str]:
    """Return the paths of the ``unix:`` endpoints among `endpoints`."""
    prefix = "unix:"
    return [each.removeprefix(prefix) for each in endpoints if each and each.startswith(prefix)]


def current_directory() -> str | None:
    """Return the current directory; None if it was removed."""
    try:
        return os.getcwd()  # noqa: PTH109
    except FileNotFoundError:
        return None


class ProcessOptions(LogOptions):
    """Options for the logs, the shutdown and the operation of a process."""

    drain = option.seconds(
        N_("On shutdown, seconds to wait for pending output to be delivered."),
        default=5,
        least=0,
        most=3600,
    )
    control = option.parsed(
        N_(
            "Accept commands of netlab control at this endpoint, such as {endpoint}.",
            endpoint=CONTROL,
        ),
        control_endpoint,
        default=None,
        metavar="unix:PATH",
    )
    metrics = option.parsed(
        N_("Serve metrics to Prometheus at this endpoint, such as tcp:9100:interface=127.0.0.1."),
        endpoint,
        default=None,
        metavar="ENDPOINT",
    )

    def postOptions(self) -> None:
        """Check that the process can run, and turn off twistd's default pid file in the foreground.

        With that pid file no second server could be started in the same directory.
        """
        super().postOptions()
        twistd: Any = self.parent or {}
        is_relative = any(not os.path.isabs(path) for path in self.file_paths())  # noqa: PTH117
        if is_relative and current_directory() is None:
            raise CannotRun(
                _(
                    "the current directory was removed: change to another one, or give "
                    "absolute paths"
                )
            )
        if 0 <= (files := raise_file_limit()) < LEAST_FILES:
            raise CannotRun(
                _(
                    "only {files} files may be open, and {least} are needed at least "
                    "(ulimit -Hn raises the limit)",
                    files=files,
                    least=LEAST_FILES,
                )
            )
        if twistd.get("nodaemon") and twistd["pidfile"] == "twistd.pid":
            twistd["pidfile"] = ""

    def file_paths(self) -> list[str]:
        """Return the paths of the files and unix sockets that the options name."""
        named = [self[name] for name, each in self.declared.items() if each.kind]
        files = [name for name in named if name is not None and "://" not in name]
        return files + socket_paths(self.control, self.metrics)
