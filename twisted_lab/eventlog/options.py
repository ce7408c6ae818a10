"""The options of the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from twisted.logger import LogLevel

from twisted_lab.text.command_line import CannotRun, Options, natural_number, one_of

# The default log file of a daemon.
DAEMONS_LOG = "netlab.log"


def twistd_keeps_a_log(twistd: Mapping[str, Any]) -> bool:
    """Tell whether twistd's own options say where to log."""
    chosen = twistd.get("logfile") not in (None, "-")
    return bool(chosen or twistd.get("syslog") or twistd.get("logger"))


def is_daemon(twistd: Mapping[str, Any]) -> bool:
    """Tell whether twistd will leave the console."""
    return not (twistd.get("nodaemon", True) or twistd.get("debug"))


class LogOptions(Options):
    """Where a process logs, and what.

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
    ]

    def __init__(self) -> None:
        super().__init__()
        self.is_worker = False

    def postOptions(self) -> None:
        """Give a daemon that has no log a log file."""
        twistd: Any = self.parent or {}
        if is_daemon(twistd) and not twistd_keeps_a_log(twistd):
            if twistd.get("logfile") == "-":
                raise CannotRun(
                    "a daemon has no output to log to: leave out --logfile -, or add -n"
                )
            if self["log-file"] is None:
                self["log-file"] = DAEMONS_LOG

    @property
    def log_level(self) -> LogLevel:
        """The lowest level that is logged."""
        level: LogLevel = LogLevel.levelWithName(self["log-level"])
        return level
