"""Options to record, replay and draw what passes, and the observers that they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from twisted.python.usage import UsageError

from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.faults.link import Deciding, Lane, Observer
from twisted_lab.faults.picture import DiagramFile, Picture
from twisted_lab.faults.recording import Recording
from twisted_lab.faults.replay import Recorded, Replay
from twisted_lab.faults.units import Unit
from twisted_lab.serving import ServiceOptions, ServiceProcess, option


class ObservingOptions(ServiceOptions):
    """Options to record, replay and draw what passes."""

    record = option.path("Record all units and faults in this file, as JSON lines.", default=None)
    record_content = option.flag("With --record: record the bytes of the units, too.")
    replay = option.path(
        "Apply the faults of this recording to the same units, instead of --toxic.", default=None
    )
    diagram = option.path(
        "At the end, draw the first messages in this SVG file, with the beginning of their text.",
        default=None,
    )

    def postOptions(self) -> None:
        """See `ServiceOptions`.

        Raises:
            UsageError: Options cannot be combined, or another one is required.
        """
        super().postOptions()
        if self.record_content and not self.record:
            raise UsageError("--record-content requires --record")
        files = [Path(path).resolve() for path in (self.record, self.replay, self.diagram) if path]
        if len(set(files)) < len(files):
            raise UsageError("--record, --replay and --diagram need different files")

    def recorded(self, conditions: Mapping[str, object]) -> Recorded | None:
        """Read the recording to replay; None without --replay.

        Args:
            conditions: What the first line must say, because units would not be the same otherwise.

        Raises:
            UsageError: It is wrong, or was made under other conditions.
        """
        if self.replay is None:
            return None
        try:
            recorded = Recorded(self.replay)
        except ValueError as error:
            raise UsageError(f"--replay: {error}") from None
        for name, value in conditions.items():
            if (was := recorded.header.get(name)) != value:
                raise UsageError(
                    f"--replay: the recording was made with {name} {str(was)[:200]!r}, "
                    f"not {str(value)!r}"
                )
        return recorded


class Observing:
    """The observers of all proxies of a process, and what replays a recording to them.

    Args:
        process: The process, which opens and closes the files.
        options: The files.
        events: The reporter of the service's events.
        header: What the first line of a recording says.
        recorded: The recording to replay, if there is one.
        picture: The picture to draw, also without a file; None for one of its own.
    """

    def __init__(
        self,
        process: ServiceProcess,
        options: ObservingOptions,
        events: ServiceEvents,
        header: Mapping[str, object],
        recorded: Recorded | None,
        picture: Picture | None = None,
    ) -> None:
        self._events = events
        self._recorded = recorded
        self._sources: list[Recording | Picture] = []
        if options.record is not None:
            path = str(Path(options.record).absolute())
            ended = partial(events.recording_ended, path)
            recording = Recording(path, header, process.reactor, ended, options.record_content)
            process.resources.append(recording)
            self._sources.append(recording)
        if picture is None and options.diagram is not None:
            picture = Picture()
        if picture is not None:
            self._sources.append(picture)
        if picture is not None and options.diagram is not None:
            path = str(Path(options.diagram).absolute())
            failed = partial(events.diagram_lost, path)
            process.resources.append(DiagramFile(path, picture, failed))

    def observers(self, proxy: str) -> tuple[Observer, ...]:
        """Return the observers of a proxy."""
        return tuple(source.of(proxy) for source in self._sources)

    def replay(self, proxy: str) -> Deciding | None:
        """Return what decides about the units of a proxy instead of toxics; None for toxics."""
        if self._recorded is None:
            return None

        def differs(lane: Lane, unit: Unit) -> None:
            self._events.replay_differs(proxy, lane.link.name, lane.direction, unit.number)

        return Replay(self._recorded, proxy, differs)

    def announce(self) -> None:
        """Report what is not replayed."""
        for warning in [] if self._recorded is None else self._recorded.warnings:
            self._events.replay_incomplete(warning)
