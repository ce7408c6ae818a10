"""Descriptions of proxies, and their listeners."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import quoteStringArgument
from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import IAddress, IListeningPort, IProtocolFactory
from twisted.internet.protocol import Factory
from twisted.python.usage import UsageError

from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.faults.proxies.datagram_proxy import DatagramProxy
from twisted_lab.faults.proxies.proxy import Proxy
from twisted_lab.faults.proxies.stream_link import StreamLink
from twisted_lab.faults.proxies.upstream import Target, Upstream, read_target
from twisted_lab.peers import address_text
from twisted_lab.ports.addresses import port_number
from twisted_lab.ports.listening import (
    CannotListen,
    DescribedEndpoint,
    Fast,
    Guarded,
    Listener,
    TCPPort,
    UDPPort,
    Wrapping,
)
from twisted_lab.serving import ServiceProcess
from twisted_lab.text.language import N_, _

_PROXY = re.compile(r"(?:(?P<name>[\w.-]+)=)?(?P<kind>tcp|udp|unix):(?P<at>[^:]+):(?P<to>.+)")
EXAMPLES = N_("tcp:9190:localhost:9090, udp:9195:localhost:9095 or unix:/run/echo:localhost:9090")


class ProxyPlan(NamedTuple):
    """A proxy as a user describes it.

    Attributes:
        name: The proxy's name.
        kind: Where it listens: tcp, udp or unix.
        place: The port in digits, or the path of the unix socket.
        target: The server behind it.
    """

    name: str
    kind: str
    place: str
    target: Target

    @property
    def is_stream(self) -> bool:
        """Whether it carries streams."""
        return self.kind != "udp"


def read_proxy(text: str) -> ProxyPlan:
    """Parse ``[NAME=]tcp:PORT:HOST:PORT``, the same with udp, or ``[NAME=]unix:PATH:HOST:PORT``.

    Raises:
        UsageError: `text` is none of them.
    """
    found = _PROXY.fullmatch(text)
    if found is None:
        raise UsageError(
            _("a proxy is written like {examples}, not {text!r}", examples=EXAMPLES, text=text)
        )
    kind, at = found["kind"], found["at"]
    try:
        target = read_target(found["to"])
    except UsageError as error:
        raise UsageError(
            _("{error}; a proxy is written like {examples}", error=error, examples=EXAMPLES)
        ) from None
    if kind != "unix":
        at = str(port_number(at))
    if kind == "udp" and target.path:
        raise UsageError(
            _("a udp proxy needs HOST:PORT for its server, not {to!r}", to=found["to"])
        )
    return ProxyPlan(found["name"] or f"{kind}:{at}", kind, at, target)


def check_names(plans: Iterable[ProxyPlan]) -> None:
    """Check that the names of proxies differ.

    Raises:
        UsageError: Two have the same.
    """
    names: set[str] = set()
    for plan in plans:
        if plan.name in names:
            raise UsageError(
                _(
                    "two proxies have the name {name}: give one another name, as in "
                    "other={kind}:{place}:{target}",
                    name=plan.name,
                    kind=plan.kind,
                    place=plan.place,
                    target=plan.target,
                )
            )
        names.add(plan.name)


class StreamFactory(Factory):
    """Builds the links of a proxy for streams.

    Args:
        proxy: The proxy.
        upstream: The server behind it.
    """

    noisy = False

    def __init__(self, proxy: Proxy, upstream: Upstream) -> None:
        self._proxy = proxy
        self._upstream = upstream

    def buildProtocol(self, addr: IAddress | None) -> object:  # type: ignore[override]
        """See `twisted.internet.interfaces.IProtocolFactory`."""
        assert addr is not None
        return StreamLink(self._proxy, self._upstream, addr).client


@dataclass(frozen=True)
class ProxyListener(Wrapping):
    """The listener of one proxy, which has its own factory, and whose server must have an address.

    Attributes:
        name: The proxy's name.
        upstream: The server behind it.
        events: The reporter of open ports.
        factory: Builds its links; a UDP port uses none.
    """

    name: str
    upstream: Upstream
    events: ServiceEvents
    factory: IProtocolFactory

    def listen(self, factory: IProtocolFactory) -> Deferred[IListeningPort]:
        """See `Listener.listen`."""

        async def listen() -> IListeningPort:
            try:
                self.upstream.look_up_now()
            except DNSLookupError as error:
                raise CannotListen(f"{self.upstream.target.host}: {error}") from None
            port = await self.listener.listen(self.factory)
            address, server = address_text(port.getHost()), str(self.upstream.target)
            # The log is opened later than the ports.
            self.upstream.reactor.callWhenRunning(self.events.proxying, self.name, address, server)
            return port

        return Deferred.fromCoroutine(listen())


def proxy_listener(
    process: ServiceProcess, interface: str, plan: ProxyPlan, proxy: Proxy, upstream: Upstream
) -> ProxyListener:
    """Return the listener of a proxy.

    Args:
        process: The process.
        interface: The IP address to listen on.
        plan: Where it listens otherwise.
        proxy: The proxy.
        upstream: The server behind it.
    """
    reactor, option = process.reactor, "--proxy"
    listener: Listener
    if plan.kind == "unix":
        listener = DescribedEndpoint(reactor, f"unix:{quoteStringArgument(plan.place)}", option)
    elif plan.kind == "tcp":
        listener = TCPPort(reactor, int(plan.place), interface, 0, option)
    else:
        port, protocol = int(plan.place), DatagramProxy(proxy, upstream, process.files.is_scarce)
        listener = UDPPort(reactor, port, interface, 0, option, protocol=protocol)
    if plan.is_stream:
        if upstream.poller is not None:
            listener = Fast(listener, upstream.poller)
        listener = Guarded(listener, process.files)
    events = proxy.common.events
    return ProxyListener(listener, plan.name, upstream, events, StreamFactory(proxy, upstream))
