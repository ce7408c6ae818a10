"""Simulates a storm in the chat and the calm after it: no member is stuck, no message is lost.

    python -m tests.programs.chaos [--seeds N] [--seed N]

Servers are killed, stopped and suspended. Members change their addresses, are disconnected in one
or both directions, suspended, replaced at their addresses by others, join and leave. Then the
network is calm: within 12 s each member is in the room, all of its messages are confirmed, and it
has received every message once and in one order. Then all leave, within 12 s. Everything runs on
simulated clocks, so a failing seed fails again.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import ClassVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from tests.doubles.chaos_network import ChaosMember, ChaosNet
from tests.doubles.chat_network import CALM
from twisted_lab.client.chat_client import NoAnswer
from twisted_lab.reliable import Side
from twisted_lab.reliable.packets import NO_KEY, Hello, seal
from twisted_lab.rooms import Said
from twisted_lab.text import option
from twisted_lab.text.command_line import Options

RECOVERY = 12.0  # seconds
MEMBERS = 3
STEPS = 25
TENTHS = (*CALM, "loss=10%", "duplicate=10%", "reorder=10%,delay=100ms")
MOST_SAID = 20  # messages of each member, so that the rate limit does not delay the calm


class Storm:
    """A run.

    Args:
        seed: The seed of all random events.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._chance = random.Random(seed)
        self._net = ChaosNet(seed, TENTHS)
        self._members: list[ChaosMember] = []
        self._left: list[ChaosMember] = []  # left during the storm: may have given up after 15 s
        self._said: dict[str, list[str]] = {}
        self._later: list[tuple[float, Callable[[], object]]] = []
        self._now = 0.0
        self._trail: list[str] = []
        for _ in range(MEMBERS):
            self._come()

    def _come(self) -> None:
        name = f"m{len(self._said)}"
        self._said[name] = []
        self._members.append(ChaosMember(self._net, name))

    def run(self) -> None:
        """Run the storm and the calm after it.

        Raises:
            AssertionError: A member is stuck, or has lost a message.
        """
        for _ in range(STEPS):
            self._do(self._chance.choice(self.EVENTS))
            self._pass(self._chance.choice((0.05, 0.3, 1.0, 3.0, 8.0)))
        leaving = self._begin_to_leave()
        self._calm()
        self._wait("is in the room with all messages", self._members, self._has_recovered)
        self._wait("has left", self._left, lambda member: member.client.ended.called)
        self._wait("has received the last messages", self._members, self._has_recovered)
        self._check()
        *others, last = self._members
        for member in others:
            if self._chance.random() < 0.5:
                member.reopen()  # Its close packet comes from a new address.
            member.client.finish()
        self._have_left([*leaving, *others])
        gone = {member.client.room.name for member in [*leaving, *others]}
        room = last.client.room
        self._wait("has learned that all have left", [last], lambda _: not gone & room.others)
        last.client.finish()
        self._have_left([last])
        self._pass(120.0)
        if self._net.connections:
            self._fail("a member never leaves")
        if "conversation failed" in self._net.log.names:
            self._fail("a conversation has raised an exception")

    def _begin_to_leave(self) -> list[ChaosMember]:
        """Let a member leave while it is disconnected."""
        member = self._chance.choice(self._members)
        if not member.client.room.is_in or not member.client.has_session or len(self._members) == 1:
            return []
        self._trail.append(f"{self._now:7.2f} leaves while disconnected {member.client.room.name}")
        self._members.remove(member)
        self._later.append((self._now + 1000.0, lambda: setattr(member, "is_cut", False)))
        if self._chance.random() < 0.5:
            member.is_cut = True
            self._speak(member)
            member.client.finish()
        else:  # It is disconnected right after its close packet.
            member.client.finish()
            member.is_cut = True
        self._pass(8.0)
        return [member]

    def _have_left(self, members: list[ChaosMember]) -> None:
        self._wait("has left", members, lambda member: member.client.ended.called)
        for member in members:
            failures: list[Failure] = []
            member.client.ended.addErrback(failures.append)
            if failures or member.client.room.pending:
                self._fail(f"{member.client.room.name} has left with {failures}")

    def _fail(self, what: str) -> None:
        raise AssertionError(f"seed {self._seed}: {what}\n" + "\n".join(self._trail))

    def _pass(self, seconds: float) -> None:
        end = self._now + seconds
        while self._later and self._later[0][0] <= end:
            when, action = self._later.pop(0)
            self._spend(when - self._now)
            action()
        self._spend(end - self._now)

    def _spend(self, seconds: float) -> None:
        self._net.spend(seconds)
        self._now += seconds
        for member in list(self._members):
            if member.came_in is None and member.client.room.is_in:
                member.came_in = len(self._history())
            if member.client.ended.called and not member.client.has_session:
                # It has given up after 15 s without an answer; another one joins.
                member.client.ended.addErrback(lambda failure: failure.trap(NoAnswer))
                self._members.remove(member)
                self._come()

    def _history(self) -> list[str]:
        found: list[Said] = []

        async def read() -> None:
            while page := await self._net.history.since(found[-1].place if found else 0, ""):
                found.extend(page)

        Deferred.fromCoroutine(read())
        return [f"{said.name}: {said.text}" for said in found]

    def _after(self, action: Callable[[], object]) -> None:
        """Schedule the end of a new fault; most end soon."""
        seconds = self._chance.choice((0.2, 1.0, 4.0, 9.0, 20.0, 61.0, 80.0))
        self._later.append((self._now + seconds, action))
        self._later.sort(key=lambda entry: entry[0])
        self._trail[-1] += f" for {seconds} s"

    def _do(self, event: Callable[[Storm, ChaosMember], object]) -> None:
        member = self._chance.choice(self._members)
        self._trail.append(f"{self._now:7.2f} {event.__name__} {member.client.room.name}")
        event(self, member)

    def _speak(self, member: ChaosMember) -> None:
        said = self._said[member.client.room.name]
        if len(said) < MOST_SAID:
            said.append(f"{len(said)}")
            member.client.say(said[-1])

    def _kill(self, _: ChaosMember) -> None:
        self._net.stop_server()
        self._after(self._net.start_again)

    def _stop(self, _: ChaosMember) -> None:
        if self._net.is_up:
            self._net.connections.drain(self._net.server_clock, 5.0)
            self._later.append((self._now + 6.0, self._net.stop_server))
            self._later.append((self._now + 6.5, self._net.start_again))
            self._later.sort(key=lambda entry: entry[0])

    def _move(self, member: ChaosMember) -> None:
        member.reopen()

    def _cut_up(self, member: ChaosMember) -> None:
        member.cut_up = True
        self._after(lambda: setattr(member, "cut_up", False))

    def _cut_down(self, member: ChaosMember) -> None:
        member.cut_down = True
        self._after(lambda: setattr(member, "cut_down", False))

    def _suspend(self, member: ChaosMember) -> None:
        member.process.is_suspended = True
        counts = self._chance.random() < 0.5
        self._after(lambda: member.process.resume(counts))

    def _suspend_server(self, _: ChaosMember) -> None:
        if self._net.is_up:
            process = self._net.server_process
            process.is_suspended = True
            counts = self._chance.random() < 0.5
            self._after(lambda: process.resume(counts))

    def _reuse_port(self, member: ChaosMember) -> None:
        """Let others take over the member's address."""
        address = member.address
        member.reopen()
        for data in (b"/join other", b"hello", seal(Hello(7), NO_KEY, Side.CLIENT)):
            self._net.to_server(data, address)

    def _leave(self, member: ChaosMember) -> None:
        if len(self._members) > 1:
            self._members.remove(member)
            self._left.append(member)
            member.client.ended.addErrback(lambda _: None)
            member.client.finish()
            self._come()

    def _vanish(self, member: ChaosMember) -> None:
        if len(self._members) > 1:
            self._members.remove(member)
            member.client.abort()
            self._come()

    EVENTS: ClassVar[list[Callable[[Storm, ChaosMember], object]]] = [
        *[_speak] * 12,
        *(_kill, _stop, _move, _cut_up, _cut_down, _suspend, _suspend_server),
        *(_reuse_port, _leave, _vanish),
    ]

    def _calm(self) -> None:
        self._trail.append(f"{self._now:7.2f} calm")
        self._net.calm()
        later, self._later = self._later, []
        for _, action in later:
            action()
        self._net.start_again()

    def _wait(
        self, what: str, members: list[ChaosMember], is_so: Callable[[ChaosMember], bool]
    ) -> None:
        end = self._now + RECOVERY
        while stuck := [member for member in members if not is_so(member)]:
            if self._now >= end:
                member = stuck[0]
                endpoint = member.client.endpoint
                state = endpoint.session and endpoint.session.state
                self._fail(
                    f"{member.client.room.name} never {what}: {endpoint.stage}, {state}, "
                    f"{member.client.room.pending} unconfirmed, received {member.said[-3:]}, "
                    f"history {self._history()[-3:]}"
                )
            self._pass(0.1)

    def _has_recovered(self, member: ChaosMember) -> bool:
        room = member.client.room
        is_there = room.is_in and not member.client.ended.called
        return is_there and not room.pending and self._has_heard_all(member)

    def _has_heard_all(self, member: ChaosMember) -> bool:
        history = self._history()
        start = len(history) - len(member.said)
        return start <= (member.came_in or 0) and member.said == history[start:]

    def _check(self) -> None:
        history = self._history()
        for member in self._members:
            name = member.client.room.name
            own = [text for text in history if text.startswith(f"{name}: ")]
            if own != [f"{name}: {text}" for text in self._said[name]]:
                self._fail(f"{name} has sent {self._said[name]}, but the history has {own}")
            if not self._has_heard_all(member):
                self._fail(f"{name} has received {member.said} of {history}")


class ChaosOptions(Options):
    """The seeds to try."""

    command = "tests.programs.chaos"
    seeds = option.number("Number of seeds.", default=1000)
    seed = option.number("The first seed.", default=1)


def main() -> None:
    """Try the seeds."""
    options = ChaosOptions()
    options.parseOptions(sys.argv[1:])
    failed = 0
    for seed in range(options.seed, options.seed + options.seeds):
        try:
            Storm(seed).run()
        except AssertionError as error:
            failed += 1
            print(error)
    print(f"{options.seeds} seeds, {failed} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
