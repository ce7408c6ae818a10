"""Where a service's events go: the console, twistd's own log, a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.logger import LogEvent, LogLevel, globalLogPublisher

from twisted_lab.events import Observer, ServiceEvents
from twisted_lab.serving.event_file import EventFile, json_line, message, text_line
from twisted_lab.serving.process_options import ProcessOptions


class Console:
    """Standard error, as it was when this was made.

    twistd puts its log in the place of sys.stderr, and a daemon lets go of its terminal.

    Attributes:
        descriptor: Its number.
    """

    def __init__(self) -> None:
        self.descriptor = os.dup(2)

    def __call__(self, event: LogEvent) -> None:
        """Show what `event` says, if anybody looks."""
        with suppress(OSError):
            os.write(self.descriptor, f"{message(event)}\n".encode(errors="backslashreplace"))

    def close(self) -> None:
        """Let go of it."""
        os.close(self.descriptor)


def twistd_keeps_a_log(twistd: Mapping[str, Any]) -> bool:
    """Tell whether twistd's own options say where to log."""
    chosen = twistd.get("logfile") not in (None, "-")
    return bool(chosen or twistd.get("syslog") or twistd.get("logger"))


# Of several workers, the service says it once.
_LIFE = ("server started", "certificate", "listening", "server failed", "server stopped")


class EventLog:
    """The destinations of the events of one process.

    Without ``--log-file`` they go where twistd logs: to the console, or where its own options say.
    With it they go to the file, and to twistd's log only if one was asked for. What a person must
    see (the port, a failure) is on the console in each case.

    Args:
        options: Where they go, and which.
        clock: Tells when what waits for the file must be written.

    Attributes:
        events: What concerns the process is reported here.
        level: The least that is logged.
        is_daemon: Whether the process will leave the console.
    """

    def __init__(self, options: ProcessOptions, clock: IReactorTime) -> None:
        self.level = options.log_level
        self._reporters: dict[str, ServiceEvents] = {}
        self.events = self.events_of(options.command)
        self._is_worker = options.is_worker
        self.file: EventFile | None = None
        self._everything: list[Observer] = []
        self._announcements: list[Observer] = []
        if options["log-file"]:
            self.file = EventFile(
                options["log-file"],
                json_line if options["log-format"] == "json" else text_line,
                options["log-rotate-bytes"],
                options["log-keep"],
                self.events,
                clock,
            )
            self._everything.append(self.file)
        twistd: Mapping[str, Any] = options.parent or {}
        self.is_daemon = not twistd.get("nodaemon", True)
        twistds_is_elsewhere = twistd_keeps_a_log(twistd)
        if self.file is None or twistds_is_elsewhere:
            self._everything.append(globalLogPublisher)
        else:
            self._announcements.append(globalLogPublisher)
        self._console: Console | None = None
        if self.is_daemon or twistds_is_elsewhere:
            self._console = Console()
            self._announcements.append(self._console)

    def events_of(self, service: str) -> ServiceEvents:
        """Return what a service reports to."""
        if service not in self._reporters:
            self._reporters[service] = ServiceEvents(service, self, self.level)
        return self._reporters[service]

    def log_from(self, level: LogLevel) -> None:
        """Take events from `level` up, from here on."""
        self.level = level
        for events in self._reporters.values():
            events.log_from(level)

    @property
    def lost(self) -> int:
        """How many events could not be written to the file."""
        return 0 if self.file is None else self.file.lost

    def __call__(self, event: LogEvent) -> None:
        """Pass `event` on."""
        if self._is_worker and event["event"] in _LIFE:
            return
        for observer in self._everything:
            observer(event)
        if "log_announce" in event:
            for observer in self._announcements:
                observer(event)

    def open(self) -> None:
        """Begin to write the file, if there is one.

        Raises:
            OSError: It cannot be written.
        """
        if self.file is not None:
            self.file.open()

    def show(self, text: str) -> None:
        """Show a text on the console, which is no event and in no log."""
        with suppress(OSError):
            os.write(1 if self._console is None else self._console.descriptor, text.encode())

    def has_started(self) -> None:
        """The person who started the service has seen what must be seen: a daemon lets them go."""
        if self.is_daemon:
            self._close_console()

    def close(self) -> None:
        """Close what is open."""
        self._close_console()
        if self.file is not None:
            self.file.close()

    def _close_console(self) -> None:
        if self._console is not None:
            self._announcements.remove(self._console)
            self._console.close()
            self._console = None
