"""Services that the client knows: those of this package and of installed plugins."""

from __future__ import annotations

from contextlib import suppress

from twisted_lab.defaults import DEFAULTS, Defaults
from twisted_lab.process.plugins import makers


def known_services() -> list[str]:
    """Return the names of this package's services, and then those of installed plugins."""
    others = []
    for service in sorted(makers().keys() - DEFAULTS.keys()):
        with suppress(Exception):  # a broken plugin must not stop the others
            if defaults_of(service):
                others.append(service)
    return [*DEFAULTS, *others]


def defaults_of(service: str) -> Defaults | None:
    """Return the default port and framing of a service; None if no plugin provides it.

    None, too, without a default port: such a service, as faults, is a client's only by --port.
    Plugins are loaded only for a service that is not in this package, because loading takes time.
    """
    if service in DEFAULTS:
        return DEFAULTS[service]
    maker = makers().get(service)
    if maker is None or not maker.options.default_port:
        return None
    return Defaults(maker.options.default_port, getattr(maker.options, "default_framing", ""))
