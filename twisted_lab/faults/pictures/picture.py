"""Observer that collects what a diagram, or a line on a terminal, shows."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from twisted_lab.faults.engine.actions import Action, End, What
from twisted_lab.faults.engine.link import Lane
from twisted_lab.faults.engine.pipe import Output
from twisted_lab.faults.engine.units import Direction, Kind, Unit
from twisted_lab.faults.pictures.diagram import MOST_ARROWS, Passage, lay_out
from twisted_lab.faults.pictures.svg import draw
from twisted_lab.faults.recordings.recording import open_for_writing
from twisted_lab.text.escaping import escape_bytes
from twisted_lab.text.language import _
from twisted_lab.text.system_errors import reason_of

MOST_OPEN = 10_000  # units whose deliveries are expected; the oldest are forgotten
MOST_COPIES = 10  # of one unit
_CHANGES = {What.REPLACE, What.CORRUPT, What.TRUNCATE}


@dataclass(slots=True)
class _Open:
    """A unit whose deliveries are expected."""

    passage: Passage
    is_joined: bool
    is_sliced: bool


class Picture:
    """The first MOST_ARROWS units of all proxies, and what became of them.

    Args:
        shown: Called for each unit that arrives, or is lost, with the number of the copy.

    Attributes:
        passages: The units.
        left_out: The number of further units.
    """

    def __init__(self, shown: Callable[[Passage, int], object] = lambda *_: None) -> None:
        self.passages: list[Passage] = []
        self.left_out = 0
        self.shown = shown
        self._proxies: set[str] = set()

    def of(self, proxy: str) -> Painter:
        """Return the observer of the units of a proxy."""
        self._proxies.add(proxy)
        return Painter(self, proxy)

    def add(self, passage: Passage) -> None:
        """Add a unit, if there is room."""
        if len(self.passages) < MOST_ARROWS:
            self.passages.append(passage)
        else:
            self.left_out += 1

    def client(self, link: str, proxy: str) -> str:
        """Return the name of the client's end of a link."""
        if len(self._proxies) > 1:
            return _("client {link} of {proxy}", link=link, proxy=proxy)
        return _("client {link}", link=link)

    def server(self, proxy: str) -> str:
        """Return the name of the server's end of all links of a proxy."""
        return _("server of {proxy}", proxy=proxy) if len(self._proxies) > 1 else _("server")


class Painter:
    """Observer that adds the units of one proxy to a picture.

    Args:
        picture: The picture.
        proxy: The name of the proxy.
    """

    def __init__(self, picture: Picture, proxy: str) -> None:
        self._picture = picture
        self._proxy = proxy
        self._open: OrderedDict[tuple[str, Direction, int], _Open] = OrderedDict()

    def decided(self, lane: Lane, unit: Unit, actions: list[Action], now: float) -> None:
        """See `twisted_lab.faults.engine.link.Observer`."""
        whats = {action.what for action in actions}
        causes = tuple(dict.fromkeys(action.toxic for action in actions))
        text = escape_bytes(unit.body) or _("(empty)")
        if unit.kind is Kind.CLOSE:
            text = _("(close)")
        passage = self._passage(lane, text, now, causes)
        passage.is_lost = What.LOSE in whats or lane.is_over
        passage.is_changed = bool(whats & _CHANGES)
        key = lane.link.name, lane.direction, unit.number
        is_sliced = What.SLICE in whats or (What.RATE in whats and lane.link.is_stream)
        self._open[key] = _Open(passage, What.JOIN in whats, is_sliced)
        if len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)
        if unit.kind is not Kind.OPEN:
            self._picture.add(passage)
            if passage.is_lost:
                self._picture.shown(passage, 0)

    def _passage(self, lane: Lane, text: str, now: float, causes: tuple[str, ...]) -> Passage:
        client = self._picture.client(lane.link.name, self._proxy)
        is_upstream = lane.direction is Direction.UPSTREAM
        server = self._picture.server(self._proxy)
        return Passage(client, server, is_upstream, text, now, causes=causes)

    def delivered(self, lane: Lane, output: Output, now: float) -> None:
        """See `twisted_lab.faults.engine.link.Observer`."""
        name, direction, number = lane.link.name, lane.direction, output.number
        found = self._open.get((name, direction, number))
        if output.end not in (None, End.EOF):
            self._ended(lane, f"({output.end})", now, found.passage.causes if found else ())
        elif found is not None:
            # Units that were joined leave with the number of the last one.
            earlier = self._open.get((name, direction, number - 1))
            while earlier and earlier.is_joined and not earlier.passage.arrivals:
                if not earlier.passage.is_lost:
                    self._arrived(earlier, now)
                number -= 1
                earlier = self._open.get((name, direction, number - 1))
            self._arrived(found, now)

    def _ended(self, lane: Lane, text: str, now: float, causes: tuple[str, ...]) -> None:
        passage = self._passage(lane, text, now, causes)
        passage.arrivals.append(now)
        self._picture.add(passage)
        self._picture.shown(passage, 0)

    def _arrived(self, unit: _Open, now: float) -> None:
        arrivals = unit.passage.arrivals
        if unit.is_sliced and arrivals:
            arrivals[-1] = now
        elif len(arrivals) < MOST_COPIES:
            arrivals.append(now)
            self._picture.shown(unit.passage, len(arrivals) - 1)


class DiagramFile:
    """The file that gets a picture when the process ends; see `twisted_lab.resources.Resource`.

    Args:
        path: The file.
        picture: The picture.
        written: Called when the file is written.
        failed: Called with the reason if the file cannot be written.
    """

    def __init__(
        self,
        path: str,
        picture: Picture,
        written: Callable[[], object],
        failed: Callable[[str], object],
    ) -> None:
        self._path = path
        self._picture = picture
        self._written = written
        self._failed = failed
        self._file: TextIO | None = None

    def open(self) -> None:
        """Create the file, so that a wrong path is refused at the start.

        Raises:
            NotReady: It cannot be written.
        """
        self._file = os.fdopen(open_for_writing(self._path), "w", encoding="utf-8")

    async def close(self) -> None:
        """Write the picture."""
        assert self._file is not None
        picture = self._picture
        try:
            with self._file:
                self._file.write(draw(lay_out(picture.passages, picture.left_out)))
        except OSError as error:
            self._failed(reason_of(error))
        else:
            self._written()

    def discard(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
