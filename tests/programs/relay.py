"""Relays datagrams between chat clients and their server over a bad network.

    python -m tests.programs.relay --port 9100 --server-port 9095 --toxic loss=20%
    python -m twisted_lab.client chat --port 9100

Each client has its own socket towards the server. The signal USR1 interrupts the network, and the
next one restores it. Ctrl-C ends the relay.
"""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from typing import Any

from twisted.internet.error import CannotListenError
from twisted.internet.protocol import DatagramProtocol
from twisted.python.usage import UsageError

from twisted_lab.faults.link import Link
from twisted_lab.faults.link_names import LinkNames
from twisted_lab.faults.simulation import Timer, read_toxics
from twisted_lab.faults.spec import Place
from twisted_lab.faults.toxic_set import ToxicSet
from twisted_lab.text import option
from twisted_lab.text.command_line import Options

HOST = "127.0.0.1"
PLACE = Place("relay", is_stream=False)

Address = tuple[str, int]


class RelayOptions(Options):
    command = "relay"
    exit_status = 2
    synopsis = "Usage: python -m tests.programs.relay --server-port PORT [options]"
    port = option.number(
        "The port for clients; 0 for any.", default=9100, least=0, most=65535, short="p"
    )
    server_port = option.number("The port of the server.", default=9095, most=65535)
    toxic = option.repeated("A fault, such as loss=20%; can be given several times.")
    seed = option.number("The seed of the faults.", default=1, least=0)

    def postOptions(self) -> None:
        super().postOptions()
        try:
            self.toxics = read_toxics(self.toxic, PLACE)
        except ValueError as error:
            raise UsageError(str(error)) from None


class Upstream(DatagramProtocol):
    """A client's socket towards the server."""

    noisy = False

    def __init__(self, client: Client) -> None:
        self._client = client

    def datagramReceived(self, datagram: bytes, addr: Address) -> None:
        self._client.receive(datagram, addr)


class Client:
    """A client, with a bad network between it and the server."""

    def __init__(self, relay: Relay, link: Link, address: Address) -> None:
        self._relay = relay
        self._link = link
        self._address = address
        self._seconds = relay.reactor.seconds
        self._timer = Timer(relay.reactor, link.deadline, self._deliver)
        self._port = self._open()
        link.open(self._seconds())

    def _open(self) -> Any:
        return self._relay.reactor.listenUDP(0, Upstream(self), HOST)

    def send(self, data: bytes) -> None:
        """Send a datagram to the server."""
        self._link.upstream.send(data, self._seconds())
        self._timer.update()

    def receive(self, data: bytes, address: Address) -> None:
        """Send a datagram to the client if it comes from the server."""
        if address == self._relay.server:
            self._link.downstream.send(data, self._seconds())
            self._timer.update()

    def _deliver(self) -> None:
        for output in self._link.upstream.take(self._seconds()):
            if output.rebinds:
                self._port.stopListening()
                self._port = self._open()
            with suppress(OSError):
                self._port.write(output.data, self._relay.server)
        for output in self._link.downstream.take(self._seconds()):
            self._relay.deliver(output.data, self._address)
        self._timer.update()


class Relay(DatagramProtocol):
    """The port for clients.

    Args:
        reactor: The reactor.
        options: The options of the program.
    """

    noisy = False

    def __init__(self, reactor: Any, options: RelayOptions) -> None:
        self.reactor = reactor
        self.server = HOST, options.server_port
        self._toxics = ToxicSet(options.seed, PLACE.name, options.toxics)
        self._names = LinkNames()
        self._clients: dict[Address, Client] = {}
        self._is_cut = False

    def cut_or_join(self) -> None:
        """Interrupt the network, or restore it."""
        self._is_cut = not self._is_cut
        print("cut" if self._is_cut else "joined", flush=True)

    def datagramReceived(self, datagram: bytes, addr: Address) -> None:
        if self._is_cut:
            return
        client = self._clients.get(addr)
        if client is None:
            link = Link(self._names, addr[0], False, self._toxics)
            client = self._clients[addr] = Client(self, link, addr)
        client.send(datagram)

    def deliver(self, data: bytes, address: Address) -> None:
        """Send a datagram to a client."""
        if not self._is_cut:
            assert self.transport
            with suppress(OSError):
                self.transport.write(data, address)


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
    signal.signal(signal.SIGUSR1, lambda *_: reactor.callFromThread(relay.cut_or_join))
    print(f"relaying on {HOST}:{port.getHost().port}", flush=True)
    reactor.run()


if __name__ == "__main__":
    main()
