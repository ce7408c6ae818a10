"""Nodes of a chat room, each a process, and clients in this process on a network that loses."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from twisted.internet.protocol import (
    ClientFactory,
    DatagramProtocol,
    Factory,
    Protocol,
    connectionDone,
)
from twisted.python.failure import Failure

from tests.doubles.postgresql import PostgreSQL
from tests.processes import ENVIRONMENT, Server
from twisted_lab.client.chat_client import ChatClient
from twisted_lab.client.servers import Server as Address
from twisted_lab.client.servers import Servers
from twisted_lab.client.udp import UDPWire
from twisted_lab.rooms import Line

LOSS = 0.2  # of the datagrams in each direction
RATES = (
    *("--address-members", "1000", "--address-joins", "1000"),
    *("--address-message-bytes", "100000000", "--address-history-bytes", "100000000"),
)


class _Half(Protocol):
    """One connection of a forwarded pair."""

    def __init__(self, path: Path, of: Forwarder, other: _Half | None = None) -> None:
        self._path = path
        self._of = of
        self.other = other

    def connectionMade(self) -> None:
        """Connect to the server, or begin to forward."""
        self._of.halves.append(self)
        transport: Any = self.transport
        if self.other is None:
            transport.pauseProducing()
            factory: Any = ClientFactory.forProtocol(lambda: _Half(self._path, self._of, self))
            factory.clientConnectionFailed = lambda *_: transport.abortConnection()
            self._of.reactor.connectUNIX(str(self._path), factory)
            return
        self.other.other = self
        for half in self, self.other:
            half.hold(self._of.is_silent)

    def hold(self, is_held: bool) -> None:
        """Read nothing, or go on."""
        transport: Any = self.transport
        if is_held or self.other is None:
            transport.pauseProducing()
        else:
            transport.resumeProducing()

    def dataReceived(self, data: bytes) -> None:
        """Forward."""
        other: Any = self.other
        other.transport.write(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Close the other connection."""
        self._of.halves.remove(self)
        if self.other is not None and self.other.transport is not None:
            self.other.transport.loseConnection()


class Forwarder:
    """The way of a node to the database, which can be cut.

    Args:
        reactor: The reactor.
        folder: An empty folder for its socket.
        database: The database's server.

    Attributes:
        address: The address of the database over this way.
        is_silent: Whether it forwards nothing, but keeps connections.
    """

    def __init__(self, reactor: Any, folder: Path, database: PostgreSQL) -> None:
        self.reactor = reactor
        self.halves: list[_Half] = []
        self.is_silent = False
        self.address = database.address_over(folder)
        self._socket = folder / database.socket.name
        self._factory = Factory.forProtocol(lambda: _Half(database.socket, self))
        self._port: Any = None
        self.heal()

    def cut(self) -> None:
        """Close all connections, and refuse new ones."""
        self._port.stopListening()
        self._port = None
        for half in [*self.halves]:
            transport: Any = half.transport
            transport.abortConnection()

    def silence(self) -> None:
        """Forward nothing from now on, without a word."""
        self._hold(True)

    def heal(self) -> None:
        """Work again; what was held arrives now."""
        if self._port is None:
            self._port = self.reactor.listenUNIX(str(self._socket), self._factory)
        self._hold(False)

    def _hold(self, is_held: bool) -> None:
        self.is_silent = is_held
        for half in [*self.halves]:
            half.hold(is_held)


class Node:
    """A node, whose process can be killed and started again on the same port.

    Args:
        reactor: The reactor.
        folder: Its folder.
        database: The database's server.

    Attributes:
        port: Its UDP port.
        way: Its way to the database.
        consoles: The lines of the consoles of its processes.
    """

    def __init__(self, reactor: Any, folder: Path, database: PostgreSQL) -> None:
        folder.mkdir()
        self.way = Forwarder(reactor, folder, database)
        self._folder = folder
        self.consoles: list[list[str]] = []
        self._process: Server | None = None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
            port.bind(("127.0.0.1", 0))
            self.port = int(port.getsockname()[1])

    def start(self) -> None:
        """Start the process."""
        self._process = Server(
            self._folder,
            *("netlab-chat", "--port", str(self.port), "--interface", "127.0.0.1"),
            *("--history", self.way.address, "--log-level", "warn", *RATES),
            *("--control", "unix:control"),
            twistd=("--pidfile=",),
        )
        self.consoles.append(self._process.lines)

    @property
    def is_open(self) -> bool:
        """Whether the process serves clients."""
        return any("[netlab-chat#info] listening" in line for line in self.consoles[-1])

    def kill(self) -> None:
        """Kill the process."""
        assert self._process is not None
        self._process.process.kill()
        self.ended()

    def restart_if_ended(self) -> None:
        """Start the process again if it has ended by itself, as a service manager does."""
        if self.has_ended:
            self.ended()
            self.start()

    def ended(self) -> None:
        """Wait until the process has ended."""
        assert self._process is not None
        self._process.wait()

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended by itself."""
        return self._process is not None and self._process.process.poll() is not None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self._process is not None
        os.kill(self._process.process.pid, number)

    def drain(self) -> None:
        """Have its clients move, and the process end."""
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "twisted_lab.control",
                "--control",
                "unix:control",
                "drain",
                "5",
            ],
            cwd=self._folder,
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
        ).wait()


class _LossyWire(UDPWire):
    lose: Callable[[], bool]

    def write(self, datagram: bytes) -> None:
        if not self.lose():
            super().write(datagram)


class _LossyClient(ChatClient):
    lose: Callable[[], bool]

    def receive(self, datagram: bytes) -> None:
        if not self.lose():
            super().receive(datagram)


class ClusterMember:
    """A member that knows all nodes.

    Args:
        reactor: The reactor.
        name: Its name.
        ports: The ports of the nodes, its own first.
        chance: Decides what is lost.

    Attributes:
        heard: What was said in the room, in the order of arrival.
        present: Reports about who has come and gone.
        trouble: Errors.
        told: What its user was told about the connection.
        client: The client.
    """

    def __init__(
        self, reactor: Any, name: str, ports: Sequence[int], chance: random.Random
    ) -> None:
        self.name = name
        self.heard: list[str] = []
        self.present: list[str] = []
        self.trouble: list[str] = []
        self.told: list[str] = []
        self._reactor = reactor
        self.client = _LossyClient(
            reactor, name, self._show, self.told.append, random=chance.randbytes
        )
        self.client.ended.addBoth(lambda result: self.trouble.append(f"has ended: {result}"))
        servers = Servers([Address("127.0.0.1", port) for port in ports], chance.random)
        self.wire = _LossyWire(reactor, self.client, servers)
        self.client.lose = self.wire.lose = lambda: chance.random() < LOSS

    def _show(self, line: Line) -> None:
        if line.text.startswith("error: not said"):
            self.trouble.append(line.text)
        elif line.text.startswith("* "):
            self.present.append(line.text)
        elif not line.text.startswith("error: "):
            self.heard.append(line.text)

    def is_settled(self) -> bool:
        """Tell whether it is in the room, and all of its messages are confirmed."""
        room = self.client.room
        is_lost = self.client.endpoint.is_lost(self._reactor.seconds())
        return room.is_in and not room.pending and not is_lost

    @property
    def condition(self) -> str:
        """Describe the state of its session."""
        room, endpoint = self.client.room, self.client.endpoint
        text = (
            f"{self.name} at {self.client.servers.current}: {endpoint.stage.name}, "
            f"in the room: {room.is_in}, {room.pending} messages unconfirmed, "
            f"told {self.told[-5:]}, {self.trouble}"
        )
        if endpoint.session is not None:
            sender = endpoint.session.sender
            text += (
                f", {sender.unacknowledged} packets unacknowledged, "
                f"retransmission timeout {sender.timer.timeout:.2f} s, "
                f"no acknowledgement for {sender.stalled(self._reactor.seconds()):.1f} s"
            )
        return text


class PlainMember(DatagramProtocol):
    """A member such as ``nc -u``, at one node, on a network without loss.

    Args:
        reactor: The reactor.
        name: Its name.
        node: Its node.

    Attributes:
        heard: What was said in the room, in the order of arrival.
        place: The number of the last message that it got before those.
    """

    noisy = False

    def __init__(self, reactor: Any, name: str, node: Node) -> None:
        self.name = name
        self.heard: list[str] = []
        self.place = -1
        self._server = "127.0.0.1", node.port
        self._port = reactor.listenUDP(0, self, "127.0.0.1")

    def join(self) -> None:
        """Join, unless it is in the room."""
        self._send(f"/join {self.name}")

    def leave(self) -> None:
        """Leave the room."""
        self._send("/leave")

    def _send(self, text: str) -> None:
        transport: Any = self.transport
        transport.write(text.encode(), self._server)

    def datagramReceived(self, data: bytes, addr: Any) -> None:
        """Send the cookie back, or keep what was said."""
        for text in data.decode().splitlines():
            if text.startswith("/join "):
                self._send(text)
            elif not text.startswith(("* ", "error: ")):
                self.heard.append(text)
