"""Words of netlab-faults for ``python -m twisted_lab.control tell``."""

from __future__ import annotations

from typing import Protocol

from twisted_lab.faults.engine.scenario import Scenario
from twisted_lab.faults.engine.spec import check, named, read_toxic, spec
from twisted_lab.faults.engine.toxic import Toxics
from twisted_lab.faults.proxies.proxy import Proxy
from twisted_lab.serving import Word
from twisted_lab.text.language import N_


class Proxies(Protocol):
    """The proxies of a service.

    Attributes:
        toxics: The current toxics, all with names.
        proxies: The proxies, by name.
        scenario: The scenario, whose toxics do not change.
    """

    scenario: Scenario
    toxics: Toxics
    proxies: dict[str, Proxy]

    def change(self, toxics: Toxics) -> None:
        """Replace the toxics of all proxies."""
        ...


class Commands:
    """The words, each with a method; a wrong argument is a ValueError.

    Args:
        service: The proxies that they change.
    """

    def __init__(self, service: Proxies) -> None:
        self._service = service
        self.words = {
            "toxics": Word(self.toxics),
            "add": Word(self.add, "TOXIC"),
            "remove": Word(self.remove, "NAME"),
            "release": Word(self.release, "[PROXY]"),
            "disable": Word(self.disable, "PROXY"),
            "enable": Word(self.enable, "PROXY"),
        }

    def toxics(self, _: str) -> str:
        """Return a line for each toxic, as it could be added."""
        return "\n".join(map(spec, self._service.toxics)) or "no toxics"

    def add(self, text: str) -> str:
        """Add a toxic, also for open links."""
        added = read_toxic(text)
        check([added], [proxy.place for proxy in self._service.proxies.values()])
        *_, added = toxics = named([*self._service.toxics, added])
        for phase in self._service.scenario.phases:
            if added.name in (toxic.name for toxic in phase.toxics):
                raise ValueError(
                    N_(
                        "a toxic of the scenario has the name {name!r}: give another one, "
                        "with name=",
                        name=added.name,
                    )
                )
        self._service.change(toxics)
        return f"added: {spec(added)}"

    def remove(self, name: str) -> str:
        """Remove a toxic, also from open links; one of kind ``hold`` releases its units."""
        toxics = self._service.toxics
        left = tuple(toxic for toxic in toxics if toxic.name != name)
        if left == toxics:
            names = ", ".join(toxic.name for toxic in toxics)
            raise ValueError(
                N_(
                    "there is no toxic {name!r}; there is {names}",
                    name=name,
                    names=names or N_("none"),
                )
            )
        self._service.change(left)
        return f"removed: {name}"

    def release(self, name: str) -> str:
        """Deliver the units that toxics of kind ``hold`` keep, at one proxy or at all."""
        proxies = [self._proxy(name)] if name else self._service.proxies.values()
        return f"released units: {sum(proxy.release() for proxy in proxies)}"

    def disable(self, name: str) -> str:
        """Reset the links of a proxy, and refuse new ones."""
        proxy = self._proxy(name)
        if not proxy.is_enabled:
            raise ValueError(N_("{name} is disabled already", name=name))
        proxy.disable()
        return f"disabled: {name}"

    def enable(self, name: str) -> str:
        """Let a proxy serve again."""
        proxy = self._proxy(name)
        if proxy.is_enabled:
            raise ValueError(N_("{name} is not disabled", name=name))
        proxy.enable()
        return f"enabled: {name}"

    def _proxy(self, name: str) -> Proxy:
        proxies = self._service.proxies
        if name not in proxies:
            raise ValueError(
                N_(
                    "there is no proxy {name!r}; there is {names}",
                    name=name,
                    names=", ".join(proxies),
                )
            )
        return proxies[name]
