"""The services that plugins bring, and their ports."""

from __future__ import annotations

from contextlib import suppress

from twisted.application.service import IServiceMaker, ServiceMaker
from twisted.plugin import getPlugins

PREFIX = "netlab-"


def makers() -> dict[str, ServiceMaker]:
    """Return the maker of each service, by its name without the prefix."""
    return {
        maker.tapname.removeprefix(PREFIX): maker
        for maker in getPlugins(IServiceMaker)
        if isinstance(maker, ServiceMaker) and maker.tapname.startswith(PREFIX)
    }


def default_ports() -> frozenset[int]:
    """Return the default ports of all services, where their clients look for them.

    This imports all services: ask only when a port is busy.
    """
    ports = set()
    for maker in makers().values():
        with suppress(Exception):  # One that cannot be imported does not stop the others.
            ports.add(maker.options.default_port)
    return frozenset(ports)
