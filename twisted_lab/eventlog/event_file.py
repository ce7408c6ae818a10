"""Log files of events, which rotate by size; their errors never stop the service."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import LogEvent, LogLevel, eventAsText

from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.eventlog.rotating_file import BATCH_BYTES, RotatingFile
from twisted_lab.text.escaping import escape
from twisted_lab.text.language import _
from twisted_lab.text.system_errors import reason_of

FLUSH_SECONDS = 0.1
# Written at once, so that the cause of a crash is in the log.
URGENT = {LogLevel.error, LogLevel.critical}

_encode_json = json.JSONEncoder(ensure_ascii=False).encode


def message(event: LogEvent) -> str:
    """Return the text of an event; its format is a constant of ours, never input from a peer."""
    text: str = event["log_format"].format_map(event)
    return text


def shown(event: LogEvent) -> str:
    """Return the text of an event for people, in the language of the messages."""
    return _(event["log_format"], **event)


def for_people(event: LogEvent) -> LogEvent:
    """Return an event with the same text in the language of the messages, for a terminal."""
    return {**event, "log_format": "{log_text}", "log_text": shown(event)}


@lru_cache
def _second(moment: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))


@lru_cache
def _time(milliseconds: int) -> str:
    return f"{_second(milliseconds // 1000)}.{milliseconds % 1000:03}Z"


@lru_cache
def _origin(level: LogLevel, service: str) -> str:
    return f"{level.name:<5} {service}"


def _traceback(event: LogEvent) -> str:
    failure = {"log_format": "", "log_failure": event["log_failure"]}
    text = eventAsText(failure, includeTimestamp=False, includeSystem=False)
    return escape(text.strip(), keep="\n")


def text_line(event: LogEvent) -> str:
    """Format an event as text: time (ISO 8601, UTC), level, service and message.

    The lines of a traceback follow, indented.
    """
    # On a console, where nothing else names the service, some texts begin with its name.
    text = message(event).removeprefix(f"{event['service']}: ")
    if "log_failure" in event:
        text += f"\n{_traceback(event)}".replace("\n", "\n    ")
    return (
        f"{_time(int(event['log_time'] * 1000))} "
        f"{_origin(event['log_level'], event['service'])}: {text}\n"
    )


def json_line(event: LogEvent) -> str:
    """Format an event as one line of JSON."""
    record = {
        "time": _time(int(event["log_time"] * 1000)),
        "level": event["log_level"].name,
        "event": event["event"],
        "service": event["service"],
        "peer": event["peer"],
    }
    for key in event:
        if key not in record and not key.startswith("log_"):
            record[key] = event[key]
    record["message"] = message(event)
    if "log_failure" in event:
        record["traceback"] = _traceback(event)
    return _encode_json(record) + "\n"


class EventFile:
    """An observer that writes events to a file, and survives its errors.

    Lines are buffered until they are 64 KiB (less for a small file or a pipe), until the first of
    them is 100 ms old, or until an error is logged.

    When the file cannot be written (the disk is full, the directory is gone), events are dropped
    and counted. The error is reported once, and each further write tries again.

    Args:
        path: The file to append to.
        to_line: Formats an event as a line.
        rotate_bytes: The size at which a new file is begun.
        keep: The number of old files to keep, as ``path.1`` (the newest) and so on.
        events: The reporter of the file's errors.
        clock: The clock for buffered lines.

    Attributes:
        lost: The number of dropped events.
    """

    def __init__(
        self,
        path: str,
        to_line: Callable[[LogEvent], str],
        rotate_bytes: int,
        keep: int,
        events: ServiceEvents,
        clock: IReactorTime,
    ) -> None:
        self._path = str(Path(path).absolute())
        self._to_line = to_line
        self._rotate_bytes = rotate_bytes
        self._keep = keep
        self._events = events
        self._clock = clock
        self._active = False
        self._file: RotatingFile | None = None
        self._lines: list[bytes] = []
        self._size = 0
        self._batch_bytes = BATCH_BYTES
        self._flushing: IDelayedCall | None = None
        # Events dropped since the file could last be written; None while it can.
        self._lost: int | None = None
        self.lost = 0

    def open(self) -> None:
        """Open the file, and accept events.

        Raises:
            OSError: The file cannot be written.
        """
        self._file = self._open()
        self._active = True

    def close(self) -> None:
        """Write the buffered lines, and close the file; later events are ignored."""
        while self._lines:  # A flush may report dropped events, which adds a line.
            self._flush()
        self._active = False
        self._close_file()

    def reopen(self) -> None:
        """Write to the file that now has the name, after another program has moved the old one."""
        if not self._active:
            return
        self._flush()
        self._close_file()
        try:
            self._file = self._open()
        except OSError as error:
            self._failed(error, lost=0)

    def __call__(self, event: LogEvent) -> None:
        """Write `event` soon, or drop it if the file cannot be written."""
        if not self._active:
            return
        line = self._to_line(event).encode("utf-8", "backslashreplace")
        if not self._lines:
            self._flushing = self._clock.callLater(FLUSH_SECONDS, self._flush)
        self._lines.append(line)
        self._size += len(line)
        if self._size >= self._batch_bytes or event["log_level"] in URGENT:
            self._flush()

    def _flush(self) -> None:
        if self._flushing is not None and self._flushing.active():
            self._flushing.cancel()
        if not self._lines:
            return
        lines, self._lines, self._size = self._lines, [], 0
        try:
            if self._file is None:
                self._file = self._open()
            self._file.write(lines)
        except OSError as error:
            self._failed(error, lost=len(lines))
            return
        if self._lost is not None:
            lost, self._lost = self._lost, None
            self._events.log_resumed(self._path, lost)

    def _open(self) -> RotatingFile:
        file = RotatingFile(self._path, self._rotate_bytes, self._keep, self._cannot_rotate)
        self._batch_bytes = file.batch_bytes
        return file

    def _cannot_rotate(self, error: OSError) -> None:
        self._events.log_not_rotated(self._path, reason_of(error))

    def _failed(self, error: OSError, lost: int) -> None:
        self._close_file()
        is_new = self._lost is None
        self._lost = (self._lost or 0) + lost
        self.lost += lost
        if is_new:
            self._events.log_lost(self._path, reason_of(error))

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
