"""Doubles of what the checker looks at: a program, its sandbox, and what the kernel shows."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock

from twisted_lab.check.activity import LOOK_SECONDS, Activity
from twisted_lab.check.bench import Bench
from twisted_lab.check.kernel.snapshot import ProgramThread, Snapshot
from twisted_lab.check.kernel.sockets import Socket
from twisted_lab.check.kernel.waits import Thread, Wait
from twisted_lab.check.requirements.requirement import Requirement
from twisted_lab.check.task import Role, Scenario, Task
from twisted_lab.check.trials.server_manners import Manners

Result = TypeVar("Result")


def a_task(requirements: Sequence[Requirement], scenarios: Mapping[str, Scenario[Any]]) -> Task:
    """Return a task for servers that learns nothing."""

    async def learn(_: Bench) -> Manners:
        return Manners()

    return Task("a-task", Role.SERVER, tuple(requirements), learn, scenarios)


def tcp(
    port: int = 9090, peer_port: int = 0, unread: int = 0, unsent: int = 0, host: str = "127.0.0.1"
) -> Socket:
    """Return a TCP socket; it listens if it has no peer."""
    address = IPv4Address(host)
    kind = socket.SOCK_STREAM
    return Socket(socket.AF_INET, kind, address, port, peer_port, not peer_port, unread, unsent)


def doing(
    wait: Wait,
    *sockets: Socket,
    terminal: bool = False,
    sends: bool = False,
    timeout: float = float("inf"),
    switches: int = 0,
    others: Sequence[Socket] = (),
) -> Snapshot:
    """Return a program with one thread, and sockets that it waits for and others."""
    state = Thread(wait, timeout=timeout, switches=switches)
    return Snapshot(
        (ProgramThread(state, sockets, terminal, sends),), (*sockets, *others), can_look=True
    )


RUNNING = doing(Wait.NOTHING)
READING = doing(Wait.INPUT, terminal=True)
ACCEPTING = doing(Wait.INPUT, tcp())


class FakeChild:
    """A program whose end a test decides; its terminal is a real one.

    Attributes:
        ended: Its status, or None.
        signals: The signals that it got.
    """

    def __init__(self, terminal: int) -> None:
        self.pid = 7
        self.terminal = terminal
        self.process = -1
        self.ended: int | None = None
        self.signals: list[int] = []

    def status(self) -> int | None:
        return self.ended

    def send_signal(self, number: int) -> None:
        self.signals.append(number)


class FakeSandbox:
    """A sandbox in which nothing runs.

    Attributes:
        closed: How often it was closed.
        happened: Its incidents.
        changed: Its files.
    """

    def __init__(self) -> None:
        self.lacks: tuple[str, ...] = ()
        self.closed = 0
        self.happened: tuple[str, ...] = ()
        self.changed: dict[str, bytes] = {}

    def start(self, command: Sequence[str]) -> FakeChild:
        raise NotImplementedError

    def make_socket(self, family: socket.AddressFamily, kind: socket.SocketKind) -> socket.socket:
        return socket.socket(family, kind)

    def listener(self, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
        raise NotImplementedError

    def files(self, most_of_each: int = 0, most_of_all: int = 0) -> dict[str, bytes]:
        return self.changed

    def incidents(self) -> tuple[str, ...]:
        return self.happened

    def close(self) -> None:
        self.closed += 1


def make_bench(
    clock: MemoryReactorClock, open_sandbox: Callable[[], FakeSandbox] = FakeSandbox
) -> Bench:
    """Return a bench on a fake clock."""
    return Bench(
        reactor=clock,
        activity=Activity(clock),
        command=("server", "{host}", "{port}"),
        folder=Path(),
        address=None,
        open_sandbox=lambda _, __: open_sandbox(),
        seed=7,
        watch=lambda _: None,
    )


def run(clock: MemoryReactorClock, awaitable: Awaitable[Result], seconds: float = 300) -> Result:
    """Let time pass until a coroutine returns, and return what it does.

    Raises:
        AssertionError: It still waits after `seconds` on the clock.
    """
    results: list[Result] = []
    errors: list[BaseException] = []

    async def wait() -> None:
        try:
            results.append(await awaitable)
        except BaseException as error:
            errors.append(error)

    Deferred.fromCoroutine(wait())
    end = clock.seconds() + seconds
    while not results and not errors:
        assert clock.seconds() < end, "it still waits"
        clock.advance(LOOK_SECONDS)
    if errors:
        raise errors[0]
    return results[0]


def drained(connection: socket.socket) -> bytes:
    """Return all that has arrived on a socket that blocks."""
    connection.setblocking(False)
    data = b""
    with suppress(BlockingIOError):
        while piece := connection.recv(65_536):
            data += piece
    return data
