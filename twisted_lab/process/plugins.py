"""Services from plugins, and their default ports."""

from __future__ import annotations

from contextlib import suppress

from twisted.application.service import IServiceMaker, ServiceMaker
from twisted.plugin import getPlugins

PREFIX = "netlab-"


def makers() -> dict[str, ServiceMaker]:
    """Return the maker of each service, by the service's name without PREFIX."""
    return {
        maker.tapname.removeprefix(PREFIX): maker
        for maker in getPlugins(IServiceMaker)
        if isinstance(maker, ServiceMaker) and maker.tapname.startswith(PREFIX)
    }


def default_ports() -> frozenset[int]:
    """Return the default ports of all services, to which their clients connect.

    This imports all services, so call it only when a port is busy.
    """
    ports = set()
    for maker in makers().values():
        with suppress(Exception):  # A broken plugin must not stop the others.
            ports.add(maker.options.default_port)
    return frozenset(ports - {0})  # of a service without a port of its own
