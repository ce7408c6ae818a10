"""Listeners for the options of a service."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING, Any

from twisted.internet.protocol import DatagramProtocol

from twisted_lab.eventlog.counters import Measure
from twisted_lab.interfaces import Reactor
from twisted_lab.ports.fast.poller import Poller
from twisted_lab.ports.listening import (
    AdoptedPort,
    DescribedEndpoint,
    Fast,
    Guarded,
    Listener,
    TCPPort,
    UDPPort,
)
from twisted_lab.process.service_options import OWN_CERTIFICATE, ServiceOptions
from twisted_lab.process.service_process import ServiceProcess

if TYPE_CHECKING:
    from twisted_lab.ports.certificate import Certificate


def listeners(
    process: ServiceProcess, options: ServiceOptions, name: str = "port"
) -> list[Listener]:
    """Return the stream listeners for `options`; `name` is the name of the port's option."""
    reactor, events = process.reactor, process.log.events_of(options.command)
    found: list[Listener] = [
        DescribedEndpoint(reactor, description, options.name_of("listen"))
        for description in options.listen
    ] or [
        TCPPort(
            reactor,
            options[name],
            options.interface,
            0 if options.strict_port else 100,
            options.name_of(name),
            options.others_ports,
        )
    ]
    if options.is_worker:
        found = [AdoptedPort(reactor)]
    if poller := make_poller(reactor, options):
        found = [Fast(listener, poller) for listener in found]
    found = [Guarded(listener, process.files) for listener in found]
    if options.tls:
        # Imported here because cryptography is slow to import.
        from twisted_lab.ports.tls import OverTLS

        certificate = shared_certificate(process, options)
        patience = options.handshake_timeout
        found = [OverTLS(listener, certificate, reactor, events, patience) for listener in found]
    if options.proxy_protocol:
        from twisted_lab.ports.proxy import BehindProxy

        found = [BehindProxy(listener, reactor, events) for listener in found]
    return found


def make_poller(reactor: Reactor, options: ServiceOptions) -> Poller | None:
    """Return a loop for fast transports; None if the options or the system rule them out."""
    is_fast = options.transport == "fast" and hasattr(select, "epoll")
    return Poller(reactor) if is_fast else None


def datagram_listener(
    options: ServiceOptions, reactor: Any, protocol: DatagramProtocol
) -> Listener:
    """Return the UDP listener for `options`; `protocol` gets the datagrams.

    If the port is busy, the listener takes the next free one, unless the port was given: clients of
    a restarted server come back to its port.
    """
    return UDPPort(
        reactor,
        options.port,
        options.interface,
        0 if options.strict_port or options.port_was_given else 100,
        options.name_of("port"),
        options.others_ports,
        protocol,
    )


def shared_certificate(process: ServiceProcess, options: ServiceOptions) -> Certificate:
    """Return the certificate for `options`; services with the same files share one."""
    from twisted_lab.ports.certificate import Certificate

    path = options.certificate or OWN_CERTIFICATE
    is_own = options.certificate is None
    certificate = Certificate(path, options.key or path, is_own, process.events, process.now)
    same = [
        each
        for each in process.resources
        if isinstance(each, Certificate) and each.files == certificate.files
    ]
    if same:
        [certificate] = same
    else:
        process.resources.append(certificate)
        process.reloads.append(certificate.reload)
    process.measures.append(
        Measure(
            options.command,
            "certificate_expiry_timestamp_seconds",
            "Until when the certificate is valid, in Unix time.",
            False,
            lambda: certificate.until,
            is_common=True,
        )
    )
    return certificate
