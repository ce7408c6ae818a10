"""Where a service's events go: the console, twistd's own log, a file."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.logger import LogEvent, LogLevel, globalLogPublisher

from twisted_lab.events import Observer, ServiceEvents
from twisted_lab.serving.console import Console
from twisted_lab.serving.event_file import EventFile, json_line, message, text_line
from twisted_lab.serving.process_options import ProcessOptions


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
            self._console = Console(2)
            self._announcements.append(self._show_event)
        else:
            self._console = _shared_with(options.parent)

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
    def not_shown(self) -> int:
        """How many lines of the console were lost, because nobody read them."""
        return 0 if self._console is None else self._console.lost

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
        if self._console is not None:
            self._console.write(text)

    def _show_event(self, event: LogEvent) -> None:
        self.show(f"{message(event)}\n")

    def settle(self) -> None:
        """Have the console show all, if it can, before the reactor runs."""
        if self._console is not None:
            self._console.settle()

    def has_started(self) -> None:
        """The person who started the service has seen what must be seen: a daemon lets them go."""
        if self.is_daemon:
            self._let_go_of_console()

    def close(self) -> None:
        """Close what is open."""
        self._let_go_of_console()
        if self.file is not None:
            self.file.close()

    def _let_go_of_console(self) -> None:
        # What twistd's log goes through is shared with it to the end of the process.
        if self._show_event in self._announcements:
            self._announcements.remove(self._show_event)
            if self._console is not None:
                self._console.let_go()


def _shared_with(twistd: Any) -> Console | None:
    """Have twistd's log go to the console through one of ours, and return that."""
    if twistd is None:
        return None
    if "nodaemon" in twistd:
        # twistd takes sys.stdout when all services are made.
        sys.stdout = console = Console(1)
        return console
    # `python -m twisted` has chosen already.
    number = {sys.__stdout__: 1, sys.__stderr__: 2}.get(twistd.get("logFile"))
    if number is None:
        return None
    twistd["logFile"] = console = Console(number)
    return console
