"""Interfaces of the reactor and of stream transports, combined from Twisted's."""

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
    """The interfaces of `twisted.internet.reactor` on a POSIX system that this package uses."""


class StreamTransport(ITCPTransport, IConsumer, IPushProducer):
    """The transport of a TCP, unix or TLS connection."""


def global_reactor() -> Reactor:
    """Return the installed reactor; install the default one if there is none."""
    from twisted.internet import reactor

    return cast(Reactor, reactor)
