"""Options of a process that runs several services."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from twisted.python import usage

from twisted_lab.process.plugins import default_ports, makers
from twisted_lab.process.process_options import ProcessOptions
from twisted_lab.process.service_options import ServiceOptions
from twisted_lab.text import option
from twisted_lab.text.language import N_, _
from twisted_lab.text.nearest import with_nearest
from twisted_lab.text.option import Option
from twisted_lab.text.printing import print_line

FIRST_PORT = 9090  # the default port of netlab-echo; those of the others follow it
_HELP_ALL = N_("Display this help with the options of each service, and exit.")
ONE_PROCESS = N_(
    "netlab runs all services in one process; twistd -n netlab-echo --workers 2 runs one service "
    "in two processes"
)
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
    longdesc = N_(
        "Runs all services in one process. Options that several services have apply to all of "
        "them; with the name of a service before it, an option applies to that service only, and "
        "wins: --idle-timeout 600 --chat-idle-timeout 60. Options of one service need no name: "
        "--upper. --help-all lists all options of all services."
    )
    services: Mapping[str, ServiceOptions] = MappingProxyType({})

    base_port = option.number(
        N_(
            "Port of netlab-echo; the other services use the ports after it. 0 takes any "
            "free ports."
        ),
        default=FIRST_PORT,
        least=0,
        most=65000,
        short="b",
    )
    only = option.text(
        N_("The services to run, such as echo,chat. [default: all]"),
        default=None,
        metavar="SERVICES",
    )
    # Not a path: the services that use the file check it.
    database = option.text(
        N_(
            "The database of names, accounts and chat messages: an SQLite file, or postgresql://USER@HOST/NAME."
        ),
        default="netlab.sqlite3",
        metavar="FILE",
    )

    def __init__(
        self, services: dict[str, ServiceOptions], services_by_option: dict[str, list[str]]
    ) -> None:
        super().__init__()
        self.services = services
        self._services_by_option = services_by_option
        for options in services.values():
            options.why_one_process = options.why_one_process or ONE_PROCESS
            options.hidden |= {"workers"}
        self.hidden = frozenset(
            name for name, having in services_by_option.items() if len(having) == 1
        )

    def parse(self, options: Sequence[str]) -> None:
        """See `Options`; ``--port`` and ``--workers`` are the most likely mistakes."""
        try:
            super().parse(options)
        except usage.UsageError as error:
            if str(error) == "option --port not recognized":
                raise usage.UsageError(
                    _(
                        "there is no option --port: --base-port moves the ports of all services, "
                        "and --echo-port and the like that of one"
                    )
                ) from None
            if str(error) == "option --workers not recognized":
                raise usage.UsageError(
                    _("there is no option --workers: {reason}", reason=_(ONE_PROCESS))
                ) from None
            raise

    def opt_help_all(self) -> None:  # whose docstring is _HELP_ALL
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
            options.others_ports = lambda: group | default_ports()
            if not options.port_was_given:
                either = f"{options.name_of('port')} or --base-port"
                options.option_names = {**options.option_names, "port": either}

    def _choose(self, chosen: list[str]) -> None:
        for service in chosen:
            if service not in self.services:
                problem = _(
                    "--only: expected services among {known}, not {service!r}",
                    known=", ".join(self.services),
                    service=service,
                )
                raise usage.UsageError(with_nearest(problem, service, self.services))
        for name in sorted(self.given):
            owners = self._services_by_option.get(name, [])
            if len(owners) == 1 and owners[0] not in chosen:
                raise usage.UsageError(
                    _(
                        "--{name} belongs to {service}, which --only leaves out",
                        name=name,
                        service=owners[0],
                    )
                )
        self.services = {service: self.services[service] for service in chosen}

    def _pass_on(self, service: str, options: ServiceOptions) -> None:
        names = {}
        for name, each in options.declared.items():
            specific = f"{service}-{name}"
            owners = self._services_by_option.get(name, [])
            if specific in self.given:
                options[name] = self[specific]
            elif name in self.given and service in owners:
                value = self[name]
                options.update({name: each.parse(value) if isinstance(value, str) else value})
                options.given_to_all |= {name}
                if len(self.services) == 1:
                    options.given |= {name}
            elif each.kind == "database":
                options.update({name: self.database})
            is_shared = len(owners) > 1 and specific not in self.given
            names[name] = f"--{name}" if is_shared else f"--{specific}"
        if "port" not in options.given:
            options.port = self._moved(options.default_port)
        options.option_names = names

    def _moved(self, port: int) -> int:
        # 0 stands for any free port.
        return self.base_port + port - FIRST_PORT if port and self.base_port else 0


def joining_services() -> dict[str, ServiceOptions]:
    """Return the options of the plugins' services that join netlab, by name, sorted by port.

    A service that cannot be loaded must not stop the others: it is left out, with a line on
    standard error. To name it in ``--only``, or to give its options, is an error.
    """
    joining = []
    for service, maker in makers().items():
        try:
            if getattr(maker.options, "in_netlab", False):
                joining.append((maker.options.default_port, service, maker.options()))
        except Exception as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            name = maker.tapname
            print_line(
                _(
                    "netlab: {name} is left out: {reason} (twistd {name} shows the traceback)",
                    name=name,
                    reason=reason,
                ),
                sys.stderr,
            )
    return {service: options for _port, service, options in sorted(joining, key=lambda row: row[0])}


def with_default(each: Option[Any], default: str) -> Option[Any]:
    """Return an option without a default, whose help states this one."""
    doc = each.doc.partition(" [default:")[0]
    return replace(each, default=None, doc=option.with_default(doc, default))


def group_options() -> GroupOptions:
    """Return the options of netlab, with those of all plugins' services that join it."""
    services = joining_services()
    declared: dict[str, Option[Any]] = {}
    services_by_option: dict[str, list[str]] = {}
    same_name: dict[str, list[Option[Any]]] = {}
    for service, options in services.items():
        for name in options.declared.keys() - ProcessOptions.declared.keys():
            # The services use the files that their options name, and check them.
            each = replace(options.declared[name], default=options[name], short=None, kind="")
            if options.declared[name].kind == "database":
                each = with_default(each, N_("that of --database"))
            declared[f"{service}-{name}"] = each
            services_by_option[f"{service}-{name}"] = [service]
            is_own = hasattr(GroupOptions, name.replace("-", "_"))
            if not is_own and name not in SINGLE_SERVICE_OPTIONS:
                services_by_option.setdefault(name, []).append(service)
                same_name.setdefault(name, []).append(each)
    for name, found in same_name.items():
        if len({(each.read is None, each.repeats) for each in found}) > 1:
            del services_by_option[name]  # a flag of one service, a value of another one
            continue
        shared = replace(found[0])
        if any(each.default != shared.default for each in found):
            shared = with_default(shared, N_("the service's own"))
        if shared.read is not None and not shared.repeats:
            shared.read = str  # Each service reads the text in its own way.
        declared[name] = shared
    kind: type[GroupOptions] = type("Options", (GroupOptions,), declared)
    return kind(services, services_by_option)
