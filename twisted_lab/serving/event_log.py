"""Where a service's events go: the console, twistd's own log, a file."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from twisted.logger import LogEvent, globalLogPublisher

from twisted_lab.events import Observer, ServiceEvents
from twisted_lab.serving.event_file import EventFile, json_line, message, text_line
from twisted_lab.serving.options import ServiceOptions


def _tell_console(event: LogEvent) -> None:
    # twistd has put its log in the place of sys.stderr.
    print(message(event), file=sys.__stderr__, flush=True)


def _twistd_keeps_a_log(twistd: Mapping[str, Any]) -> bool:
    chosen = twistd.get("logfile") not in (None, "-")
    return bool(chosen or twistd.get("syslog") or twistd.get("logger"))


class EventLog:
    """The destinations of one service's events.

    Without ``--log-file`` they go where twistd logs: to the console, or where its own options say.
    With it they go to the file, and to twistd's log only if one was asked for. What a person must
    see (the port, a failure) is on the console in each case.

    Attributes:
        events: What the service reports to.
    """

    def __init__(self, options: ServiceOptions) -> None:
        self.events = ServiceEvents(options.command, self, options.log_level)
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
            )
            self._everything.append(self.file)
        if _twistd_keeps_a_log(options.parent or {}):
            self._everything.append(globalLogPublisher)
            self._announcements.append(_tell_console)
        elif self.file is None:
            self._everything.append(globalLogPublisher)
        else:
            self._announcements.append(globalLogPublisher)

    def __call__(self, event: LogEvent) -> None:
        """Pass `event` on."""
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

    def close(self) -> None:
        """Close the file, if there is one."""
        if self.file is not None:
            self.file.close()
