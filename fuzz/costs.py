"""Looks for input that costs much for each of its bytes.

    python -m fuzz.costs [--count N] [--seed N] [SCENE ...]

Costs are lines of Python executed, bytes sent and bytes logged, so the same seed finds the same. A
call into C is one line, however long it takes: `tests.hostile` measures CPU time. Findings
belong into the catalogue there. The exit status is 1 if a bound is broken.
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

OTHERS = 20  # peers that are there already
SAID = 100  # messages in the chat's history
HEADER = 28  # bytes of an IP and a UDP header: an empty datagram has them, too
# Bounds for one byte, with OTHERS peers. The dearest found so far are "/history 100" (707 lines and
# 141 bytes of log) and newlines to the broadcast (182 bytes sent).
BOUNDS = {"lines": 1000.0, "sent": 250.0, "logged": 200.0}


class Step(NamedTuple):
    """Something that the attacker does.

    Attributes:
        way: Which of its ways it takes.
        lines: Its lines.
        end: The end of each line.
        size: How many bytes go at a time; 0 for all.
        wait: For how many quarters of a second it is silent afterwards.
    """

    way: int
    lines: list[str]
    end: str
    size: int
    wait: int

    @property
    def pieces(self) -> list[bytes]:
        """The bytes that it sends, as it cuts them."""
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


class DatagramScene:
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


class StreamScene:
    """A service by lines; the attacker has one of the connections."""

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
            wire.peerAddr = IPv4Address("TCP", f"192.0.2.{number}", 4000)  # ident knows each once
            channel = factory.buildProtocol(None)
            channel.makeConnection(wire)
            if number < OTHERS:
                channel.dataReceived(b"/join m%d\n" % number)
            self._channels.append(channel)
        self._before = sum(len(wire.value()) for wire in self._wires)

    @property
    def sent(self) -> int:
        """How many bytes all peers were sent."""
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


SCENES: dict[str, Callable[[], DatagramScene | StreamScene]] = {
    "datagrams": DatagramScene,
    "chat": lambda: StreamScene(_chat()),
    "broadcast": lambda: StreamScene(Broadcast(FanOut(Clock(), recorded_events()[0])).converse),
    "messages": lambda: StreamScene(number_messages),
    "ident": lambda: StreamScene(
        Identification(MemoryStorage(PEER_TABLES), lambda: 0.0, lambda: 0.0).converse
    ),
    "auth": lambda: StreamScene(_login()),
}


def lines_of(run: Callable[[], object]) -> int:
    """Return how many lines of twisted_lab are executed."""
    count = 0

    def local(_: FrameType, event: str, __: object) -> Any:
        nonlocal count
        count += event == "line"
        return local

    def called(frame: FrameType, _: str, __: object) -> Any:
        return local if "twisted_lab/" in frame.f_code.co_filename else None

    before = sys.gettrace()
    gc.collect()  # Garbage of earlier runs would be collected in the middle of this one.
    gc.disable()
    sys.settrace(called)
    try:
        run()
    finally:
        sys.settrace(before)
        gc.enable()
    return count


def cost(
    make: Callable[[], DatagramScene | StreamScene], steps: Iterable[Step]
) -> dict[str, float]:
    """Return the costs of each byte of `steps`."""
    scene = make()
    logged = len(scene.log)
    received = HEADER

    def play() -> None:
        nonlocal received
        for step in steps:
            for piece in step.pieces:
                received += HEADER + len(piece)
                scene.take(step.way, piece)
            scene.clock.advance(step.wait / 4)
        scene.clock.pump([0.1] * 30)

    lines = lines_of(play)
    sent = scene.sent
    log = sum(len(line) + 1 for line in scene.log[logged:])
    scene.end()
    costs = {"lines": lines, "sent": sent, "logged": log}
    return {name: value / received for name, value in costs.items()}


def search(scene: str, count: int, number: int) -> dict[str, tuple[float, list[Step]]]:
    """Try `count` inputs, and return the dearest of each kind."""
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
        for name, value in cost(SCENES[scene], steps).items():
            target(value, label=name)
            if value > best[name][0]:
                best[name] = value, steps

    trial()
    return best


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.costs")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("scenes", nargs="*", metavar="SCENE", default=list(SCENES))
    options = parser.parse_args()
    broken = 0
    for scene in options.scenes:
        for name, (value, steps) in search(scene, options.count, options.seed).items():
            is_broken = value > BOUNDS[name]
            broken += is_broken
            mark = f"!, bound {BOUNDS[name]:g}" if is_broken else ""
            print(f"{scene}: {value:.3g} {name} for a byte{mark}: {str(steps)[:300]}", flush=True)
    sys.exit(broken > 0)


if __name__ == "__main__":
    main()
