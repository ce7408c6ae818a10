"""A file of events, one a line, that rotates by size and never stops the service."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime

from twisted.logger import LogEvent

from twisted_lab.events import ServiceEvents
from twisted_lab.serving.rotating_file import RotatingFile


def message(event: LogEvent) -> str:
    """Write out what an event says. Its format is one of ours, never something a peer sent."""
    return str(event["log_format"]).format_map(event)


def _time(event: LogEvent) -> str:
    moment = datetime.fromtimestamp(event["log_time"], UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def text_line(event: LogEvent) -> str:
    """Write an event for people: time (ISO 8601, UTC), level, service and message."""
    return f"{_time(event)} {event['log_level'].name:<5} {event['service']}: {message(event)}\n"


def json_line(event: LogEvent) -> str:
    """Write an event for programs: one JSON object on a line."""
    figures = {
        key: value
        for key, value in event.items()
        if key not in ("event", "service", "peer") and not key.startswith("log_")
    }
    record = {
        "time": _time(event),
        "level": event["log_level"].name,
        "event": event["event"],
        "service": event["service"],
        "peer": event["peer"],
        **figures,
        "message": message(event),
    }
    return json.dumps(record, ensure_ascii=False) + "\n"


class EventFile:
    """An observer that writes events to a file, as long as it can be written.

    When it cannot (the disk is full, the directory is gone), events are counted and dropped, which
    is said once; each further event tries again.

    Args:
        path: The file; it is appended to.
        to_line: Writes one event as a line.
        rotate_bytes: The size from which on a new file is begun.
        keep: How many old files stay, as ``path.1`` (the newest) and so on.
        events: Where trouble with the file is reported.
    """

    def __init__(
        self,
        path: str,
        to_line: Callable[[LogEvent], str],
        rotate_bytes: int,
        keep: int,
        events: ServiceEvents,
    ) -> None:
        self._path = os.path.abspath(path)  # noqa: PTH100 - Path.resolve() would follow links
        self._to_line = to_line
        self._rotate_bytes = rotate_bytes
        self._keep = keep
        self._events = events
        self._active = False
        self._file: RotatingFile | None = None
        # How many events were lost since the file could last be written; None while it can.
        self._lost: int | None = None

    def open(self) -> None:
        """Begin to write.

        Raises:
            OSError: The file cannot be written.
        """
        self._file = self._open()
        self._active = True

    def close(self) -> None:
        """End it; later events are dropped."""
        self._active = False
        self._let_go()

    def reopen(self) -> None:
        """Write to the file that now has the name, after something else has moved the old one."""
        if not self._active:
            return
        self._let_go()
        try:
            self._file = self._open()
        except OSError as error:
            self._failed(error, lost=0)

    def __call__(self, event: LogEvent) -> None:
        """Write `event`, if it can be written."""
        if not self._active:
            return
        try:
            if self._file is None:
                self._file = self._open()
            self._file.write(self._to_line(event).encode(errors="backslashreplace"))
        except OSError as error:
            self._failed(error, lost=1)
            return
        if self._lost is not None:
            lost, self._lost = self._lost, None
            self._events.log_resumed(self._path, lost)

    def _open(self) -> RotatingFile:
        return RotatingFile(self._path, self._rotate_bytes, self._keep, self._cannot_rotate)

    def _cannot_rotate(self, error: OSError) -> None:
        self._events.log_not_rotated(self._path, error.strerror or str(error))

    def _failed(self, error: OSError, lost: int) -> None:
        self._let_go()
        is_new = self._lost is None
        self._lost = (self._lost or 0) + lost
        if is_new:
            self._events.log_lost(self._path, error.strerror or str(error))

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
