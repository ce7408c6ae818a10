"""The services that the client knows: its own, and those that plugins bring."""

from __future__ import annotations

from twisted_lab.process.plugins import makers

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
    maker = makers().get(service)
    if maker is None:
        return None
    return maker.options.default_port, getattr(maker.options, "default_framing", None)
