"""Destinations of events: the console, twistd's own log, and files."""

from __future__ import annotations

import atexit
import os
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from twisted.internet.interfaces import IReactorTime
from twisted.logger import LogEvent, LogLevel, eventAsText, globalLogPublisher
from twisted.python import usage

from twisted_lab.eventlog.console import Console
from twisted_lab.eventlog.event_budget import TRAFFIC, SecurityLog, Summary, log_budgets
from twisted_lab.eventlog.event_file import (
    EventFile,
    for_people,
    json_line,
    message,
    shown,
    text_line,
)
from twisted_lab.eventlog.events import Observer, ServiceEvents
from twisted_lab.eventlog.options import LogOptions, is_daemon, twistd_keeps_a_log

SUMMARY_SECONDS = 1.0
# Events that workers do not log, because their supervisor logs them once.
_LIFE = (
    "server started",
    "certificate",
    "certificate begins",
    "certificate ends",
    "key readable",
    "listening",
    "server failed",
    "server stopped",
)


class EventLog:
    """The destinations of the events of one process.

    Without ``--log-file``, events go to twistd's log: the console, or the destination in twistd's
    options. With it, they go to the file, and to twistd's log only if twistd's options name one.
    Important events (ports, failures) always appear on the console as well. A terminal gets them in
    the language of the messages, and everything else in English. A daemon without a log
    of twistd's always has a file, which also gets Twisted's own events.

    A second file next to it contains only security events, so that traffic cannot rotate them out.
    It gets them whatever the log level.

    Args:
        options: The destinations, the level and the limits.
        clock: The clock for buffered lines and rate limits.

    Attributes:
        events: The reporter of the process's events.
        level: The lowest level that is logged.
        is_daemon: Whether the process will release from the console.
        is_for_people: Whether the console is a terminal.
        logs_twisted: Whether this log is the only one for Twisted's own events.
        summed: The number of events of each service that were only summed up.
    """

    def __init__(self, options: LogOptions, clock: IReactorTime) -> None:
        self.level = LogLevel.levelWithName(options.log_level)
        paths = _paths(options.log_file)
        self._has_security = len(paths) > 1
        self._reporters: dict[str, ServiceEvents] = {}
        self.events = self.events_of(options.command)
        self._hidden = _LIFE if options.is_worker else frozenset()
        self._files = [
            EventFile(
                path,
                json_line if options.log_format == "json" else text_line,
                # A file that is not ours alone must not be renamed.
                options.log_rotate_bytes if self._has_security else sys.maxsize,
                options.log_keep,
                self.events,
                clock,
            )
            for path in paths
        ]
        self._everything: list[Observer] = [*self._files[:1]]
        self._announcements: list[Observer] = []
        self._security: SecurityLog | None = None
        if self._has_security:
            self._security = SecurityLog(self._files[1], options.command, clock)
        self._budgets = log_budgets(options.log_rate, clock)
        self._summary = Summary(ServiceEvents(options.command, self._log), clock, SUMMARY_SECONDS)
        self.summed: Counter[str] = Counter()
        twistd: Mapping[str, object] = options.parent or {}
        self.is_daemon = is_daemon(twistd)
        twistd_logs_elsewhere = twistd_keeps_a_log(twistd)
        self.logs_twisted = self.is_daemon and not twistd_logs_elsewhere
        has_own_console = self.is_daemon or twistd_logs_elsewhere
        self._console = Console(2) if has_own_console else _shared_with(options.parent)
        # People read a terminal, and programs what goes to a pipe or a file.
        self.is_for_people = self._console is not None and self._console.isatty()
        twisteds: Observer = globalLogPublisher
        if self.is_for_people and not has_own_console:
            twisteds = self._publish_for_people
        if not self._files or twistd_logs_elsewhere:
            self._everything.append(twisteds)
        else:
            self._announcements.append(twisteds)
        if has_own_console:
            self._announcements.append(self._show_event)

    def events_of(self, service: str) -> ServiceEvents:
        """Return the reporter of a service's events."""
        if service not in self._reporters:
            self._reporters[service] = ServiceEvents(service, self)
            self._report_from_level(self._reporters[service])
        return self._reporters[service]

    def _report_from_level(self, events: ServiceEvents) -> None:
        is_quiet = LogLevel.info < self.level
        events.log_from(LogLevel.info if is_quiet and self._has_security else self.level)
        events.traffic = not is_quiet

    def log_from(self, level: LogLevel) -> None:
        """Set the lowest level that is logged."""
        self.level = level
        for events in self._reporters.values():
            self._report_from_level(events)

    @property
    def lost_lines(self) -> int:
        """The number of console lines dropped because their reader had stopped."""
        return 0 if self._console is None else self._console.lost

    @property
    def lost(self) -> int:
        """The number of events that could not be written to the files."""
        return sum(file.lost for file in self._files)

    def __call__(self, event: LogEvent) -> None:
        """Log `event`, or count it for a summary if it is over its budget."""
        name = event["event"]
        if name in self._hidden:
            return
        if event["log_level"] >= self.level or "log_announce" in event:
            budget = self._budgets.get(name)
            if budget is None or budget.allows():
                self._log(event)
            else:
                self.summed[event["service"]] += 1
                self._summary.add(event)
        if self._security is not None and name not in TRAFFIC:
            self._security(event)

    def _log(self, event: LogEvent) -> None:
        for observer in self._everything:
            observer(event)
        if "log_announce" in event:
            for observer in self._announcements:
                observer(event)

    def twisted(self, event: LogEvent) -> None:
        """Log an event that did not come from this package, such as Twisted's own.

        This is the log observer of a daemon that has no other log.
        """
        if "service" not in event:
            text = eventAsText(event, includeTimestamp=False, includeSystem=False)
            self.events.twisted(event["log_level"], text)

    def open(self) -> None:
        """Open the files, if there are any.

        Raises:
            OSError: A file cannot be written.
        """
        # The process may end without a shutdown by the reactor, such as after an exception.
        atexit.register(self.close)
        for file in self._files:
            file.open()

    def reopen(self) -> None:
        """Reopen the files by name; see `EventFile.reopen`."""
        for file in self._files:
            file.reopen()

    def show(self, text: str) -> None:
        """Write a text that is not an event to the console only."""
        if self._console is not None:
            self._console.write(text)

    def _show_event(self, event: LogEvent) -> None:
        self.show(f"{shown(event) if self.is_for_people else message(event)}\n")

    @staticmethod
    def _publish_for_people(event: LogEvent) -> None:
        globalLogPublisher(for_people(event))

    def settle(self) -> None:
        """Wait for pending console output, before the reactor runs."""
        if self._console is not None:
            self._console.settle()

    def has_started(self) -> None:
        """Detach a daemon from the console: its user has seen the start."""
        if self.is_daemon:
            self._detach_console()

    def sum_up(self) -> None:
        """Report the events that were summed up since the last summary."""
        self._summary.tell()
        if self._security is not None:
            self._security.tell()

    def close(self) -> None:
        """Report the last summaries, and close the files and the console."""
        self._detach_console()
        self.sum_up()
        # In reverse, because the first file gets reports about errors of the second.
        for file in reversed(self._files):
            file.close()
        atexit.unregister(self.close)

    def _detach_console(self) -> None:
        # A console that is shared with twistd's log stays open until the process ends.
        if self._show_event in self._announcements:
            self._announcements.remove(self._show_event)
            if self._console is not None:
                self._console.release()


def _paths(log: str | None) -> list[str]:
    """Return the path of the log, if there is one, and that of the security log next to it."""
    if log is None:
        return []
    return [log, f"{log}.security"] if _is_ours(log) else [log]


def _is_ours(path: str) -> bool:
    """Tell whether a file is ours alone: neither a device, nor a pipe, nor our standard output."""
    # /dev/stderr may be a link to a regular file.
    outputs = [os.path.realpath(f"/proc/self/fd/{number}") for number in (1, 2)]
    is_other = False
    with suppress(OSError):  # A path that cannot be looked up cannot be opened either.
        is_other = Path(path).exists() and not Path(path).is_file()
    return not is_other and os.path.realpath(path) not in outputs


def _shared_with(twistd: usage.Options | None) -> Console | None:
    """Return a `Console` through which twistd's log goes to standard output or error."""
    if twistd is None:
        return None
    if "nodaemon" in twistd:
        # twistd looks up sys.stdout only after the services were made.
        sys.stdout = console = Console(1)
        return console
    # `python -m twisted` has chosen its stream already.
    number = {sys.__stdout__: 1, sys.__stderr__: 2}.get(twistd.get("logFile"))
    if number is None:
        return None
    twistd["logFile"] = console = Console(number)
    return console
