"""Opens ten thousand simultaneous connections, and checks the answers on each.

Run it with ``make load``.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, DeferredSemaphore
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.task import react

from tests.processes import Server
from tests.programs.soak_peers import Peer, WrongAnswer, frame
from twisted_lab.ports.file_reserve import raise_file_limit

HOSTS = 20  # addresses of the connections
AT_ONCE = 500  # simultaneous attempts to connect
ROUNDS = 3


async def echo(peer: Peer, number: int) -> None:
    """Send a distinct text, and receive it."""
    for count in range(ROUNDS):
        text = b"%d of %d, " % (count, number) * 10
        peer.say(text)
        await peer.hear(text)


async def messages(peer: Peer, number: int) -> None:
    """Send numbered messages."""
    for count in range(1, ROUNDS + 1):
        await peer.hear(frame(b"Message %d:" % count))
        peer.say(frame(b"this is %d" % number))
        await peer.hear(frame(b"Your message: THIS IS %d" % number))


async def ident(peer: Peer, number: int) -> None:
    """Identify by address; an unknown client gives its name."""
    line = await peer.line()
    if line == b"What's your name?":
        peer.say(b"name %d\n" % number)
        line = await peer.line()
    if not line.startswith(b"Hello, name "):
        raise WrongAnswer(f"{line!r} from ident")


TALKS: dict[str, Callable[[Peer, int], Awaitable[Any]]] = {
    "echo": echo,
    "messages": messages,
    "ident": ident,
}


async def load(reactor: Any, service: str, count: int) -> Counter[str]:
    """Open `count` connections, talk on all of them, and return the errors."""
    problems: Counter[str] = Counter()
    gate = DeferredSemaphore(AT_ONCE)
    with tempfile.TemporaryDirectory() as folder:
        options = ("--port", "0", "--interface", "127.0.0.1", "--log-level", "warn")
        limits = ("--max-connections", str(count), "--max-per-peer", str(count))
        with Server(Path(folder), f"netlab-{service}", *options, *limits) as server:
            port = server.wait_for_port()

            async def connect(number: int) -> Peer:
                host = f"127.0.0.{1 + number % HOSTS}"
                endpoint = TCP4ClientEndpoint(
                    reactor, "127.0.0.1", port, timeout=60, bindAddress=(host, 0)
                )
                peer: Peer = await connectProtocol(endpoint, Peer(reactor))
                return peer

            async def note(step: Awaitable[Any]) -> Peer | None:
                try:
                    peer: Peer | None = await step
                except Exception as error:
                    problems[f"{type(error).__name__}: {error}"] += 1
                    return None
                return peer

            async def each(steps: Iterable[Awaitable[Any]]) -> list[Peer]:
                ended = await DeferredList([Deferred.fromCoroutine(note(step)) for step in steps])
                return [peer for _, peer in ended if peer is not None]

            begun = time.monotonic()
            # No client sends before all are connected.
            peers = await each(gate.run(connect, number) for number in range(count))
            await each(TALKS[service](peer, number) for number, peer in enumerate(peers))
            seconds = time.monotonic() - begun
            status = Path(f"/proc/{server.process.pid}/status").read_text()
            memory = int(status.split("VmRSS:")[1].split()[0]) // 1024
            for peer in peers:
                peer.reset()
            if server.stop():
                problems["the server did not end cleanly"] += 1
    print(
        f"{service}: {count} connections in {seconds:.1f} s, the server used {memory} MiB, "
        f"{problems.total()} errors"
    )
    return problems


async def main(reactor: Any, count: int) -> None:
    """Load each service.

    Raises:
        SystemExit: There were errors.
    """
    raise_file_limit()
    problems: Counter[str] = Counter()
    for service in TALKS:
        problems += await load(reactor, service, count)
    for text, times in problems.most_common(10):
        print(f"{times} times: {text}")
    if problems:
        raise SystemExit(1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.programs.load")
    parser.add_argument("--count", type=int, default=10_000)
    react(main, (parser.parse_args().count,))
