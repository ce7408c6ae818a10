"""Options to record, replay and draw what passes, and the observers that they ask for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from twisted.python.usage import UsageError

from twisted_lab.faults.engine.link import Deciding, Lane
from twisted_lab.faults.engine.units import Unit
from twisted_lab.faults.pictures.picture import DiagramFile, Picture
from twisted_lab.faults.recordings.recorded import Recorded
from twisted_lab.faults.recordings.recording import Recording
from twisted_lab.faults.recordings.replay import Replay
from twisted_lab.serving import ServiceOptions, ServiceProcess, option
from twisted_lab.text.language import N_, _


class ObservingOptions(ServiceOptions):
    """Options to record, replay and draw what passes.

    Attributes:
        recorded: The recording to replay.
    """

    recorded: Recorded | None = None
    record = option.path(
        N_("Record all units and faults in this file, as JSON lines."), default=None
    )
    record_content = option.flag(N_("With --record: record the bytes of the units, too."))
    replay = option.path(
        N_("Apply the faults of this recording to the same units, instead of --toxic."),
        default=None,
    )
    diagram = option.path(
        N_(
            "At the end, draw the first messages in this SVG file, with the beginning of "
            "their text."
        ),
        default=None,
    )

    def postOptions(self) -> None:
        """See `ServiceOptions`.

        Raises:
            UsageError: Options cannot be combined, or another one is required.
        """
        super().postOptions()
        if self.record_content and not self.record:
            raise UsageError(_("--record-content requires --record"))
        files = [Path(path).resolve() for path in (self.record, self.replay, self.diagram) if path]
        if len(set(files)) < len(files):
            raise UsageError(_("--record, --replay and --diagram need different files"))

    def header(self) -> dict[str, object]:
        """Return what the first line of a recording says in addition to its format."""
        raise NotImplementedError

    def conditions(self) -> dict[str, object]:
        """Return the part of `header` on which the units and the names of links depend."""
        raise NotImplementedError

    def read_recording(self) -> None:
        """Read the recording to replay, if there is one.

        Raises:
            UsageError: It is wrong, or its units would not be the same.
        """
        if self.replay is None:
            return
        for name in ("toxic", "profile", "scenario"):
            if name in self.given:
                raise self._conflict("replay", name)
        try:
            self.recorded = Recorded(self.replay)
        except ValueError as error:
            raise UsageError(f"--replay: {_(error)}") from None
        for name, value in self.conditions().items():
            if (was := self.recorded.header.get(name)) != value:
                raise UsageError(
                    _(
                        "--replay: the recording was made with {name} {was!r}, not {now!r}",
                        name=name,
                        was=str(was)[:200],
                        now=str(value),
                    )
                )


def observing(
    process: ServiceProcess, options: ObservingOptions, picture: Picture | None = None
) -> list[Recording | Picture]:
    """Return what observes all units, as the options ask for it.

    Args:
        process: The process, which opens and closes the files.
        options: The files.
        picture: A picture for another purpose as well; it may become the diagram.
    """
    events = process.log.events_of(options.command)
    found: list[Recording | Picture] = []
    if options.record is not None:
        path = str(Path(options.record).absolute())
        ended = partial(events.recording_ended, path)
        header, with_content = options.header(), options.record_content
        recording = Recording(path, header, process.reactor, ended, with_content)
        process.resources.append(recording)
        found.append(recording)
    if options.diagram is not None:
        path = str(Path(options.diagram).absolute())
        picture = picture or Picture()
        written, failed = partial(events.diagram_written, path), partial(events.diagram_lost, path)
        process.resources.append(DiagramFile(path, picture, written, failed))
    return [*found, picture] if picture else found


def replaying(
    process: ServiceProcess, options: ObservingOptions
) -> Callable[[str], Deciding] | None:
    """Return the function that makes the replay of a proxy, by its name; None without --replay."""
    recorded = options.recorded
    if recorded is None:
        return None
    events = process.log.events_of(options.command)
    for warning in recorded.warnings:
        process.reactor.callWhenRunning(events.replay_incomplete, warning)

    def replay(proxy: str) -> Replay:
        def differs(lane: Lane, unit: Unit) -> None:
            events.replay_differs(proxy, lane.link.name, lane.direction, unit.number)

        return Replay(recorded, proxy, differs)

    return replay
