"""netlab-faults: proxies for TCP and UDP that behave like bad networks."""

from __future__ import annotations

from twisted_lab.faults.fault_service import FaultService
from twisted_lab.faults.observing import observing, replaying
from twisted_lab.faults.options import Options
from twisted_lab.faults.pictures.picture import Picture
from twisted_lab.serving import NetworkService, ServiceProcess, in_own_process

__all__ = ["Options", "build", "makeService"]


def build(
    process: ServiceProcess, options: Options, picture: Picture | None = None
) -> NetworkService:
    """Build the service that `options` describe; `picture` observes it as well."""
    observers = observing(process, options, picture)
    return FaultService(process, options, observers, replaying(process, options))


makeService = in_own_process(build)
