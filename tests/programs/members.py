"""Runs several members of a chat in one process, which check the messages that they get.

    python -m tests.programs.members --port 9095 --count 10 --messages 200 --total-members 50

The members m0, m1 ... of all processes wait until all of them are in the room. Then each sends
numbers, and stays until it has all numbers of all members. The process prints a digest of the
order, to be compared with that of other processes.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import DeferredList, FirstError
from twisted.internet.task import react

from twisted_lab.client.chat_client import ChatClient
from twisted_lab.client.servers import Server, Servers
from twisted_lab.client.udp import UDPWire
from twisted_lab.rooms import Line
from twisted_lab.text import option
from twisted_lab.text.command_line import Options


class MembersOptions(Options):
    command = "members"
    exit_status = 2
    synopsis = "Usage: python -m tests.programs.members --port PORT [options]"
    port = option.number("The port of the server or relay.", default=9095, most=65535, short="p")
    first = option.number("The number of the first member in this process.", default=0, least=0)
    count = option.number("Number of members in this process.", default=10)
    messages = option.number("Number of messages of each member.", default=200)
    total_members = option.number("Number of members in the room.", default=50)
    seed = option.number("Seed of random numbers, keys and secrets.", default=1, least=0)
    deadline = option.seconds("Time limit, in seconds.", default=300)


class Wrong(Exception):
    """A member did not get the right messages; the text gives details."""


class Member:
    """One member.

    Args:
        reactor: The reactor.
        name: Its name.
        options: The options of the program.
        progress: Called after possible progress.

    Attributes:
        heard: The messages in the order of arrival.
        complaints: Error messages of the room.
        client: Its client of the chat.
    """

    def __init__(
        self,
        reactor: Any,
        name: str,
        options: MembersOptions,
        progress: Callable[[], object],
    ) -> None:
        self.name = name
        self.heard: list[str] = []
        self.complaints: list[str] = []
        self.is_speaking = False
        self._messages: int = options.messages
        self._total: int = options.total_members
        self._is_finishing = False
        self._progress = progress
        chance = random.Random(f"{options.seed} {name}")
        self.client = ChatClient(reactor, name, self._show, lambda _: None, random=chance.randbytes)
        self.client.pumped = self._look
        self._wire = UDPWire(reactor, self.client, Servers([Server("127.0.0.1", options.port)]))

    def open(self) -> None:
        """Start."""
        self._wire.open()

    def _show(self, line: Line) -> None:
        if line.text.startswith("error: "):
            self.complaints.append(line.text)
        elif not line.text.startswith("* "):
            self.heard.append(line.text)

    def _look(self) -> None:
        if not self.is_speaking:
            if len(self.client.room.others) == self._total - 1:
                self.is_speaking = True
                for number in range(self._messages):
                    self.client.say(str(number))
        elif not (self._is_finishing or self.client.room.pending or self.missing > 0):
            self._is_finishing = True
            self.client.finish()
        self._progress()

    @property
    def missing(self) -> int:
        """Return the number of missing messages."""
        return self._total * self._messages - len(self.heard)

    @property
    def condition(self) -> str:
        """Describe the state of its session."""
        endpoint = self.client.endpoint
        if endpoint.session is None:
            return f"{self.name}: {endpoint.stage.name}, no session"
        sender = endpoint.session.sender
        return (
            f"{self.name}: {endpoint.stage.name}, session {endpoint.session.state.name}, "
            f"{sender.unacknowledged} packets unacknowledged, "
            f"retransmission timeout {sender.timer.timeout:.2f} s, "
            f"{self.client.room.pending} messages unconfirmed"
        )

    def digest(self) -> str:
        """Return a digest of its messages in the order of arrival."""
        return hashlib.sha256("\n".join(self.heard).encode()).hexdigest()

    def check(self) -> None:
        """Check that it has every message, in each sender's order.

        Raises:
            Wrong: Messages are missing or out of order.
        """
        if self.complaints:
            raise Wrong(f"{self.name} got {self.complaints[0]!r}")
        said: dict[str, list[str]] = {f"m{number}": [] for number in range(self._total)}
        for line in self.heard:
            sender, _, text = line.partition(": ")
            if sender not in said:
                raise Wrong(f"{self.name} got {line!r} from an unknown sender")
            said[sender].append(text)
        wanted = [str(number) for number in range(self._messages)]
        for sender, texts in said.items():
            if texts != wanted:
                at = next(
                    (at for at, (a, b) in enumerate(zip(texts, wanted, strict=False)) if a != b),
                    min(len(texts), len(wanted)),
                )
                raise Wrong(
                    f"{self.name} got {len(texts)} of {len(wanted)} messages of {sender}; "
                    f"{texts[at : at + 3]} instead of {wanted[at : at + 3]}"
                )


class Members:
    """All members of this process.

    Args:
        reactor: The reactor.
        options: The options of the program.
    """

    def __init__(self, reactor: Any, options: MembersOptions) -> None:
        self._reactor = reactor
        self._seconds = options.deadline
        self._total: int = options.total_members * options.messages
        numbers = range(options.first, options.first + options.count)
        self._members = [
            Member(reactor, f"m{number}", options, self._progress) for number in numbers
        ]
        self._are_speaking = False
        self._quarters = 0

    def _progress(self) -> None:
        if not self._are_speaking and all(member.is_speaking for member in self._members):
            self._are_speaking = True
            print("all members are in the room", flush=True)
        if min(len(m.heard) for m in self._members) * 4 >= self._total * (self._quarters + 1):
            self._quarters += 1
            print(f"received {self._quarters}/4", flush=True)

    async def run(self) -> str:
        """Wait until all have finished, and return the digest of their messages.

        Raises:
            Wrong: Messages are missing, or the members disagree on the order.
        """
        for member in self._members:
            member.open()
        late = self._reactor.callLater(self._seconds, self._give_up)
        ended = [member.client.ended for member in self._members]
        try:
            await DeferredList(ended, fireOnOneErrback=True, consumeErrors=True)
        except FirstError as error:
            why = error.subFailure.getErrorMessage()
            raise Wrong(f"{why}; {self._members[error.index].condition}") from None
        late.cancel()
        for member in self._members:
            member.check()
        digests = {member.digest() for member in self._members}
        if len(digests) > 1:
            raise Wrong(f"the members got {len(digests)} different orders")
        return digests.pop()

    def _give_up(self) -> None:
        for member in self._members:
            member.client.fail(
                Wrong(f"after {self._seconds} s {member.name} misses {member.missing} messages")
            )


async def run(reactor: Any, options: MembersOptions) -> None:
    """Run the members.

    Raises:
        SystemExit: With status 1, if a check failed.
    """
    start = reactor.seconds()
    try:
        digest = await Members(reactor, options).run()
    except Wrong as error:
        print(f"wrong: {error}")
        raise SystemExit(1) from None
    print(f"all messages arrived in {reactor.seconds() - start:.1f} s; the order was {digest}")


def main() -> None:
    """Run with the options of the command line."""
    options = MembersOptions()
    options.parseOptions()
    react(run, (options,))


if __name__ == "__main__":
    main()
