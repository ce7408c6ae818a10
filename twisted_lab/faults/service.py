"""netlab-faults: proxies for TCP and UDP that behave like bad networks."""

from __future__ import annotations

import secrets
import select
from dataclasses import replace

from twisted.internet.endpoints import quoteStringArgument
from twisted.internet.protocol import Factory
from twisted.python.usage import UsageError

from twisted_lab.faults.datagram_proxy import DatagramProxy
from twisted_lab.faults.framing import NO_FRAMING, read_framing
from twisted_lab.faults.held_memory import HeldMemory
from twisted_lab.faults.link_names import LINK_BY, LinkNames
from twisted_lab.faults.listening import ProxyListener, StreamFactory, check_names, read_proxy
from twisted_lab.faults.proxy import Common, Proxy, UnitCounts
from twisted_lab.faults.spec import Place, check, named, read_toxic
from twisted_lab.faults.toxic import Toxics
from twisted_lab.faults.upstream import Upstream
from twisted_lab.ports.fast.poller import Poller
from twisted_lab.ports.listening import (
    DescribedEndpoint,
    Fast,
    Guarded,
    Listener,
    TCPPort,
    UDPPort,
)
from twisted_lab.serving import (
    NetworkService,
    ServiceOptions,
    ServiceProcess,
    in_own_process,
    option,
)


class Options(ServiceOptions):
    """Options of netlab-faults."""

    command = "netlab-faults"
    in_netlab = False
    why_one_process = "all links must be in one process to share their limits"
    hidden = frozenset(
        {"ask", "certificate", "handshake-timeout", "key", "listen", "port", "proxy-protocol"}
        | {"strict-port", "tls"}
    )
    interface = replace(
        ServiceOptions.interface, doc="Address to listen on, loopback only.", default="127.0.0.1"
    )
    max_per_peer = replace(ServiceOptions.max_per_peer, default=10_000)
    proxy = option.repeated(
        "Listen and pass everything on: [NAME=]tcp:PORT:HOST:PORT, udp:PORT:HOST:PORT or "
        "unix:PATH:HOST:PORT, and unix:/path for HOST:PORT; can be given several times.",
        read_proxy,
    )
    toxic = option.repeated(
        "A fault, such as loss=20%, latency=50ms,jitter=10ms or reset_peer,nth=3; can be given "
        "several times.",
        read_toxic,
    )
    framing = option.parsed(
        "What toxics act on in streams: messages of this framing (text, int32, decimal:N or "
        "hex:N), or none: portions as they arrive.",
        read_framing,
        default=NO_FRAMING,
    )
    link_by = option.choice(
        "How links are recognised when decisions are repeated: arrival (their order), "
        "first-message or address.",
        *LINK_BY,
        default="arrival",
    )
    seed = option.number(
        "Repeat the decisions of the run with this seed. [default: a random one]",
        default=None,
        least=0,
    )
    max_held = option.size(
        "The most bytes that all links together hold; above it streams wait and datagrams are "
        "lost.",
        default=67_108_864,
    )

    def postOptions(self) -> None:
        """See `ServiceOptions`.

        Raises:
            UsageError: A proxy is missing, or a toxic cannot act at any.
        """
        for name in self.hidden & self.given:
            raise UsageError(f"{self.name_of(name)} is not supported")
        super().postOptions()
        if not self.proxy:
            raise UsageError("give at least one --proxy, such as tcp:9190:localhost:9090")
        check_names(self.proxy)
        try:
            self.named_toxics = named(self.toxic)
            check(self.named_toxics, self.places())
        except ValueError as error:
            raise UsageError(str(error)) from None

    def places(self) -> list[Place]:
        """Return what the toxics of each proxy depend on."""
        return [
            Place(plan.name, plan.is_stream, self.framing if plan.is_stream else NO_FRAMING)
            for plan in self.proxy
        ]


class FaultService(NetworkService):
    """The proxies of a process.

    Args:
        process: The process that the service belongs to.
        options: The options.
    """

    def __init__(self, process: ServiceProcess, options: Options) -> None:
        events = process.log.events_of(options.command)
        connections = options.make_connections()
        self.seed = secrets.randbits(32) if options.seed is None else options.seed
        self.toxics: Toxics = ()
        self._common = Common(
            process.reactor,
            events,
            connections,
            HeldMemory(options.max_held, self._control),
            UnitCounts(),
            options.idle_timeout,
        )
        self.proxies: dict[str, Proxy] = {}
        poller = (
            Poller(process.reactor)
            if options.transport == "fast" and hasattr(select, "epoll")
            else None
        )
        listeners = []
        for plan, place in zip(options.proxy, options.places(), strict=True):
            proxy = Proxy(place, self._common, self.seed, LinkNames(options.link_by))
            self.proxies[plan.name] = proxy
            upstream = Upstream(process.reactor, plan.target, poller)
            listener: Listener
            if plan.kind == "unix":
                path = quoteStringArgument(plan.place)
                listener = DescribedEndpoint(process.reactor, f"unix:{path}")
            elif plan.kind == "tcp":
                listener = TCPPort(
                    process.reactor, int(plan.place), options.interface, 0, "--proxy"
                )
            else:
                listener = UDPPort(
                    process.reactor,
                    int(plan.place),
                    options.interface,
                    0,
                    "--proxy",
                    protocol=DatagramProxy(proxy, upstream),
                )
            if plan.is_stream:
                if poller is not None:
                    listener = Fast(listener, poller)
                listener = Guarded(listener, process.files)
            listeners.append(ProxyListener(listener, upstream, StreamFactory(proxy, upstream)))
        super().__init__(process, events, listeners, Factory(), connections)
        self.change(options.named_toxics)

    def change(self, toxics: Toxics) -> None:
        """Replace the toxics of all proxies."""
        self.toxics = toxics
        for proxy in self.proxies.values():
            proxy.change(toxics)

    def _control(self) -> None:
        for proxy in self.proxies.values():
            proxy.control()

    def announce(self) -> None:
        """See `NetworkService.announce`."""
        self.events.faults(self.seed, self._common.held.most)
        super().announce()


def build(process: ServiceProcess, options: Options) -> NetworkService:
    """Build the service that `options` describe."""
    return FaultService(process, options)


makeService = in_own_process(build)
