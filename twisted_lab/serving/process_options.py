"""The options of a process, whichever services it runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar

from twisted.logger import LogLevel
from twisted.python.usage import UsageError

from twisted_lab.serving.limits import raise_file_limit
from twisted_lab.usage import CannotRun, Options, natural_number, one_of

# Where the control channel is, if nobody says where.
CONTROL = "unix:netlab.control"
# Where a daemon logs, if nobody says where.
DAEMONS_LOG = "netlab.log"
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
        # Whoever can connect can stop it, and only files have owners.
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


def twistd_keeps_a_log(twistd: Mapping[str, Any]) -> bool:
    """Tell whether twistd's own options say where to log."""
    chosen = twistd.get("logfile") not in (None, "-")
    return bool(chosen or twistd.get("syslog") or twistd.get("logger"))


def is_daemon(twistd: Mapping[str, Any]) -> bool:
    """Tell whether twistd will leave the console."""
    return not (twistd.get("nodaemon", True) or twistd.get("debug"))


class ProcessOptions(Options):
    """Where a process logs, how it ends, and who can look after it.

    Attributes:
        is_worker: Whether this is one of several processes that serve on a port they are given.
    """

    optParameters: ClassVar = [
        [
            "log-file",
            None,
            None,
            "Log the events to this file, not to the console, and security events also to "
            f"FILE.security. [default, for a daemon: {DAEMONS_LOG}]",
        ],
        [
            "log-format",
            None,
            "text",
            "text or json (JSON lines).",
            one_of("log-format", "text", "json"),
        ],
        [
            "log-level",
            None,
            "info",
            "debug, info, warn or error: the least that is logged.",
            one_of("log-level", "debug", "info", "warn", "error"),
        ],
        [
            "log-rotate-bytes",
            None,
            10_000_000,
            "Begin a new log file when this size is reached.",
            natural_number("log-rotate-bytes"),
        ],
        ["log-keep", None, 5, "How many old log files to keep.", natural_number("log-keep")],
        [
            "log-rate",
            None,
            1000,
            "Events a second that are logged one by one, after 100 times as many at once; "
            "what comes beyond is summed up.",
            natural_number("log-rate"),
        ],
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

    def __init__(self) -> None:
        super().__init__()
        self.is_worker = False

    def postOptions(self) -> None:
        """See whether the process can run as it is; a server in the foreground needs no pid file.

        With twistd's a second server could not be started from the same directory.
        """
        twistd: Any = self.parent or {}
        if is_daemon(twistd) and not twistd_keeps_a_log(twistd):
            if twistd.get("logfile") == "-":
                raise CannotRun(
                    "a daemon has no output to log to: leave out --logfile -, or add -n"
                )
            if self["log-file"] is None:
                self["log-file"] = DAEMONS_LOG
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

    @property
    def log_level(self) -> LogLevel:
        """The least level that is logged."""
        level: LogLevel = LogLevel.levelWithName(self["log-level"])
        return level
