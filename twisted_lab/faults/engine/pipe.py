"""Pipe: carries the units of one direction, and does the actions that were decided on them.

It is pure: units, actions and the time go in, outputs and a deadline come out.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from twisted_lab.faults.engine.actions import Action, End, What
from twisted_lab.faults.engine.chance import Chance
from twisted_lab.faults.engine.units import Kind, Unit

MOST_SLICES = 1000  # of one unit, on average
OUTPUT_BYTES = 256  # memory of an output in addition to its data
# A stream of limited rate arrives in portions of this many seconds, and not in one at the end.
PORTION_SECONDS = 0.1

_Whats = dict[What, list[Action]]


@dataclass(slots=True)
class Output:
    """An output of the pipe.

    Attributes:
        number: The number of the unit.
        data: Its bytes; empty with an `end`.
        end: How the link, or this direction, ends here; None if it goes on.
        rebinds: Whether the client gets another address, before the bytes are sent.
        toxic: The toxic that has decided the `end`; "" for an end that is passed on.
    """

    number: int
    data: bytes = b""
    end: End | None = None
    rebinds: bool = False
    toxic: str = ""

    @property
    def cost(self) -> int:
        """Its memory, in bytes."""
        return OUTPUT_BYTES + len(self.data)


_Timed = list[tuple[float, Output]]


@dataclass(slots=True)
class _Joined:
    """Units that leave together, with the actions on the last one."""

    deadline: float
    data: bytearray
    units: int = 0
    number: int = 0
    whats: _Whats | None = None


@dataclass(slots=True)
class _Overtaken:
    """Outputs that later units overtake."""

    outputs: _Timed
    left: int
    deadline: float


class Pipe:
    """One direction of a link.

    The order of units stays, unless an action of kind LATER changes it: shorter delays wait for
    longer ones before them. A held datagram lets others pass.

    Args:
        is_stream: Whether a held unit stops all that follows.

    Attributes:
        held: The memory of what is in the pipe, in bytes.
        is_over: Whether the direction has ended; what is sent after that is lost.
    """

    __slots__ = (
        *("_ends", "_free", "_is_closed", "_is_stream", "_joined"),
        *("_on_hold", "_overtaken", "_queue", "held", "is_over"),
    )

    def __init__(self, is_stream: bool) -> None:
        self.held = 0
        self.is_over = False
        self._is_stream = is_stream
        self._is_closed = False  # whether further units are lost
        # In order: the earliest time at which an output leaves, and whether it is put on hold then.
        self._queue: deque[tuple[float, Output, bool]] = deque()
        self._ends: _Timed = []  # those that wait for no unit, by time
        self._free: dict[str, float] = {}  # by toxic: when its line is free again
        self._overtaken: list[_Overtaken] = []
        self._on_hold: list[Output] = []
        self._joined: _Joined | None = None

    def send(self, unit: Unit, actions: Iterable[Action], now: float) -> None:
        """Put a unit into the pipe, with the actions on it."""
        whats: _Whats = {}
        for action in actions:
            whats.setdefault(action.what, []).append(action)
        if What.LOSE not in whats and not self._is_closed:
            if unit.kind is Kind.DATA:
                self._send_data(unit.number, changed(unit.data, whats), whats, now)
            elif unit.kind is Kind.CLOSE:
                self._end(Output(unit.number, end=End.EOF), self._delayed(whats, 0, now), now)
        for action in whats.get(What.END, ()):
            end, seconds = action.values
            output = Output(unit.number, end=End(end), toxic=action.toxic)
            if output.end is End.RESET or seconds:
                self.held += output.cost
                insort(self._ends, (now + seconds, output), key=lambda timed: timed[0])
                # Units after it are lost, whenever `take` is called.
                self._is_closed = self._is_closed or not seconds
            elif not self._is_closed:
                self._end(output, now, now)

    def _end(self, output: Output, at: float, now: float) -> None:
        """Queue an end after all units, also those that wait for later ones."""
        self._send_joined(now)
        for each in self._overtaken:
            self._push(each.outputs)
        self._overtaken.clear()
        self.held += output.cost
        self._push([(at, output)])
        self._is_closed = True

    def _send_data(self, number: int, data: bytes, whats: _Whats, now: float) -> None:
        joins = whats.get(What.JOIN)
        if not joins and not self._joined:
            self._send_outputs(number, data, whats, now)
            return
        count, seconds = joins[0].values if joins else (0, 0.0)
        joined = self._joined = self._joined or _Joined(now + seconds, bytearray())
        joined.data += data
        joined.units += 1
        joined.number, joined.whats = number, whats
        self.held += len(data)
        if joined.units >= count:
            self._send_joined(now)

    def _send_joined(self, now: float) -> None:
        joined, self._joined = self._joined, None
        if joined:
            assert joined.whats is not None
            self.held -= len(joined.data)
            self._send_outputs(joined.number, bytes(joined.data), joined.whats, now)

    def _send_outputs(self, number: int, data: bytes, whats: _Whats, now: float) -> None:
        pieces, pause = self._pieces(data, whats)
        outputs = [
            (self._delayed(whats, len(piece), now) + index * pause, Output(number, piece))
            for index, piece in enumerate(pieces)
        ]
        if copies := whats.get(What.COPY):
            outputs += [(at, Output(number, output.data)) for at, output in outputs] * sum(
                action.values[0] for action in copies
            )
        self.held += sum(output.cost for _, output in outputs)
        if outputs and What.REBIND in whats:
            outputs[0][1].rebinds = True
        if What.LATER in whats and What.HOLD not in whats:
            gap, seconds = whats[What.LATER][0].values
            self._overtaken.append(_Overtaken(outputs, gap + 1, outputs[-1][0] + seconds))
        else:
            self._push(outputs, What.HOLD in whats)
        if self._overtaken:
            self._overtake(now)

    def _pieces(self, data: bytes, whats: _Whats) -> tuple[Iterable[bytes], float]:
        """Return a unit's bytes as they are written, and the seconds between two writes."""
        if slices := whats.get(What.SLICE):
            average, variation, seconds, draw = slices[0].values
            return sliced(data, average, variation, draw), seconds
        if self._is_stream and What.RATE in whats:
            rate = min(action.values[0] for action in whats[What.RATE])
            return sliced(data, int(rate * PORTION_SECONDS), 0, 0.0), 0.0
        return (data,), 0.0

    def _delayed(self, whats: _Whats, size: int, now: float) -> float:
        """Return the time at which `size` bytes leave."""
        at = now
        for action in whats.get(What.RATE, ()):
            free = max(self._free.get(action.toxic, 0.0), at)
            at = self._free[action.toxic] = free + size / action.values[0]
        for action in whats.get(What.DELAY, ()):
            at += action.values[0]
        return at

    def _push(self, outputs: _Timed, holds: bool = False) -> None:
        self._queue.extend((at, output, holds) for at, output in outputs)

    def _overtake(self, now: float) -> None:
        """Count a unit that overtakes others, and queue those that were overtaken enough."""
        for each in self._overtaken:
            each.left -= 1
        self._push_overtaken(now)

    def _push_overtaken(self, now: float) -> None:
        waiting, self._overtaken = self._overtaken, []
        for each in waiting:
            if each.left > 0 and each.deadline > now:
                self._overtaken.append(each)
            else:
                self._push(each.outputs)

    def deadline(self) -> float | None:
        """Return the time from which `take` has outputs; None if there is none."""
        times = [self._queue[0][0]] if self._queue else []
        if not (self._ends or self._overtaken or self._joined):  # almost always
            return times[0] if times else None
        times += [at for at, _ in self._ends[:1]]
        times += [each.deadline for each in self._overtaken]
        if self._joined:
            times.append(self._joined.deadline)
        return min(times, default=None)

    def take(self, now: float) -> Iterator[Output]:
        """Yield the outputs that are due; the caller may stop in between, and go on later."""
        if self._joined and self._joined.deadline <= now:
            self._send_joined(now)
        self._push_overtaken(now)
        while (output := self._next(now)) is not None:
            yield output

    def _next(self, now: float) -> Output | None:
        end_at = self._ends[0][0] if self._ends else now
        while self._queue and self._queue[0][0] <= min(now, end_at):
            _, output, holds = self._queue.popleft()
            if holds or (self._on_hold and self._is_stream):
                self._on_hold.append(output)
                continue
            self.held -= output.cost
            if output.end is not None:
                self._drop()
            return output
        if self._ends and end_at <= now:
            _, output = self._ends.pop(0)
            self._drop()
            return output
        return None

    def release(self, now: float) -> int:
        """Queue all held units, before those that came later; return their number."""
        count = len(self._on_hold) + sum(holds for _, _, holds in self._queue)
        queue = [(now, output, False) for output in self._on_hold]
        queue += [(at, output, False) for at, output, _ in self._queue]
        self._queue = deque(queue)
        self._on_hold.clear()
        return count

    def _drop(self) -> None:
        """End the direction; only the ends remain that wait for no unit."""
        self.is_over = self._is_closed = True
        self.held = sum(output.cost for _, output in self._ends)
        self._queue.clear()
        self._overtaken.clear()
        self._on_hold.clear()
        self._joined = None

    def discard(self) -> int:
        """End the direction, and drop what is in the pipe; return the number of units."""
        outputs = [output for _, output, _ in self._queue]
        outputs += [output for each in self._overtaken for _, output in each.outputs]
        outputs += self._on_hold
        joined = self._joined.units if self._joined else 0
        self._ends.clear()
        self._drop()
        return joined + sum(output.end is None for output in outputs)


def changed(data: bytes, whats: _Whats) -> bytes:
    """Return the bytes of a unit after the actions that change them."""
    for action in whats.get(What.REPLACE, ()):
        data = bytes.fromhex(action.values[0])
    for action in whats.get(What.CORRUPT, ()):
        byte, bit = divmod(action.values[0], 8)
        if byte < len(data):
            data = b"".join((data[:byte], bytes([data[byte] ^ 1 << bit]), data[byte + 1 :]))
    for action in whats.get(What.TRUNCATE, ()):
        data = data[: action.values[0]]
    return data


def sliced(data: bytes, average: int, variation: int, draw: float) -> Iterator[bytes]:
    """Yield `data` in slices, at least one; the same `draw` cuts it in the same way."""
    average = max(average, len(data) // MOST_SLICES, 1)
    variation = min(variation, average)  # A larger one would change the average.
    chance = Chance(draw)
    start = number = 0
    while start < len(data) or not number:
        size = average
        if variation:
            size = max(round(average + variation * (2 * chance.draw(number) - 1)), 1)
        yield data[start : start + size]
        start += size
        number += 1
