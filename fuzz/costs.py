"""Searches for input that is expensive per byte.

    python -m fuzz.costs [--count N] [--seed N] [SCENARIO ...]

Costs are executed lines of Python, sent bytes and logged bytes, so the same seed finds the same
input. A call into C is one line, however long it takes: `tests.hostile` measures CPU time. Findings
belong into the catalogue there. The exit status is 1 if a bound is exceeded.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings, target
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from fuzz.datagrams import KEY, ChatServer
from tests.doubles.chat_network import Address, Socket
from tests.doubles.recording import Wire, recorded_events
from tests.doubles.rooms import open_chat
from tests.doubles.storage import CountingHashes
from twisted_lab.accounts import ACCOUNT_TABLES, Lifetimes
from twisted_lab.channels import Connections, ConversationFactory, FanOut, TextChannel
from twisted_lab.channels.channel import Conversation
from twisted_lab.known_peers import PEER_TABLES
from twisted_lab.login import AccountRealm
from twisted_lab.reliable.packets import Data, Side, seal
from twisted_lab.rooms import MemoryHistory, Rates
from twisted_lab.services.auth import Authentication
from twisted_lab.services.broadcast import Broadcast
from twisted_lab.services.ident import Identification
from twisted_lab.services.messages import number_messages
from twisted_lab.testing import MemoryStorage

OTHERS = 20  # peers that are already connected
SAID = 100  # messages in the chat's history
HEADER = 28  # bytes of an IP and a UDP header, which also an empty datagram has
# Bounds per byte, with OTHERS peers. The most expensive input found so far: "/history 100" (707
# lines and 141 logged bytes) and empty lines to the broadcast (182 sent bytes).
BOUNDS = {"lines": 1000.0, "sent": 250.0, "logged": 200.0}


class Step(NamedTuple):
    """A step of the attacker.

    Attributes:
        way: The number of the connection that it uses.
        lines: Its lines.
        end: The end of each line.
        size: Bytes sent at a time; 0 for all.
        wait: Quarters of a second of silence afterwards.
    """

    way: int
    lines: list[str]
    end: str
    size: int
    wait: int

    @property
    def pieces(self) -> list[bytes]:
        """The sent bytes in pieces."""
        data = "".join(line + self.end for line in self.lines).encode(errors="replace")
        size = self.size or 60_000
        return [data[start : start + size] for start in range(0, len(data), size)]


_WORDS = st.one_of(
    st.sampled_from(
        ("m1", "me", "new", "*", "error", "0", "1", "100", "0123456789abcdef", "\u0301")
    ),
    st.text(max_size=40),
    st.builds(
        str.__mul__, st.sampled_from("x\u0436\u0301\u1e9b\ufdfa\0\x1b"), st.integers(1, 2000)
    ),
)
_COMMANDS = (
    *("", "/msg m1", "/msg me", "/nick", "/who", "/history", "/help", "/join", "/leave", "exit"),
    *("1", "2", "/history 100", "/join new 0123456789abcdef 0", "\xff\xfb"),
)
_LINES = st.builds(
    lambda command, words: " ".join((command, *words)),
    st.sampled_from(_COMMANDS),
    st.lists(_WORDS, max_size=2),
)
_STEPS = st.builds(
    Step,
    st.integers(0, 2),
    st.lists(st.one_of(st.sampled_from(_COMMANDS), _LINES), max_size=64),
    st.sampled_from(("\n", "\r\n", "\r", "", "\0\n")),
    st.sampled_from((0, 0, 1, 7, 1000)),
    st.integers(0, 8),
)


class DatagramScenario:
    """The chat by datagrams; the attacker is a plain member, a stranger, and a session."""

    def __init__(self) -> None:
        self.server = ChatServer()
        self.clock = self.server.clock
        self.sent = 0
        for number in range(OTHERS):
            self._join(f"m{number}", ("192.0.2.1", number))
        for number in range(SAID):
            self.clock.advance(0.3)
            self.server.give(b"message %d" % number, ("192.0.2.1", number % OTHERS))
        self._join("me", ("192.0.2.7", 1))
        self.server.open(("192.0.2.7", 2), 1)
        self._sequence = 0
        self.server.datagrams.transport = Socket(self._count)

    def _count(self, data: bytes, address: Address) -> None:
        self.sent += len(data)

    def _join(self, name: str, address: Address) -> None:
        self.server.give(b"/join " + name.encode(), address)
        self.server.give(self.server.sent[0][0], address)

    @property
    def log(self) -> list[str]:
        """The lines of the log."""
        return self.server.recorder.messages

    def take(self, way: int, piece: bytes) -> None:
        """Take a datagram."""
        if way < 2:
            self.server.give(piece, ("192.0.2.7", (1, 3)[way]))
            return
        for start in range(0, len(piece), 1000):
            fragment = len(piece[start : start + 1000]).to_bytes(4) + piece[start : start + 1000]
            packet = Data(self.server.session, self._sequence, 0, fragment)
            self._sequence += 1
            self.server.give(seal(packet, KEY, Side.CLIENT), ("192.0.2.7", 2))

    def end(self) -> None:
        """End all conversations."""
        self.server.connections.abort()
        self.clock.advance(1)


class StreamScenario:
    """A text service; the attacker has one of the connections."""

    def __init__(self, converse: Conversation) -> None:
        self.clock = Clock()
        self.clock.advance(1_700_000_000)
        self._events, self._recorder = recorded_events()
        self._wires = [Wire() for _ in range(OTHERS + 1)]
        factory = ConversationFactory(
            self.clock, self._events, converse, lambda: TextChannel(1e9), Connections()
        )
        self._channels = []
        for number, wire in enumerate(self._wires):
            wire.peerAddr = IPv4Address("TCP", f"192.0.2.{number}", 4000)  # a new one for ident
            channel = factory.buildProtocol(None)
            channel.makeConnection(wire)
            if number < OTHERS:
                channel.dataReceived(b"/join m%d\n" % number)
            self._channels.append(channel)
        self._before = sum(len(wire.value()) for wire in self._wires)

    @property
    def sent(self) -> int:
        """The bytes sent to all peers."""
        return sum(len(wire.value()) for wire in self._wires) - self._before

    @property
    def log(self) -> list[str]:
        """The lines of the log."""
        return self._recorder.messages

    def take(self, way: int, piece: bytes) -> None:
        """Take a piece of the stream, unless it has ended."""
        if not self._wires[-1].disconnecting:
            self._channels[-1].dataReceived(piece)

    def end(self) -> None:
        """End all conversations."""
        for channel in self._channels:
            channel.connectionLost(Failure(ConnectionDone()))


def _login() -> Conversation:
    clock = Clock()
    clock.advance(1_700_000_000)
    events, _ = recorded_events()
    realm = AccountRealm(
        MemoryStorage(ACCOUNT_TABLES), CountingHashes(), clock, Lifetimes(), clock.seconds
    )
    return Authentication(realm, events, takes_plaintext=True).converse


def _chat() -> Conversation:
    return open_chat(MemoryHistory(), Clock(), Rates()).converse


SCENARIOS: dict[str, Callable[[], DatagramScenario | StreamScenario]] = {
    "datagrams": DatagramScenario,
    "chat": lambda: StreamScenario(_chat()),
    "broadcast": lambda: StreamScenario(Broadcast(FanOut(Clock(), recorded_events()[0])).converse),
    "messages": lambda: StreamScenario(number_messages),
    "ident": lambda: StreamScenario(
        Identification(MemoryStorage(PEER_TABLES), lambda: 0.0, lambda: 0.0).converse
    ),
    "auth": lambda: StreamScenario(_login()),
}


def lines_of(run: Callable[[], object]) -> int:
    """Return the number of executed lines of twisted_lab."""
    count = 0

    def local(_: FrameType, event: str, __: object) -> Any:
        nonlocal count
        count += event == "line"
        return local

    def called(frame: FrameType, _: str, __: object) -> Any:
        return local if "twisted_lab/" in frame.f_code.co_filename else None

    before = sys.gettrace()
    gc.collect()  # Otherwise this run could collect the garbage of earlier ones.
    gc.disable()
    sys.settrace(called)
    try:
        run()
    finally:
        sys.settrace(before)
        gc.enable()
    return count


def cost(
    make: Callable[[], DatagramScenario | StreamScenario], steps: Iterable[Step]
) -> dict[str, float]:
    """Return the costs of `steps` per byte."""
    scenario = make()
    logged = len(scenario.log)
    received = HEADER

    def play() -> None:
        nonlocal received
        for step in steps:
            for piece in step.pieces:
                received += HEADER + len(piece)
                scenario.take(step.way, piece)
            scenario.clock.advance(step.wait / 4)
        scenario.clock.pump([0.1] * 30)

    lines = lines_of(play)
    sent = scenario.sent
    log = sum(len(line) + 1 for line in scenario.log[logged:])
    scenario.end()
    costs = {"lines": lines, "sent": sent, "logged": log}
    return {name: value / received for name, value in costs.items()}


def search(scenario: str, count: int, number: int) -> dict[str, tuple[float, list[Step]]]:
    """Try `count` inputs, and return the most expensive one of each kind."""
    best: dict[str, tuple[float, list[Step]]] = dict.fromkeys(BOUNDS, (0.0, []))

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.target),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(_STEPS, min_size=1, max_size=8))
    def trial(steps: list[Step]) -> None:
        for name, value in cost(SCENARIOS[scenario], steps).items():
            target(value, label=name)
            if value > best[name][0]:
                best[name] = value, steps

    trial()
    return best


def main() -> None:
    """Search in the chosen scenarios."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.costs")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", default=list(SCENARIOS))
    options = parser.parse_args()
    exceeded = 0
    for scenario in options.scenarios:
        for name, (value, steps) in search(scenario, options.count, options.seed).items():
            exceeds = value > BOUNDS[name]
            exceeded += exceeds
            mark = f"!, bound {BOUNDS[name]:g}" if exceeds else ""
            print(f"{scenario}: {value:.3g} {name} per byte{mark}: {str(steps)[:300]}", flush=True)
    sys.exit(exceeded > 0)


if __name__ == "__main__":
    main()
