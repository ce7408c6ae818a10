"""Options of netlab-faults."""

from __future__ import annotations

import secrets
from dataclasses import replace

from twisted.python.usage import UsageError

from twisted_lab.faults.engine.framing import NO_FRAMING, read_framing
from twisted_lab.faults.engine.link_names import LINK_BY
from twisted_lab.faults.engine.profiles import PROFILES, read_profile
from twisted_lab.faults.engine.scenario import Scenario, read_scenario
from twisted_lab.faults.engine.spec import Place, check, named, read_toxic, spec
from twisted_lab.faults.engine.toxic import Toxics
from twisted_lab.faults.engine.toxics import TOXICS
from twisted_lab.faults.observing import ObservingOptions
from twisted_lab.faults.proxies.listening import check_names, read_proxy
from twisted_lab.serving import ServiceOptions, option
from twisted_lab.text.language import N_, _


class Options(ObservingOptions):
    """Options of netlab-faults.

    Attributes:
        toxics: The toxics of `profile` and `toxic`, all with names.
        phases: The scenario.
        run_seed: The seed of this run: that of `seed`, or a random one.
    """

    command = "netlab-faults"
    longdesc = N_(
        "The toxics are {toxics}. docs/faults.md explains them.", toxics=", ".join(TOXICS)
    )
    in_netlab = False
    toxics: Toxics = ()
    phases = Scenario(())
    run_seed = 0
    why_one_process = N_("all links must be in one process to share their limits")
    hidden = frozenset(
        {"ask", "certificate", "handshake-timeout", "key", "listen", "port", "proxy-protocol"}
        | {"strict-port", "tls"}
    )
    interface = replace(
        ServiceOptions.interface,
        doc=N_("Address to listen on; 0.0.0.0 lets other machines in."),
        default="127.0.0.1",
    )
    max_per_peer = replace(ServiceOptions.max_per_peer, default=10_000)
    proxy = option.repeated(
        N_(
            "Listen and pass everything on: [NAME=]tcp:PORT:HOST:PORT, udp:PORT:HOST:PORT or "
            "unix:PATH:HOST:PORT, and unix:/path for HOST:PORT; can be given several times."
        ),
        read_proxy,
        metavar="PROXY",
    )
    toxic = option.repeated(
        N_(
            "A fault, such as loss=20%, latency=50ms,jitter=10ms or reset_peer,nth=3; can be given "
            "several times."
        ),
        read_toxic,
        metavar="TOXIC",
    )
    framing = option.parsed(
        N_(
            "What toxics act on in streams: messages of this framing (text, int32, decimal:N or "
            "hex:N), or none: portions as they arrive."
        ),
        read_framing,
        default=NO_FRAMING,
        metavar="text|int32|decimal:N|hex:N|none",
    )
    link_by = option.choice(
        N_(
            "How links are recognised when decisions are repeated: arrival (their order), "
            "first-message or address."
        ),
        *LINK_BY,
        default="arrival",
    )
    seed = option.number(
        N_("Repeat the decisions of the run with this seed. [default: a random one]"),
        default=None,
        least=0,
    )
    profile = option.parsed(
        N_("The toxics of a network like this: {profiles}.", profiles=", ".join(PROFILES)),
        read_profile,
        default=(),
        metavar="|".join(PROFILES),
    )
    scenario = option.path(
        N_("A TOML file with phases, in which further toxics act. [default: none]"), default=None
    )
    max_held = option.size(
        N_(
            "The most bytes that all links together hold; above it streams wait and datagrams are "
            "lost."
        ),
        default=67_108_864,
    )

    def postOptions(self) -> None:
        """See `ServiceOptions`.

        Raises:
            UsageError: A proxy is missing, or a toxic cannot act at any.
        """
        for name in Options.hidden & self.given:
            raise UsageError(_("{name} is not supported", name=self.name_of(name)))
        super().postOptions()
        if not self.proxy:
            raise UsageError(_("give at least one --proxy, such as tcp:9190:localhost:9090"))
        check_names(self.proxy)
        self.run_seed = secrets.randbits(32) if self.seed is None else self.seed
        try:
            self.toxics = named(self.profile + self.toxic)
            check(self.toxics, self.places())
            if self.scenario is not None:
                self.phases = read_scenario(self.scenario, self.toxics, self.places())
        except ValueError as error:
            raise UsageError(_(error)) from None
        self.read_recording()

    def file_paths(self) -> list[str]:
        """See `ServiceOptions`."""
        return super().file_paths() + [plan.place for plan in self.proxy if plan.kind == "unix"]

    def header(self) -> dict[str, object]:
        """See `ObservingOptions.header`."""
        toxics = [spec(toxic) for toxic in self.toxics]
        return {"seed": self.run_seed, **self.conditions(), "toxics": toxics}

    def conditions(self) -> dict[str, object]:
        """See `ObservingOptions.conditions`."""
        return {
            "proxies": [plan.name for plan in self.proxy],
            "framing": self.framing.name,
            "link_by": self.link_by,
        }

    def places(self) -> list[Place]:
        """Return what the toxics of each proxy depend on."""
        return [
            Place(plan.name, plan.is_stream, self.framing if plan.is_stream else NO_FRAMING)
            for plan in self.proxy
        ]
