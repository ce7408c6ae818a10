"""Recordings: what passed, and what was done to it, as JSON lines that a replay reads."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import blake2b
from typing import Any, BinaryIO

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from twisted_lab import __version__
from twisted_lab.faults.engine.actions import Action, What
from twisted_lab.faults.engine.link import Lane
from twisted_lab.faults.engine.pipe import Output
from twisted_lab.faults.engine.units import Kind, Unit
from twisted_lab.resources import NotReady
from twisted_lab.text.language import N_, _
from twisted_lab.text.sizes import size
from twisted_lab.text.system_errors import reason_of

FORMAT = 1
MOST_BYTES = 1_000_000_000  # of a recording
FLUSH_SECONDS = 1.0
BUFFER_BYTES = 65_536

_encode = json.JSONEncoder(separators=(",", ":")).encode


def fingerprint(data: bytes) -> str:
    """Return the hash of a unit's bytes that recordings contain."""
    return blake2b(data, digest_size=8).hexdigest()


def open_for_writing(path: str) -> int:
    """Create or empty a file, and return its descriptor; a FIFO without a reader is an error.

    Raises:
        NotReady: It cannot be written.
    """
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK | os.O_CLOEXEC
        return os.open(path, flags, 0o666)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise NotReady(_("cannot write {file!r}: {reason}", file=path, reason=reason)) from None


class Recording:
    """A file with a line for each unit.

    Lines are written when there are 64 KiB of them, or after a second. The recording ends, and the
    proxy goes on, when the file is full or cannot be written.

    Args:
        path: The file, which is replaced.
        header: What the first line says in addition to the format and the program.
        clock: The clock for buffered lines.
        ended: Called once with the reason if the recording ends early.
        with_content: Whether to record the bytes of the units, and those that replace them.
        most_bytes: The size at which it ends.
    """

    def __init__(
        self,
        path: str,
        header: Mapping[str, object],
        clock: IReactorTime,
        ended: Callable[[str], object],
        with_content: bool = False,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.with_content = with_content
        self._path = path
        self._header = header
        self._clock = clock
        self._ended = ended
        self._most_bytes = most_bytes
        self._file: BinaryIO | None = None
        self._size = 0
        self._flushing: IDelayedCall | None = None

    def open(self) -> None:
        """Begin the file; see `twisted_lab.resources.Resource`.

        Raises:
            NotReady: It cannot be written.
        """
        self._file = os.fdopen(open_for_writing(self._path), "wb", BUFFER_BYTES)
        self._began = self._clock.seconds()
        self.write({"format": FORMAT, "program": f"twisted_lab {__version__}", **self._header})
        self._flush()

    async def close(self) -> None:
        """Write what is buffered, and close the file."""
        self._flush()
        self.discard()

    def discard(self) -> None:
        """Close the file; see `twisted_lab.resources.Resource`."""
        if self._flushing is not None and self._flushing.active():
            self._flushing.cancel()
        if self._file is not None:
            with suppress(OSError):  # of the bytes that could not be written before, either
                self._file.close()
            self._file = None

    def of(self, proxy: str) -> Recorder:
        """Return the observer that records the units of a proxy."""
        return Recorder(self, proxy)

    def since_start(self, now: float) -> float:
        """Return the time since the beginning of the recording, in seconds."""
        return now - self._began

    def write(self, record: Mapping[str, object]) -> None:
        """Write a line soon."""
        if self._file is None:
            return
        line = _encode(record).encode() + b"\n"
        self._size += len(line)
        if self._size > self._most_bytes:
            self._fail(N_("it has {most}, which is the limit", most=size(self._most_bytes)))
            return
        try:
            self._file.write(line)
        except OSError as error:
            self._fail(reason_of(error))
            return
        if self._flushing is None:
            self._flushing = self._clock.callLater(FLUSH_SECONDS, self._flush)

    def _flush(self) -> None:
        if self._flushing is not None and self._flushing.active():
            self._flushing.cancel()
        self._flushing = None
        if self._file is not None:
            try:
                self._file.flush()
            except OSError as error:
                self._fail(reason_of(error))

    def _fail(self, reason: str) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.write(_encode({"end": reason}).encode() + b"\n")
        self.discard()
        self._ended(reason)


class Recorder:
    """Observer that records the units of one proxy.

    Units that pass before their link has a name have no faults, and are not recorded.

    Args:
        recording: The file.
        proxy: The name of the proxy.
    """

    def __init__(self, recording: Recording, proxy: str) -> None:
        self._recording = recording
        self._proxy = proxy

    def decided(self, lane: Lane, unit: Unit, actions: list[Action], now: float) -> None:
        """Record a unit; see `twisted_lab.faults.engine.link.Observer`."""
        if not lane.link.name:
            return
        record: dict[str, Any] = {
            "time": round(self._recording.since_start(now), 6),
            "proxy": self._proxy,
            "link": lane.link.name,
            "direction": lane.direction,
            "unit": unit.number,
        }
        if unit.kind is Kind.DATA:
            record |= {"length": len(unit.data), "hash": fingerprint(unit.data)}
        else:
            record["kind"] = unit.kind.value
        with_content = self._recording.with_content
        record["actions"] = [
            {
                "toxic": action.toxic,
                "action": action.what,
                # The new bytes mostly repeat those of the unit.
                "values": action.values if with_content or action.what is not What.REPLACE else (),
            }
            for action in actions
        ]
        if with_content and unit.data:
            record["content"] = unit.data.hex()
        self._recording.write(record)

    def delivered(self, lane: Lane, output: Output, now: float) -> None:
        """See `twisted_lab.faults.engine.link.Observer`; a replay does not need deliveries."""
