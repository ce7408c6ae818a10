"""Links: one client and its server, with a lane of units in each direction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from twisted_lab.faults.engine.actions import Action
from twisted_lab.faults.engine.framing import NO_FRAMING, Framing, Splitter
from twisted_lab.faults.engine.link_names import LinkNames
from twisted_lab.faults.engine.pipe import Output, Pipe
from twisted_lab.faults.engine.toxic import View
from twisted_lab.faults.engine.units import Direction, Kind, Unit

# Limit of what one direction of a link holds. The proxy stops reading a stream above it, and drops
# datagrams.
HELD_BYTES = 1_048_576
# A portion of 64 KiB can have 65,536 units, and each costs much more than its bytes. So a lane
# decides about this many at a time, and other links have their turn in between.
UNITS_PER_TURN = 100
# A look that comes late says nothing: the rest of the line may have arrived while the process was
# busy. It is read before the next look.
QUIET_LOOKS = 2


class Observer(Protocol):
    """The interface of observers of decisions and deliveries: a recorder, or a picture."""

    def decided(self, lane: Lane, unit: Unit, actions: list[Action], now: float) -> None:
        """Handle the decision about a unit, at its arrival."""
        ...

    def delivered(self, lane: Lane, output: Output, now: float) -> None:
        """Handle what leaves a lane."""
        ...


class Deciding(Protocol):
    """The interface of deciders about units: the toxics of a proxy, or a replay."""

    def decide(self, lane: Lane, unit: Unit) -> list[Action]:
        """Return the actions on a unit."""
        ...


class Lane:
    """One direction of a link: bytes in, outputs and a deadline out.

    Args:
        link: The link.
        direction: The direction.
        framing: The framing of its units.

    Attributes:
        link: See above.
        direction: See above.
        units: The number of units so far.
        views: What each toxic knows about the lane, by the toxic's name.
    """

    __slots__ = (
        *("_is_behind", "_is_closing", "_is_read", "_pipe", "_quiet_at", "_quiet_looks"),
        *("_splitter", "direction", "link", "units", "views"),
    )

    def __init__(self, link: Link, direction: Direction, framing: Framing) -> None:
        self.link = link
        self.direction = direction
        self.units = 0
        self.views: dict[str, View] = {}
        self._pipe = Pipe(link.is_stream)
        self._splitter = Splitter(framing)
        self._quiet_at: float | None = None  # the next look at whether the source is silent
        self._quiet_looks = 0
        self._is_read = True
        self._is_behind = False  # whether units wait in the splitter
        self._is_closing = False

    @property
    def is_full(self) -> bool:
        """Whether the source must wait: more would not fit."""
        # Not because of an unfinished unit: without more bytes it would stay unfinished.
        return self._pipe.held >= HELD_BYTES or self._is_behind

    @property
    def held(self) -> int:
        """The memory of what it holds, in bytes."""
        return self._pipe.held + self._splitter.size

    @property
    def is_over(self) -> bool:
        """Whether the direction has ended."""
        return self._pipe.is_over

    def open(self, now: float) -> None:
        """Let the toxics know that the link begins."""
        self._decide(Unit(Kind.OPEN, 0), now)

    def send(self, data: bytes, now: float) -> None:
        """Put a datagram, or a portion of a stream, into the lane."""
        if self.link.is_stream:
            self._splitter.feed(data)
            self._fill(now)
        else:
            self._send_unit(data, now)

    def close(self, now: float) -> None:
        """Let the source close its sending side."""
        self._is_closing = True
        self._fill(now)

    def _fill(self, now: float) -> None:
        """Put units into the pipe while there is room."""
        splitter, self._quiet_at, self._is_behind = self._splitter, None, True
        for _ in range(UNITS_PER_TURN):
            if self._pipe.held >= HELD_BYTES:
                return
            if (piece := splitter.take()) is None:
                self._is_behind = False
                if self._is_closing:
                    self._send_rest(now)
                    self._decide(Unit(Kind.CLOSE, self.units + 1), now)
                else:
                    self.listen(self._is_read, now)
                return
            self._send_unit(piece, now)

    def listen(self, is_read: bool, now: float) -> None:
        """Wait for a silence that ends a unit, but only while the source is read.

        Otherwise a slow reader of the units would change where they end.
        """
        self._is_read = is_read
        self._quiet_looks = 0
        is_waiting = is_read and self._splitter.size and not (self._is_behind or self._is_closing)
        quiet = self._splitter.framing.quiet if is_waiting else None
        self._quiet_at = None if quiet is None else now + quiet / QUIET_LOOKS

    def _look(self, now: float) -> None:
        """End a unit if the source is silent."""
        self._quiet_looks += 1
        quiet = self._splitter.framing.quiet
        if self._quiet_looks < QUIET_LOOKS and quiet is not None:
            self._quiet_at = now + quiet / QUIET_LOOKS
        else:
            self._send_rest(now)

    def _send_rest(self, now: float) -> None:
        self._quiet_at = None
        if self._splitter.size:
            self._send_unit(self._splitter.rest(), now)

    def _send_unit(self, data: bytes, now: float) -> None:
        self.units += 1
        self._decide(Unit(Kind.DATA, self.units, data, self._splitter.framing), now)

    def _decide(self, unit: Unit, now: float) -> None:
        link = self.link
        if not link.name and unit.kind is Kind.DATA and self is link.upstream:
            link.begin(unit.body, now)
        self.apply(unit, link.deciding.decide(self, unit) if link.name else [], now)

    def apply(self, unit: Unit, actions: list[Action], now: float) -> None:
        """Do actions on a unit."""
        for observer in self.link.observers:
            observer.decided(self, unit, actions, now)
        self._pipe.send(unit, actions, now)

    def deadline(self) -> float | None:
        """Return the time from which `take` has outputs; None if there is none."""
        if self._is_behind and self._pipe.held < HELD_BYTES:
            return 0.0
        waiting, quiet = self._pipe.deadline(), self._quiet_at
        return quiet if waiting is None else waiting if quiet is None else min(waiting, quiet)

    def take(self, now: float) -> Iterator[Output]:
        """Yield the outputs that are due; the caller may stop in between, and go on later.

        Look at `deadline` afterwards: more may be due at once.
        """
        if self._is_behind:
            self._fill(now)
        if self._quiet_at is not None and self._quiet_at <= now:
            self._look(now)
        for output in self._pipe.take(now):
            for observer in self.link.observers:
                observer.delivered(self, output, now)
            yield output

    def release(self, now: float) -> int:
        """Queue all held units; return their number."""
        return self._pipe.release(now)

    def discard(self) -> int:
        """End the direction, and drop what it holds; return the number of units."""
        rest = bool(self._splitter.rest())
        self._quiet_at = None
        self._is_behind = False
        return rest + self._pipe.discard()


class Link:
    """A client's connection, or the datagrams of its address.

    Call `open` once it exists. Its name may depend on the client's first message. What the server
    sends before that message has no faults.

    Args:
        names: Gives the link its name, which decides about its faults together with the seed.
        host: The client's IP address; "" for a unix socket.
        is_stream: Whether it is a stream.
        deciding: The toxics, or a replay.
        observers: What hears of all decisions and deliveries.
        framing: The framing of its units; datagrams have none.

    Attributes:
        name: Its name; "" until it has one.
        host: See above.
        is_stream: See above.
        deciding: See above.
        observers: See above.
        upstream: The lane from the client to the server.
        downstream: The lane from the server to the client.
    """

    __slots__ = (
        *("_names", "deciding", "downstream", "host", "is_stream", "name", "observers", "upstream"),
    )

    def __init__(
        self,
        names: LinkNames,
        host: str,
        is_stream: bool,
        deciding: Deciding,
        observers: tuple[Observer, ...] = (),
        framing: Framing = NO_FRAMING,
    ) -> None:
        self.name = ""
        self.host = host
        self.is_stream = is_stream
        self.deciding = deciding
        self.observers = observers
        self.upstream = Lane(self, Direction.UPSTREAM, framing)
        self.downstream = Lane(self, Direction.DOWNSTREAM, framing)
        self._names = names

    @property
    def lanes(self) -> tuple[Lane, Lane]:
        """Both lanes."""
        return self.upstream, self.downstream

    def open(self, now: float) -> None:
        """Begin, unless the name depends on the first message; the toxics may end it at once."""
        if not self._names.needs_message:
            self.begin(b"", now)

    def begin(self, message: bytes, now: float) -> None:
        """Begin, with the client's first message if the name depends on it."""
        self.name = self._names.name(self.host, message)
        for lane in self.lanes:
            lane.open(now)

    def deadline(self) -> float | None:
        """Return the time from which a lane has outputs; None if there is none."""
        times = [time for lane in self.lanes if (time := lane.deadline()) is not None]
        return min(times, default=None)
