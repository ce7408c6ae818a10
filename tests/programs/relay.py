"""Relays datagrams between chat clients and their server with losses, duplicates and delays.

    python -m tests.programs.relay --port 9100 --server-port 9095 --drop 0.2 --delay 0.05
    python -m twisted_lab.client chat --port 9100

Each client has its own socket towards the server. With --move N the relay changes each client's
address every N seconds. The seed and the order of the clients determine the faults of each client,
in each direction. The signal USR1 interrupts the network, and the next one restores it. Ctrl-C ends
the relay.
"""

from __future__ import annotations

import random
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.internet.error import CannotListenError
from twisted.internet.protocol import DatagramProtocol
from twisted.internet.task import LoopingCall
from twisted.python.usage import UsageError

from twisted_lab.testing import LossyWire
from twisted_lab.text import option
from twisted_lab.text.command_line import Options

HOST = "127.0.0.1"
TROUBLE = ("drop", "duplicate", "reorder", "corrupt", "delay")

Address = tuple[str, int]


def up_to(most: float) -> Callable[[str], float]:
    """Return a parser of numbers from 0 to `most`."""

    def read(text: str) -> float:
        with suppress(ValueError):
            if 0 <= (value := float(text)) <= most:
                return value
        raise UsageError(f"expected a number from 0 to {most:g}, not {text!r}")

    return read


class RelayOptions(Options):
    command = "relay"
    exit_status = 2
    synopsis = "Usage: python -m tests.programs.relay --server-port PORT [options]"
    port = option.number(
        "The port for clients; 0 for any.", default=9100, least=0, most=65535, short="p"
    )
    server_port = option.number("The port of the server.", default=9095, most=65535)
    drop = option.parsed("The share of lost datagrams, from 0 to 1.", up_to(1), default=0.0)
    duplicate = option.parsed("The share of duplicates, from 0 to 1.", up_to(1), default=0.0)
    reorder = option.parsed("The share that others overtake, from 0 to 1.", up_to(1), default=0.0)
    corrupt = option.parsed("The share with a changed bit, from 0 to 1.", up_to(1), default=0.0)
    delay = option.parsed("The delay of all datagrams, in seconds.", up_to(60), default=0.02)
    seed = option.number("The seed of the faults.", default=1, least=0)
    move = option.parsed("Seconds between changes of address; 0: none.", up_to(3600), default=0.0)


class Upstream(DatagramProtocol):
    """A client's socket towards the server.

    Args:
        server: The server's address.
        deliver: Called with each datagram from the server.
    """

    noisy = False

    def __init__(self, server: Address, deliver: Callable[[bytes], object]) -> None:
        self._server = server
        self._deliver = deliver

    def datagramReceived(self, data: bytes, addr: Address) -> None:
        if addr == self._server:
            self._deliver(data)


class Client:
    """A client, with a bad wire in each direction.

    Args:
        reactor: The reactor.
        server: The server's address.
        deliver: Called with each datagram that reaches the client.
        chance: The source of the wires' seeds.
        faults: The rates of losses, duplicates and so on.
    """

    def __init__(
        self,
        reactor: Any,
        server: Address,
        deliver: Callable[[bytes], object],
        chance: random.Random,
        faults: dict[str, float],
    ) -> None:
        self._reactor = reactor
        self._server = server
        self._up = LossyWire(reactor, chance.getrandbits(32), self._to_server, **faults)
        self._down = LossyWire(reactor, chance.getrandbits(32), deliver, **faults)
        self._port = self._open()
        self.send = self._up.send

    def _open(self) -> Any:
        return self._reactor.listenUDP(0, Upstream(self._server, self._down.send), HOST)

    def _to_server(self, data: bytes) -> None:
        with suppress(OSError):
            self._port.write(data, self._server)

    def move(self) -> None:
        """Change the address that the server sees."""
        old, self._port = self._port, self._open()
        old.stopListening()


class Relay(DatagramProtocol):
    """The port for clients.

    Args:
        reactor: The reactor.
        options: The options of the program.
    """

    transport: Any
    noisy = False

    def __init__(self, reactor: Any, options: RelayOptions) -> None:
        self._reactor = reactor
        self._server = HOST, options.server_port
        self._faults = {name: options[name] for name in TROUBLE}
        self._chance = random.Random(options.seed)
        self._clients: dict[Address, Client] = {}
        self._is_cut = False

    def cut_or_join(self) -> None:
        """Interrupt the network, or restore it."""
        self._is_cut = not self._is_cut
        print("cut" if self._is_cut else "joined", flush=True)

    def datagramReceived(self, data: bytes, addr: Address) -> None:
        if self._is_cut:
            return
        client = self._clients.get(addr)
        if client is None:
            client = self._clients[addr] = self._welcome(addr)
        client.send(data)

    def _welcome(self, address: Address) -> Client:
        def deliver(data: bytes) -> None:
            if not self._is_cut:
                with suppress(OSError):
                    self.transport.write(data, address)

        return Client(self._reactor, self._server, deliver, self._chance, self._faults)

    def move(self) -> None:
        """Change the address of each client."""
        for client in self._clients.values():
            client.move()


def main() -> None:
    """Relay until a signal arrives."""
    from twisted.internet import reactor as installed

    options = RelayOptions()
    options.parseOptions()
    reactor: Any = installed
    relay = Relay(reactor, options)
    try:
        port = reactor.listenUDP(options.port, relay, HOST)
    except CannotListenError as error:
        print(f"relay: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    if options.move:
        LoopingCall(relay.move).start(options.move, now=False)
    signal.signal(signal.SIGUSR1, lambda *_: reactor.callFromThread(relay.cut_or_join))
    print(f"relaying on {HOST}:{port.getHost().port}", flush=True)
    reactor.run()


if __name__ == "__main__":
    main()
