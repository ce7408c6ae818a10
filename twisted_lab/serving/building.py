"""Building a process and its services, as options say."""

from __future__ import annotations

from typing import cast

from twisted.internet.interfaces import IProtocolFactory

from twisted_lab.channels import Connections
from twisted_lab.interfaces import Reactor
from twisted_lab.process.listeners import listeners
from twisted_lab.process.network_service import NetworkService
from twisted_lab.process.process_options import ProcessOptions
from twisted_lab.process.service_options import ServiceOptions
from twisted_lab.process.service_process import ServiceProcess
from twisted_lab.process.workers.launcher import Launcher
from twisted_lab.process.workers.shared_socket import SharedSocket
from twisted_lab.process.workers.supervised_service import SupervisedService
from twisted_lab.process.workers.worker_pool import WorkerPool


def build_process(options: ProcessOptions, reactor: Reactor | None = None) -> ServiceProcess:
    """Build a process, with the parts that the operator has asked for.

    Args:
        options: What was asked of the process.
        reactor: Where to run; by default the one that is installed.
    """
    process = ServiceProcess(options, reactor)
    # The modules that these need are slow to import.
    if options["control"] and not options.is_worker:
        from twisted_lab.operations.control import control_service

        process.addService(control_service(process, options["control"]))
    if options["metrics"] and not options.is_worker:
        from twisted_lab.operations.metrics import metrics_service

        process.addService(metrics_service(process, options["metrics"]))
    return process


def process_of(options: ServiceOptions) -> ServiceProcess:
    """Return the process that `options` belong to; a new one, if they stand alone."""
    if options.process is None:
        options.process = build_process(options)
    return cast(ServiceProcess, options.process)


def stream_service(
    options: ServiceOptions, factory: IProtocolFactory, connections: Connections
) -> ServiceProcess:
    """Build the service that serves streams, in one process or several, as `options` say.

    Args:
        options: Where it listens, and how many processes serve.
        factory: What to build for each connection.
        connections: The factory's open connections.

    Returns:
        The process that it belongs to.
    """
    process = process_of(options)
    events = process.log.events_of(options.command)
    listening = listeners(options, process)
    service: NetworkService
    if options["workers"] > 1 and not options.is_worker:
        [listener] = listening
        socket = SharedSocket(listener)
        launcher = Launcher(process.reactor, options, socket)
        pool = WorkerPool(options["workers"], launcher, process.reactor, events)
        service = SupervisedService(process, events, factory, socket, pool)
    else:
        service = NetworkService(process, events, listening, factory, connections)
    process.addService(service)
    return process
