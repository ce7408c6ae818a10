"""Services that the client knows: those of this package and of installed plugins."""

from __future__ import annotations

from twisted_lab.defaults import DEFAULTS, Defaults
from twisted_lab.process.plugins import makers


def known_services() -> list[str]:
    """Return the names of this package's services, and then those of installed plugins."""
    return [*DEFAULTS, *sorted(makers().keys() - DEFAULTS.keys())]


def defaults_of(service: str) -> Defaults | None:
    """Return the default port and framing of a service; None if no plugin provides it.

    Plugins are loaded only for a service that is not in this package, because loading takes time.
    """
    if service in DEFAULTS:
        return DEFAULTS[service]
    maker = makers().get(service)
    if maker is None:
        return None
    return Defaults(maker.options.default_port, getattr(maker.options, "default_framing", ""))
