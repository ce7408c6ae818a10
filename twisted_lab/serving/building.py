"""Construction of a process and its services from options."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

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

AnyOptions = TypeVar("AnyOptions", bound=ServiceOptions)


def build_process(options: ProcessOptions, reactor: Reactor | None = None) -> ServiceProcess:
    """Build a process, with its operator services if the options ask for them.

    Args:
        options: The options of the process.
        reactor: The reactor; by default the installed one.
    """
    process = ServiceProcess(options, reactor)
    # These modules import others that are slow to import.
    if options.control and not options.is_worker:
        from twisted_lab.operations.control import control_service

        process.addService(control_service(process, options.control))
    if options.metrics and not options.is_worker:
        from twisted_lab.operations.metrics import metrics_service

        process.addService(metrics_service(process, options.metrics))
    return process


def in_own_process(
    build: Callable[[ServiceProcess, AnyOptions], NetworkService],
) -> Callable[[AnyOptions], ServiceProcess]:
    """Return the ``makeService`` function that twistd looks up in a module.

    Args:
        build: Builds the module's service for a process.
    """

    def make(options: AnyOptions) -> ServiceProcess:
        process = build_process(options)
        process.addService(build(process, options))
        if options.open_note and process.log.is_for_people and not options.is_worker:
            process.greeting = lambda: f"{options.open_note}\n"
        return process

    return make


def stream_service(
    process: ServiceProcess,
    options: ServiceOptions,
    factory: IProtocolFactory,
    connections: Connections,
) -> NetworkService:
    """Build a service for stream connections, served by one process or by several workers.

    Args:
        process: The process that the service belongs to.
        options: The ports and the number of workers.
        factory: Builds a protocol for each connection.
        connections: The factory's open connections.
    """
    events = process.log.events_of(options.command)
    listening = listeners(process, options)
    if options.workers > 1 and not options.is_worker:
        [listener] = listening
        socket = SharedSocket(listener)
        launcher = Launcher(process.reactor, options, socket)
        pool = WorkerPool(options.workers, launcher, process.reactor, events)
        return SupervisedService(process, events, factory, socket, pool)
    return NetworkService(process, events, listening, factory, connections)
