"""Members of a room on several nodes, in one process, which `bench.rooms` starts.

It prints "ready" when all its members are in the room. Then each line of its input, a
number of messages a second, starts a measurement, whose results it prints as JSON; 0 is for as many
as possible.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import cycle
from threading import Thread
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall, deferLater

from twisted_lab.client.chat_client import ChatClient
from twisted_lab.client.servers import Server, Servers
from twisted_lab.client.udp import UDPWire
from twisted_lab.interfaces import global_reactor
from twisted_lab.rooms import Line

SPEAKERS = 30  # of each process
SECONDS = 5.0
WARM_UP_SECONDS = 1.0
HOST = "127.0.0.1"


def nothing(_: object) -> None:
    """Do nothing."""


class Crowd:
    """The members of this process.

    Args:
        ports: The ports of the nodes; the members take them in turn.
        first: The number of the first member.
        count: The number of members here.
    """

    def __init__(self, ports: list[int], first: int, count: int) -> None:
        self.reactor: Any = global_reactor()
        self.lines = 0  # on all screens
        self.shown = 0  # messages, on the screen of the first member
        self.trips: list[float] = []
        self.nodes = [number % len(ports) for number in range(first, first + count)]
        self.clients = [
            ChatClient(self.reactor, f"m{first + number}", self.screen(number), nothing)
            for number in range(count)
        ]
        self.wires = [
            UDPWire(self.reactor, client, Servers([Server(HOST, ports[node])]))
            for client, node in zip(self.clients, self.nodes, strict=True)
        ]

    def screen(self, number: int) -> Any:
        """Return what shows a line to a member."""
        node = str(self.nodes[number])

        def show(line: Line) -> None:
            self.lines += 1
            speaker, _, text = line.text.partition(": ")
            if not speaker.startswith("m"):
                return
            self.shown += number == 0
            where, _, said = text.partition(" ")
            if where != node:
                self.trips.append(1000 * (time.perf_counter() - float(said)))

        return show

    def say(self, number: int) -> None:
        """Let a member say on which node it is, and when."""
        self.clients[number].say(f"{self.nodes[number]} {time.perf_counter()!r}")

    def say_all(self) -> None:
        """Let all speakers say something that have nothing unconfirmed."""
        for number, client in enumerate(self.clients[:SPEAKERS]):
            if not client.room.pending:
                self.say(number)

    async def measure(self, rate: float) -> None:
        """Speak for some seconds, and print the result."""
        speakers = cycle(range(min(SPEAKERS, len(self.clients))))
        speaking = LoopingCall(lambda: self.say(next(speakers)) if rate else self.say_all())
        speaking.start(1 / rate if rate else 0.005)
        await deferLater(self.reactor, WARM_UP_SECONDS)
        shown, started = self.shown, time.perf_counter()
        self.trips = []
        await deferLater(self.reactor, SECONDS)
        trips, shown = self.trips, self.shown - shown
        seconds = time.perf_counter() - started
        speaking.stop()
        while any(client.room.pending for client in self.clients):
            await deferLater(self.reactor, 0.1)
        print(json.dumps({"rate": shown / seconds, "trips": trips}), flush=True)

    def look(self, lines: int = 0) -> None:
        """Wait until all members are in the room, and have heard of all that joined."""
        if self.lines == lines and all(client.room.is_in for client in self.clients):
            print("ready", flush=True)
            Thread(target=self.obey, daemon=True).start()
        else:
            self.reactor.callLater(1.0, self.look, self.lines)

    def obey(self) -> None:
        """Measure at each rate of the input."""
        for line in sys.stdin:
            self.reactor.callFromThread(
                lambda rate: Deferred.fromCoroutine(self.measure(rate)).addErrback(self.fail),
                float(line),
            )
        self.reactor.callFromThread(self.reactor.stop)

    def fail(self, failure: Any) -> None:
        """End."""
        failure.printTraceback()
        self.reactor.stop()

    def run(self) -> None:
        """Run until the input ends."""
        for each in self.wires:
            each.open()
        self.look()
        self.reactor.run()


if __name__ == "__main__":
    ports, *numbers = sys.argv[1:]
    Crowd([int(port) for port in ports.split(",")], *map(int, numbers)).run()
