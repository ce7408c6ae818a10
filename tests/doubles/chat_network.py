"""A chat server and its members, in one process, on networks that are as bad as one likes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

from twisted.internet.protocol import DatagramProtocol
from twisted.internet.task import Clock
from twisted.logger import LogLevel

from tests.doubles.recording import Recorder
from tests.doubles.rooms import FREE, open_chat
from twisted_lab.channels import Connections
from twisted_lab.channels.datagram_server import DatagramServer
from twisted_lab.client.chat_client import ChatClient
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.faults import DatagramNetwork
from twisted_lab.rooms import History, Line, MemoryHistory, Rates

Address = tuple[str, int]
START = 1_700_000_000.0
SERVER = ("192.0.2.254", 9095)
CALM = ("latency=20ms",)
FIFTHS = (*CALM, "loss=20%", "duplicate=20%", "reorder=20%,delay=100ms")


class Socket:
    """The server's port; it delivers datagrams to the process at their address."""

    def __init__(self, deliver: Callable[[bytes, Address], object]) -> None:
        self._deliver = deliver

    def send(self, data: bytes, addresses: list[Address]) -> None:
        for address in addresses:
            self._deliver(data, address)


class Port(DatagramProtocol):
    """A port whose datagrams a function receives."""

    noisy = False

    def __init__(self, receive: Callable[[bytes, Address], object]) -> None:
        self._receive = receive

    def datagramReceived(self, datagram: bytes, addr: Address) -> None:
        self._receive(datagram, addr)


class Net:
    """One server and its members, on a network with these toxics.

    Attributes:
        clock: The network's time.
        network: The network.
        server: The server's protocol.
        server_clock: The server's time.
        chat: Its room.
        log: The server's events.
    """

    def __init__(
        self,
        seed: int = 0,
        toxics: Iterable[str] = CALM,
        history: History | None = None,
        rates: Rates = FREE,
    ) -> None:
        self.clock = Clock()
        self.clock.advance(START)
        self.history = history or MemoryHistory()
        self._rates = rates
        self.members: dict[Address, Member] = {}
        self._chance = random.Random(seed)
        self._seed = seed
        self.network = DatagramNetwork(self.clock, toxics, seed=seed)
        self.network.listen(SERVER, Port(lambda data, address: self.to_server(data, address)))
        self._killed: list[DatagramServer] = []
        self.start_server()

    def new_clock(self) -> Clock:
        """Return the clock of a process; here all have the network's."""
        return self.clock

    def start_server(self) -> None:
        """Have a server with nothing in its memory."""
        self.log = Recorder()
        self.server_clock = self.new_clock()
        self.connections = Connections()
        self.chat = open_chat(self.history, self.server_clock, self._rates)
        self.server = DatagramServer(
            self.server_clock,
            ServiceEvents("netlab-chat", self.log, LogLevel.warn),
            self.chat.converse,
            self.connections,
            60.0,
            random=self.random,
        )
        self.server.transport = Socket(
            lambda data, address: self.network.send(data, SERVER, address)
        )

    def kill_server(self) -> None:
        """Kill the server silently, and start another one in its place."""
        self.server.stopProtocol()
        self.server.transport = None
        # Kept, because conversations that are thrown away end whenever the garbage is collected.
        self._killed.append(self.server)
        self.start_server()

    def random(self, count: int) -> bytes:
        return self._chance.randbytes(count)

    def join(self, name: str, patience: float = float("inf")) -> Member:
        return Member(self, name, patience)

    def to_server(self, data: bytes, address: Address) -> None:
        """Deliver a datagram to the server."""
        self.server.datagramReceived(data, address)

    def run(self, until: Callable[[], bool], most: float = 3600.0) -> None:
        """Let time pass until something is so."""
        end = self.clock.seconds() + most
        while not until():
            calls = self.clock.getDelayedCalls()
            assert calls, f"seed {self._seed}: nothing happens any more"
            assert self.clock.seconds() < end, f"seed {self._seed}: it never comes"
            self.clock.advance(max(calls[0].getTime() - self.clock.seconds(), 0.0))

    def run_for(self, seconds: float) -> None:
        """Let that time pass."""
        end = self.clock.seconds() + seconds
        self.run(lambda: self.clock.seconds() >= end)


class Member:
    """A member with our client.

    Attributes:
        heard: The lines that it was shown.
        said: The texts said in the room, as it has heard them.
        told: The reports about its connection.
        is_cut: Whether no datagram from it or to it arrives.
        clock: Its time.
    """

    def __init__(self, net: Net, name: str, patience: float) -> None:
        self.heard: list[Line] = []
        self.told: list[str] = []
        self.said: list[str] = []
        self._net = net
        self.is_cut = False
        self.clock = net.new_clock()
        self._open()
        self.client = ChatClient(
            self.clock, name, self.show, self.told.append, patience, net.random
        )
        self.client.start(self)

    def is_in(self) -> bool:
        """Tell whether it is a member."""
        return self.client.room.is_in

    def is_settled(self) -> bool:
        """Tell whether it is a member, all of whose messages were confirmed."""
        return self.is_in() and not self.client.room.pending

    def has_ended(self) -> bool:
        """Tell whether its client has ended."""
        return self.client.ended.called

    def has_heard(self, count: int) -> bool:
        """Tell whether it has heard that many texts."""
        return len(self.said) == count

    def show(self, line: Line) -> None:
        self.heard.append(line)
        if not line.text.startswith("* "):
            self.said.append(line.text)

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self.heard]

    def reopen(self) -> None:
        """Be at another address from now on; earlier datagrams come from the old one."""
        del self._net.members[self.address]
        self._socket.stopListening()
        self._open()

    def _open(self) -> None:
        self._socket = self._net.network.listen(("192.0.2.1", 0), Port(self._take))
        self.address = self._socket.getHost().host, self._socket.getHost().port
        self._net.members[self.address] = self

    def _take(self, data: bytes, _: Address) -> None:
        if not self.is_cut:
            self.client.receive(data)

    def write(self, data: bytes) -> None:
        if not self.is_cut:
            self._socket.write(data, SERVER)
