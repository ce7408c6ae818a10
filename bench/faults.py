"""Speed of a proxy of netlab-faults without toxics, compared with socat and with no proxy.

    python -m bench.faults [--rounds N]

The servers behind the proxies share a core with the load, so that a proxy has the other one. Each
round measures all of them, in another order. Without socat, the comparison with it is left out.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle, islice

from bench.frames import report
from bench.load import idle_memory, put_load
from bench.machine import processor
from bench.measure import rotated
from bench.servers import ECHO, LOAD_CORE, QUIET, TWISTD, Command, Server, running

HOST = "127.0.0.1"
CONNECTIONS = (10, 200)
SIZE = 1024  # bytes of a request, and of its reply
TIMES = {"seconds": 2.0, "warmup": 0.5}
IDLE_LINKS = 1000
CLIENTS = 10  # of the datagrams
WINDOW = 8  # datagrams of each client under way, which fit into all buffers
DATAGRAM = b"x" * 100
DATAGRAM_SECONDS = 2.0


def ours(kind: str, port: int) -> Command:
    """Return the command of our proxy, for ``tcp`` or ``udp``, in front of a port."""
    # All connections come from one address.
    limits = ("--max-connections", "20000", "--max-per-peer", "20000")
    proxy = ("--proxy", f"{kind}:0:{HOST}:{port}")
    return (TWISTD, "-n", "--pidfile=", "netlab-faults", *proxy, *limits, *QUIET)


def socat(port: int) -> Command:
    """Return the command of socat in front of a port; it prints where it listens."""
    return ("socat", "-d", "-d", f"TCP-LISTEN:0,bind={HOST},fork", f"TCP:{HOST}:{port}")


def serve_datagrams() -> None:
    """Send each datagram back to its sender, until the parent ends this process."""
    with socket.socket(type=socket.SOCK_DGRAM) as own:
        own.bind((HOST, 0))
        print(own.getsockname()[1], flush=True)
        while True:
            own.sendto(*own.recvfrom(2048))


@contextmanager
def behind(commands: dict[str, Command], name: str) -> Iterator[Server]:
    """Run a server on the core of the load."""
    with running(commands, [name]) as servers:
        os.sched_setaffinity(servers[name].pid, {LOAD_CORE})
        yield servers[name]


def streams(rounds: int) -> None:
    """Compare the rates of requests with replies, and report them."""
    with ExitStack() as stack:
        echo = stack.enter_context(behind(ECHO, "C epoll"))
        proxies = {"ours": ours("tcp", echo.port)}
        if shutil.which("socat"):
            proxies["socat"] = socat(echo.port)
        servers = {"direct": echo, **stack.enter_context(running(proxies, proxies))}
        for connections in CONNECTIONS:
            rates: dict[str, list[float]] = {name: [] for name in servers}
            for turn in range(rounds):
                for name in rotated(list(servers), turn):
                    load = {"connections": connections, "size": SIZE, **TIMES}
                    rates[name].append(put_load("echo", servers[name], load)["per_second"])
            what = f"requests a second, 1 KiB, {connections} connections"
            report(f"{what}, ours", rates["ours"])
            for name, wanted in (("socat", "at least 0.9"), ("direct", "")):
                pairs = zip(rates["ours"], rates.get(name, []), strict=False)
                if ratios := [own / other for own, other in pairs]:
                    report(f"{what}, ours to {name}", ratios, wanted)


def datagram_rate(port: int) -> float:
    """Return the datagrams that pass a proxy in a second, in both directions together."""
    with ExitStack() as stack:
        clients = [
            stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(CLIENTS)
        ]
        for client in clients:
            client.connect((HOST, port))
            client.settimeout(5.0)  # a lost datagram ends the measurement
            for _ in range(WINDOW):
                client.send(DATAGRAM)
        started, count = time.perf_counter(), 0
        turns = cycle(clients)
        while (took := time.perf_counter() - started) < DATAGRAM_SECONDS:
            for client in islice(turns, 1000):
                client.recv(2048)
                client.send(DATAGRAM)
            count += 1000
    return 2 * count / took


def datagrams(rounds: int) -> None:
    """Measure the rate of datagrams, and report it."""
    serve = {"echo": (sys.executable, "-m", "bench.faults", "--serve-datagrams")}
    with behind(serve, "echo") as echo, running({"ours": ours("udp", echo.port)}, ["ours"]) as own:
        rates: dict[str, list[float]] = {"ours": [], "direct": []}
        for turn in range(rounds):
            for name in rotated(list(rates), turn):
                rates[name].append(datagram_rate({**own, "direct": echo}[name].port))
    report("datagrams a second, both directions together", rates["ours"], "at least 20000")
    report("the same without a proxy", rates["direct"])


def memory(rounds: int) -> None:
    """Measure the memory of idle links, and report it."""
    sizes = []
    with behind(ECHO, "C epoll") as echo:
        for _ in range(rounds):
            with running({"ours": ours("tcp", echo.port)}, ["ours"]) as servers:
                sizes.append(idle_memory(servers["ours"], IDLE_LINKS)["bytes"] / 1024)
    report("KiB of memory for an idle link", sizes, "at most 16")


def main() -> None:
    """Measure, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--serve-datagrams", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve_datagrams:
        serve_datagrams()
    print(processor())
    os.sched_setaffinity(0, {LOAD_CORE})
    streams(arguments.rounds)
    datagrams(arguments.rounds)
    memory(min(arguments.rounds, 3))


if __name__ == "__main__":
    main()
