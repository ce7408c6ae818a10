"""Options of a process that runs several services."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.python import usage

from twisted_lab.process.plugins import makers
from twisted_lab.process.process_options import ProcessOptions
from twisted_lab.process.service_options import ServiceOptions
from twisted_lab.text import option
from twisted_lab.text.option import Option

FIRST_PORT = 9090  # the default port of netlab-echo; those of the others follow it
# Options that cannot apply to several services.
SINGLE_SERVICE_OPTIONS = {"port", "listen", "ask", "workers"}


class GroupOptions(ProcessOptions):
    """Options of netlab; `group_options` adds those of all services.

    Args:
        services: The options of each service, by the service's name.
        services_by_option: For the name of each option here, the services that it applies to.

    Attributes:
        services: The options of the services to run, by name.
    """

    command = "netlab"
    longdesc = (
        "Runs all services in one process. Options that several services have apply to all of "
        "them; with the name of a service before it, an option applies to that service only, and "
        "wins: --idle-timeout 600 --chat-idle-timeout 60. Options of one service need no name: "
        "--upper. --help-all lists all options of all services."
    )
    base_port = option.number(
        "Port of netlab-echo; the other services use the ports after it. 0 takes any free ports.",
        default=FIRST_PORT,
        least=0,
        most=65000,
        short="b",
    )
    only = option.text("The services to run, such as echo,chat. [default: all]", default=None)
    database = option.path(
        "The SQLite file that keeps names, accounts and chat messages.",
        default="netlab.sqlite3",
        kind="database",
    )

    def __init__(
        self, services: dict[str, ServiceOptions], services_by_option: dict[str, list[str]]
    ) -> None:
        super().__init__()
        self.services = services
        self._services_by_option = services_by_option
        for options in services.values():
            options.why_one_process = "netlab runs all services in one process"
            options.hidden.add("workers")
        self.hidden = {name for name, having in services_by_option.items() if len(having) == 1}

    def opt_help_all(self) -> None:
        """Display this help with the options of each service, and exit."""
        for service, options in self.services.items():
            listed = options.declared.keys() - options.hidden
            self.hidden -= {f"{service}-{name}" for name in listed}
        self.opt_help()

    def postOptions(self) -> None:
        """Pass the options on to the services, which check them.

        Raises:
            UsageError: An option is wrong.
        """
        super().postOptions()
        ports = {self._moved(options.default_port) for options in self.services.values()}
        if self.only is not None:
            self._choose(self.only.split(","))
        for service, options in self.services.items():
            self._pass_on(service, options)
            options.parent = self.parent
            options.postOptions()
            ports |= {options.port, options.get("tcp-port") or 0}
        # A service whose port is busy must not move to the port of another service.
        group = frozenset(ports - {0})
        for options in self.services.values():
            options.others_ports = lambda: group

    def _choose(self, chosen: list[str]) -> None:
        for service in chosen:
            if service not in self.services:
                known = ", ".join(self.services)
                raise usage.UsageError(f"--only: expected services among {known}, not {service!r}")
        for name in sorted(self.given):
            owners = self._services_by_option.get(name, [])
            if len(owners) == 1 and owners[0] not in chosen:
                raise usage.UsageError(f"--{name} belongs to {owners[0]}, which --only leaves out")
        self.services = {service: self.services[service] for service in chosen}

    def _pass_on(self, service: str, options: ServiceOptions) -> None:
        for name, each in options.declared.items():
            specific = f"{service}-{name}"
            owners = self._services_by_option.get(name, [])
            if specific in self.given:
                options[name] = self[specific]
            elif name in self.given and service in owners:
                options.update({name: self[name]})
                if len(self.services) == 1:
                    options.given.add(name)
            elif each.kind == "database":
                options.update({name: self.database})
            is_shared = len(owners) > 1 and specific not in self.given
            options.names[name] = f"--{name}" if is_shared else f"--{specific}"
        if "port" not in options.given:
            options.port = self._moved(options.default_port)
        if not options.port_was_given:
            options.names["port"] += " or --base-port"

    def _moved(self, port: int) -> int:
        # 0 stands for any free port.
        return self.base_port + port - FIRST_PORT if port and self.base_port else 0


def group_options() -> GroupOptions:
    """Return the options of netlab, with those of all plugins' services that join it."""
    joining = [
        (maker.options.default_port, service, maker.options())
        for service, maker in makers().items()
        if getattr(maker.options, "in_netlab", False)
    ]
    services = {service: options for _, service, options in sorted(joining, key=lambda row: row[0])}
    declared: dict[str, Option[Any]] = {}
    services_by_option: dict[str, list[str]] = {}
    for service, options in services.items():
        for name in options.declared.keys() - ProcessOptions.declared.keys():
            # The services use the files that their options name, and check them.
            each = replace(options.declared[name], default=options[name], short=None, kind="")
            declared[f"{service}-{name}"] = each
            services_by_option[f"{service}-{name}"] = [service]
            if name in SINGLE_SERVICE_OPTIONS or name in GroupOptions.declared:
                continue
            services_by_option.setdefault(name, []).append(service)
            if declared.setdefault(name, replace(each)).default != each.default:
                declared[name] = replace(
                    each, default=None, doc=f"{each.doc} [default: the service's own]"
                )
    kind: type[GroupOptions] = type("Options", (GroupOptions,), declared)
    return kind(services, services_by_option)
