"""Building a process and its services, as options say."""

from __future__ import annotations

from typing import Any, cast

from twisted.internet.interfaces import IProtocolFactory

from twisted_lab.channels import Connections
from twisted_lab.process.listeners import listeners
from twisted_lab.process.network_service import NetworkService
from twisted_lab.process.process_options import ProcessOptions
from twisted_lab.process.service_options import ServiceOptions
from twisted_lab.process.service_process import Lab
from twisted_lab.process.workers.supervisor import SupervisedService, Workers


def build_process(options: ProcessOptions, reactor: Any = None) -> Lab:
    """Build a process, with what the operator has asked for.

    Args:
        options: What was asked of the process.
        reactor: Where to run; by default the one that is installed.
    """
    process = Lab(options, reactor)
    # What these need takes its time to be imported.
    if options["control"] and not options.is_worker:
        from twisted_lab.operations.control import control_service

        process.addService(control_service(process, options["control"]))
    if options["metrics"] and not options.is_worker:
        from twisted_lab.operations.metrics import metrics_service

        process.addService(metrics_service(process, options["metrics"]))
    return process


def lab_of(options: ServiceOptions) -> Lab:
    """Return the process that `options` belong to; a new one, if they stand alone."""
    if options.lab is None:
        options.lab = build_process(options)
    return cast(Lab, options.lab)


def stream_service(
    options: ServiceOptions, factory: IProtocolFactory, connections: Connections
) -> Lab:
    """Build the service that serves streams, in one process or several, as `options` say.

    Args:
        options: Where it listens, and how many processes serve.
        factory: What to build for each connection.
        connections: The factory's open connections.

    Returns:
        The lab that it belongs to.
    """
    lab = lab_of(options)
    events = lab.log.events_of(options.command)
    listening = listeners(options, lab)
    service: NetworkService
    if options["workers"] > 1 and not options.is_worker:
        [listener] = listening
        workers = Workers(lab.reactor, events, options, listener)
        service = SupervisedService(lab, events, factory, workers)
    else:
        service = NetworkService(lab, events, listening, factory, connections)
    lab.addService(service)
    return lab
