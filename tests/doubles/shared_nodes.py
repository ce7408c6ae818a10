"""Nodes of a room on a server in memory, and their members."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, deferLater
from twisted.logger import LogLevel
from twisted.python.failure import Failure

from tests.doubles.recording import recorded_events
from tests.doubles.rooms import free_limits
from tests.doubles.shared_log import START, MemoryLog, Server
from twisted_lab.channels import FanOut
from twisted_lab.rooms import Member, client_id
from twisted_lab.rooms.shared_room import SharedRoom


class Channel:
    """A channel of a member, whose peer takes everything at once.

    Attributes:
        heard: The lines that it was sent.
        hung_up: Whether the room has hung up.
    """

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.hung_up = self.is_gone = False

    def say(self, text: str) -> None:
        if not self.hung_up:
            self.heard.append(text)

    def hang_up(self) -> None:
        self.hung_up = True

    async def taken(self) -> None:
        pass


@dataclass
class Stay:
    """A member's stay in the room on a node.

    Attributes:
        node: The node.
        channel: Its channel.
        client: The id of its client.
        ended: What has come of joining, once it has ended: the member, or a failure.
    """

    node: MemoryNode
    channel: Channel
    client: str
    ended: list[Member | Failure] = field(default_factory=list)

    @property
    def member(self) -> Member:
        """The member.

        Raises:
            Exception: It is none.
        """
        [member] = self.ended
        assert isinstance(member, Member), member
        return member

    @property
    def is_in(self) -> bool:
        """Tell whether it has become a member."""
        return any(isinstance(each, Member) for each in self.ended)

    @property
    def texts(self) -> list[str]:
        """The lines that it has heard, without places and times."""
        if not self.client:
            return self.channel.heard
        return [line.split(" ", 2)[2] for line in self.channel.heard]

    @property
    def said(self) -> list[str]:
        """The messages that it has heard."""
        return [text for text in self.texts if not text.startswith(("*", "/", "error:"))]

    @property
    def place(self) -> int:
        """The place of the newest line that it has heard."""
        return max((int(line.split(" ", 1)[0]) for line in self.channel.heard), default=0)

    def say(self, text: str) -> Deferred[bool]:
        """Say something; return whether it stays."""
        now = self.node.clock.seconds()
        return Deferred.fromCoroutine(self.node.room.hear(self.member, text, now))

    def leave(self, how: str = "left") -> None:
        self.channel.is_gone = True
        self.node.room.leave(self.member, self.node.clock.seconds(), how)


class MemoryNode:
    """A node.

    Attributes:
        clock: Its clock.
        log: Its part of the log.
        room: Its part of the room.
        is_running: Whether its time passes.
        periods: The periods of common secrets that it has learned.
        leases: What it has reported: False for each lease lost, True for each one back.
    """

    def __init__(self, server: Server, clock: Clock) -> None:
        self.clock = clock
        self.log = MemoryLog(server, clock)
        self.periods: dict[int, bytes] = {}
        self.leases: list[bool] = []
        self._seats = count()
        self._number = len(server.logs)
        self.room = SharedRoom(
            self.log,
            FanOut(clock, recorded_events(LogLevel.error)[0]),
            clock.seconds,
            partial(deferLater, clock),
            clock.seconds,
            clock.seconds,
            lambda _, by_period: self.periods.update(by_period),
            self.leases.append,
            lambda _: f"seat{self._number}-{next(self._seats)}",
        )
        self.log.notified = self.room.notified
        self.is_running = True
        self.room.open()

    def join(self, name: str, secret: str = "", place: int | None = None) -> Stay:
        """Begin to join."""
        channel, client = Channel(), client_id(secret)
        entering = self.room.enter(name, channel, free_limits(), self.clock.seconds, client, place)
        stay = Stay(self, channel, client)
        Deferred.fromCoroutine(entering).addBoth(stay.ended.append)
        return stay


class Nodes:
    """A server and its nodes.

    Args:
        number: The number of nodes.
        delay: Returns the seconds of each request, and of each answer.

    Attributes:
        clock: The clock of the server.
        server: The server.
        nodes: The nodes.
    """

    def __init__(self, number: int = 0, delay: Callable[[], float] = lambda: 0.0) -> None:
        self.clock = Clock()
        self.clock.advance(START)
        self.server = Server(self.clock)
        self._delay = delay
        self.nodes = [self.add() for _ in range(number)]

    def add(self) -> MemoryNode:
        """Start a node."""
        clock = Clock()
        clock.advance(self.clock.seconds())
        node = MemoryNode(self.server, clock)
        node.log.delay = self._delay
        return node

    def advance(self, seconds: float, step: float = 0.1) -> None:
        """Let time pass for all that are not paused."""
        steps = max(round(seconds / step), 1)
        for _ in range(steps):
            self.clock.advance(seconds / steps)
            for node in self.nodes:
                if node.is_running:
                    self.catch_up(node)

    def catch_up(self, node: MemoryNode) -> None:
        """Bring a node's clock to the time; a paused one finds all of it gone at once."""
        node.is_running = True
        node.clock.advance(max(self.clock.seconds() - node.clock.seconds(), 0.0))
        for _ in range(3):
            node.clock.advance(0)
