"""What the project asks of a reactor and of a transport: Twisted's interfaces, combined."""

from __future__ import annotations

from typing import cast

from twisted.internet.interfaces import (
    IConsumer,
    IPushProducer,
    IReactorCore,
    IReactorFDSet,
    IReactorPluggableNameResolver,
    IReactorProcess,
    IReactorSocket,
    IReactorTCP,
    IReactorThreads,
    IReactorTime,
    IReactorUDP,
    IReactorUNIX,
    ITCPTransport,
)


class Reactor(
    IReactorCore,
    IReactorTime,
    IReactorThreads,
    IReactorFDSet,
    IReactorTCP,
    IReactorUDP,
    IReactorUNIX,
    IReactorSocket,
    IReactorProcess,
    IReactorPluggableNameResolver,
):
    """A reactor, as `twisted.internet.reactor` is on a POSIX system."""


class StreamTransport(ITCPTransport, IConsumer, IPushProducer):
    """The transport of a TCP, unix or TLS connection."""


def global_reactor() -> Reactor:
    """Return the reactor that is installed; the first call installs the default one."""
    from twisted.internet import reactor

    return cast(Reactor, reactor)
