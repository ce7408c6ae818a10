"""The services that the client knows: its own, and those that plugins bring."""

from __future__ import annotations

from twisted.application.service import IServiceMaker
from twisted.plugin import getPlugins

# Each service with its default port and framing; echo has none. No plugin is read for these.
SERVICES = {
    "echo": (9090, None),
    "messages": (9091, "int32"),
    "ident": (9092, "text"),
    "auth": (9093, "text"),
    "broadcast": (9094, "text"),
    "chat": (9095, None),
}


def port_and_framing(service: str) -> tuple[int, str | None] | None:
    """Return the default port and framing of a service; None if no plugin has it."""
    if service in SERVICES:
        return SERVICES[service]
    for maker in getPlugins(IServiceMaker):
        if maker.tapname == f"netlab-{service}":
            options = maker.options
            return options.default_port, getattr(options, "default_framing", None)
    return None
