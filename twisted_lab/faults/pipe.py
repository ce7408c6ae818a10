"""Pipe: carries the units of one direction, and does the actions that were decided on them.

It is pure: units, actions and the time go in, outputs and a deadline come out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

from twisted_lab.faults.actions import ORDER, Action, End, What
from twisted_lab.faults.chance import Chance
from twisted_lab.faults.units import Kind, Unit

MOST_SLICES = 1000  # of one unit
OUTPUT_BYTES = 256  # memory of an output in addition to its data


@dataclass(slots=True)
class Output:
    """What leaves the pipe.

    Attributes:
        number: The number of the unit.
        data: Its bytes; empty with an `end`.
        end: How the link, or this direction, ends here; None if it goes on.
        rebinds: Whether the client gets another address, before the bytes are sent.
    """

    number: int
    data: bytes = b""
    end: End | None = None
    rebinds: bool = False


@dataclass(slots=True)
class _Overtaken:
    """Outputs that later units overtake."""

    outputs: list[Output]
    left: int
    deadline: float


class Pipe:
    """One direction of a link.

    The order of units stays, unless an action of kind LATER changes it: shorter delays wait for
    longer ones before them.

    Args:
        is_stream: Whether a held unit stops all that follows.

    Attributes:
        held: The memory of what is in the pipe, in bytes.
        is_over: Whether the direction has ended; what is sent after that is lost.
    """

    def __init__(self, is_stream: bool) -> None:
        self.held = 0
        self.is_over = False
        self._is_stream = is_stream
        self._queue: list[tuple[float, int, Output]] = []
        self._sequence = 0
        self._last = 0.0  # time of the last output in the queue
        self._free: dict[str, float] = {}  # by toxic: when its line is free again
        self._overtaken: list[_Overtaken] = []
        self._on_hold: deque[Output] = deque()
        self._joined = bytearray()
        self._joined_units = 0
        self._joined_number = 0  # of the last one
        self._join_deadline: float | None = None

    def send(self, unit: Unit, actions: Iterable[Action], now: float) -> None:
        """Put a unit into the pipe, with the actions on it."""
        if self.is_over:
            return
        whats: dict[What, list[Action]] = {}
        for action in sorted(actions, key=lambda action: ORDER[action.what]):
            whats.setdefault(action.what, []).append(action)
        ends = whats.pop(What.END, ())
        if What.LOSE not in whats:
            if unit.kind is Kind.DATA:
                self._send_data(unit, whats, now)
            elif unit.kind is Kind.CLOSE:
                self._flush(now)
                self._push(Output(unit.number, end=End.EOF), self._delayed(whats, 0, now))
        for action in ends:
            end, seconds = action.values
            self._end(Output(unit.number, end=End(end)), seconds, now)

    def _send_data(self, unit: Unit, whats: dict[What, list[Action]], now: float) -> None:
        data = changed(unit.data, whats)
        if joins := whats.get(What.JOIN):
            count, seconds = joins[0].values
            self._joined_units += 1
            self._joined_number = unit.number
            if self._joined_units < count:
                self._joined += data
                self.held += len(data)
                if self._join_deadline is None:
                    self._join_deadline = now + seconds
                return
        data = self._unjoined() + data
        at = self._delayed(whats, len(data), now)
        outputs = [(Output(unit.number, data, rebinds=What.REBIND in whats), at)]
        if slices := whats.get(What.SLICE):
            average, variation, seconds, draw = slices[0].values
            outputs = [
                (Output(unit.number, piece), at + number * seconds)
                for number, piece in enumerate(sliced(data, average, variation, draw))
            ]
        copies = 1 + sum(action.values[0] for action in whats.get(What.COPY, ()))
        outputs *= copies
        if What.HOLD in whats or (self._on_hold and self._is_stream):
            self._on_hold.extend(self._counted(output) for output, _ in outputs)
        elif later := whats.get(What.LATER):
            gap, seconds = later[0].values
            kept = [self._counted(output) for output, _ in outputs]
            self._overtaken.append(_Overtaken(kept, gap + 1, at + seconds))
        else:
            for output, time in outputs:
                self._push(self._counted(output), time)
        self._overtake(at)

    def _counted(self, output: Output) -> Output:
        self.held += OUTPUT_BYTES + len(output.data)
        return output

    def _joined_output(self) -> Output:
        return Output(self._joined_number, self._unjoined())

    def _unjoined(self) -> bytes:
        data = bytes(self._joined)
        self.held -= len(data)
        self._joined.clear()
        self._joined_units = 0
        self._join_deadline = None
        return data

    def _delayed(self, whats: dict[What, list[Action]], size: int, now: float) -> float:
        """Return the time at which `size` bytes leave."""
        at: float = now
        for action in whats.get(What.RATE, ()):
            free = max(self._free.get(action.toxic, 0.0), at)
            at = self._free[action.toxic] = free + size / action.values[0]
        delays: list[float] = [action.values[0] for action in whats.get(What.DELAY, ())]
        return at + sum(delays)

    def _push(self, output: Output, at: float) -> None:
        self._last = max(self._last, at)
        self._push_unordered(output, self._last)

    def _push_unordered(self, output: Output, at: float) -> None:
        self._sequence += 1
        heappush(self._queue, (at, self._sequence, output))

    def _overtake(self, at: float) -> None:
        """Count a unit that overtakes others, and queue those that were overtaken enough."""
        waiting, self._overtaken = self._overtaken, []
        for each in waiting:
            each.left -= 1
            if each.left:
                self._overtaken.append(each)
            else:
                for output in each.outputs:
                    self._push(output, at)

    def _flush(self, now: float) -> None:
        """Queue what waits for later units, before the end."""
        if self._joined:
            self._push(self._counted(self._joined_output()), now)
        for each in self._overtaken:
            for output in each.outputs:
                self._push(output, now)
        self._overtaken.clear()

    def _end(self, output: Output, seconds: float, now: float) -> None:
        if output.end is End.RESET or seconds:
            self._push_unordered(output, now + seconds)
        else:
            self._flush(now)
            self._push(output, now)

    def deadline(self) -> float | None:
        """Return the time from which `take` has outputs; None if there is none."""
        times = [each.deadline for each in self._overtaken]
        times += [self._queue[0][0]] if self._queue else []
        times += [] if self._join_deadline is None else [self._join_deadline]
        return min(times, default=None)

    def take(self, now: float) -> Iterator[Output]:
        """Yield the outputs that are due."""
        if self._join_deadline is not None and self._join_deadline <= now:
            self._push(self._counted(self._joined_output()), now)
        for each in [each for each in self._overtaken if each.deadline <= now]:
            self._overtaken.remove(each)
            for output in each.outputs:
                self._push(output, now)
        while self._queue and self._queue[0][0] <= now:
            output = heappop(self._queue)[2]
            if output.end is not End.RESET and self._on_hold and self._is_stream:
                self._on_hold.append(output)
                continue
            if output.end is None:
                self.held -= OUTPUT_BYTES + len(output.data)
            else:
                self.discard()
            yield output

    def release(self, now: float) -> int:
        """Queue all held units; return their number."""
        count = len(self._on_hold)
        held, self._on_hold = self._on_hold, deque()
        for output in held:
            self._push(output, now)
        return count

    def discard(self) -> int:
        """End the direction, and drop what is in the pipe; return the number of units."""
        outputs = [output for *_, output in self._queue]
        outputs += [output for each in self._overtaken for output in each.outputs]
        outputs += self._on_hold
        dropped = self._joined_units + sum(output.end is None for output in outputs)
        self.is_over = True
        self.held = 0
        self._queue.clear()
        self._overtaken.clear()
        self._on_hold.clear()
        self._joined.clear()
        self._joined_units = 0
        self._join_deadline = None
        return dropped


def changed(data: bytes, whats: dict[What, list[Action]]) -> bytes:
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
    """Yield `data` in slices; the same `draw` cuts it in the same way."""
    average = max(average, len(data) // MOST_SLICES, 1)
    chance = Chance(draw)
    start = number = 0
    while start < len(data):
        size = max(round(average + variation * (2 * chance.draws(number)[0] - 1)), average // 2, 1)
        yield data[start : start + size]
        start += size
        number += 1
