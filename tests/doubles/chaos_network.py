"""A chat with a failing network, server and members, each with its own clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from twisted.internet.task import Clock

from tests.doubles.chat_network import CALM, START, Address, Member, Net

HELD = 100  # most datagrams that a process finds when it is resumed


class Process:
    """A process that can be suspended.

    Attributes:
        clock: Its clock.
        is_suspended: Whether it is suspended.
        is_dead: Whether it has ended.
    """

    def __init__(self, now: float) -> None:
        self.clock = Clock()
        self.clock.advance(now)
        self.is_suspended = self.is_dead = False
        self._missed = 0.0
        self._held: list[Callable[[], object]] = []

    def do(self, action: Callable[[], object]) -> None:
        """Do something now, or when the process is resumed."""
        if not self.is_suspended:
            action()
        elif len(self._held) < HELD:
            self._held.append(action)

    def spend(self, seconds: float) -> None:
        """Let time pass."""
        if self.is_suspended:
            self._missed += seconds
        else:
            self.clock.advance(seconds)

    def resume(self, counts: bool) -> None:
        """Resume the process.

        Args:
            counts: Whether its clock counted the time. CLOCK_MONOTONIC does not while a machine
                is suspended.
        """
        if not self.is_suspended or self.is_dead:
            return
        self.is_suspended = False
        missed, self._missed = self._missed, 0.0
        held, self._held = self._held, []
        # A reactor first runs expired timers, and then reads.
        self.clock.advance(missed if counts else 0.0)
        for action in held:
            action()

    def wait(self) -> float:
        """Return the seconds until its next timer."""
        calls = [] if self.is_suspended else self.clock.getDelayedCalls()
        return min((call.getTime() - self.clock.seconds() for call in calls), default=float("inf"))


class ChaosMember(Member):
    """A member that can be suspended, and cut off in one direction."""

    def __init__(self, net: ChaosNet, name: str) -> None:
        self.cut_up = self.cut_down = False
        self.came_in: int | None = None  # number of messages sent before its first admission
        super().__init__(net, name, float("inf"))
        self.process = net.process_of(self.clock)

    def _take(self, data: bytes, _: Address) -> None:
        if not self.cut_down:
            self.process.do(lambda: self.client.receive(data))

    def write(self, data: bytes) -> None:
        if not self.cut_up:
            super().write(data)


class ChaosNet(Net):
    """The network; `spend` lets time pass.

    Attributes:
        is_up: Whether the server's process runs.
    """

    def __init__(self, seed: int, toxics: Iterable[str]) -> None:
        self._processes: list[Process] = []
        self._elapsed = START
        self.is_up = True
        super().__init__(seed, toxics)

    def new_clock(self) -> Clock:
        process = Process(self._elapsed)
        self._processes.append(process)
        return process.clock

    def process_of(self, clock: Clock) -> Process:
        """Return the process with this clock."""
        return next(process for process in self._processes if process.clock is clock)

    @property
    def server_process(self) -> Process:
        return self.process_of(self.server_clock)

    def calm(self) -> None:
        """Lose, duplicate and reorder nothing from now on."""
        self.network.change(CALM)

    def to_server(self, data: bytes, address: Address) -> None:
        if self.is_up:
            server = self.server
            self.server_process.do(lambda: server.datagramReceived(data, address))

    def stop_server(self) -> None:
        """End the server's process."""
        if self.is_up:
            self.is_up = False
            self.server_process.is_dead = True
            self._processes.remove(self.server_process)
            self.server.stopProtocol()
            self.server.transport = None
            self._killed.append(self.server)

    def start_again(self) -> None:
        """Start the server, unless it runs."""
        if not self.is_up:
            self.start_server()
            self.is_up = True

    def spend(self, seconds: float) -> None:
        """Let time pass for all processes that are not suspended."""
        end = self._elapsed + seconds
        while True:
            calls = self.clock.getDelayedCalls()
            waits = [call.getTime() - self.clock.seconds() for call in calls[:1]]
            waits += [process.wait() for process in self._processes]
            step = max(min([end - self._elapsed, *waits]), 0.0)
            self._elapsed += step
            self.clock.advance(step)
            for process in list(self._processes):
                process.spend(step)
            if self._elapsed >= end:
                return
