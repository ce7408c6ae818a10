"""Options of the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.python.usage import UsageError

from twisted_lab.text import option
from twisted_lab.text.command_line import CannotRun, Options
from twisted_lab.text.language import N_, _

# The default log file of a daemon.
DAEMONS_LOG = "netlab.log"
LEVELS = ("debug", "info", "warn", "error")


def twistd_keeps_a_log(twistd: Mapping[str, Any]) -> bool:
    """Tell whether twistd's own options name a destination for its log."""
    chosen = twistd.get("logfile") not in (None, "-")
    return bool(chosen or twistd.get("syslog") or twistd.get("logger"))


def is_daemon(twistd: Mapping[str, Any]) -> bool:
    """Tell whether twistd will detach from the console."""
    return not (twistd.get("nodaemon", True) or twistd.get("debug"))


class LogOptions(Options):
    """Options for the destinations, format and limits of the log.

    Attributes:
        is_worker: Whether the process is a worker, which gets its port from a supervisor.
    """

    is_worker = False

    log_file = option.path(
        N_(
            "Log to this file, not to the console; security events also go to "
            "FILE.security. [default, for a daemon: {file}]",
            file=DAEMONS_LOG,
        ),
        default=None,
    )
    log_format = option.choice(N_("text or json (JSON lines)."), "text", "json", default="text")
    log_level = option.choice(
        N_("The lowest level that is logged: {levels}.", levels=", ".join(LEVELS)),
        *LEVELS,
        default="info",
    )
    log_rotate_bytes = option.size(
        N_("Begin a new log file at this size, in bytes."), default=10**7
    )
    log_keep = option.number(N_("How many old log files to keep."), default=5)
    log_rate = option.number(
        N_(
            "Events a second that are logged one by one, with bursts of 100 times as many; further "
            "events are summed up."
        ),
        default=1000,
    )

    def postOptions(self) -> None:
        """Give a daemon without a log the default log file.

        Raises:
            UsageError: An option of the log file is given without one.
            CannotRun: The options make a daemon log to standard output, which it does not have.
        """
        twistd: Any = self.parent or {}
        if is_daemon(twistd) and not twistd_keeps_a_log(twistd):
            if twistd.get("logfile") == "-":
                raise CannotRun(
                    _("a daemon has no output to log to: leave out --logfile -, or add -n")
                )
            if self.log_file is None:
                self.log_file = DAEMONS_LOG
        for name in ("log-keep", "log-rotate-bytes"):
            if name in self.given and self.log_file is None:
                needed = self.name_of("log-file")
                raise UsageError(
                    _("{name} requires {needed}", name=self.name_of(name), needed=needed)
                )
