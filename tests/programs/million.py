"""A server that sends a million messages to each client, and prints the growth of its memory."""

from __future__ import annotations

import sys
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.endpoints import serverFromString
from twisted.logger import LogLevel

from twisted_lab.channels import Channel, ConversationFactory, TextChannel
from twisted_lab.eventlog.events import ServiceEvents


def resident_kib() -> int:
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0])


async def say_much(channel: Channel) -> None:
    text = "x" * int(sys.argv[2])
    before = resident_kib()
    most = 0
    for number in range(1_000_000):
        channel.say(text)
        if number % 5_000 == 0:
            most = max(most, resident_kib() - before)
    print(most, flush=True)


def main() -> None:
    events = ServiceEvents("million", lambda event: None, LogLevel.error)
    factory = ConversationFactory(reactor, events, say_much, lambda: TextChannel(600))

    def listening(port: object) -> None:
        print("listening", flush=True)

    serverFromString(reactor, sys.argv[1]).listen(factory).addCallback(listening)
    reactor.run()


if __name__ == "__main__":
    main()
