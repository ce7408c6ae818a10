"""netlab: all services in one process, with one log and one database."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any, ClassVar

from twisted.internet.address import UNIXAddress
from twisted.python import usage

from twisted_lab.defaults import DEFAULTS
from twisted_lab.peers import address_text
from twisted_lab.ports.addresses import ALL_IPV4
from twisted_lab.process.plugins import PREFIX, makers
from twisted_lab.process.process_options import current_directory
from twisted_lab.serving import (
    NetworkService,
    ProcessOptions,
    ServiceOptions,
    ServiceProcess,
    build_process,
    natural_number,
)
from twisted_lab.text.tables import table

FIRST_PORT = DEFAULTS["echo"].port  # those of the others follow it
# Options that make sense for one service alone.
FOR_ONE = {"port", "listen", "ask", "workers"}
# Options that name a database.
DATABASES = ("database", "history")


class Options(ProcessOptions):
    """The options of netlab, and those of its services.

    Attributes:
        makers: The makers of the services that are to run, by their names.
        services: Their options, by their names.
    """

    command = "netlab"
    synopsis = "Usage: twistd [options] netlab [options]"
    longdesc = (
        "Runs all services in one process. Beside these options it takes those of the services: "
        "--tls or --interface :: for each service that has such an option, --echo-upper or "
        "--auth-registration closed for one. `twistd netlab-echo --help` lists them."
    )
    optParameters: ClassVar = [
        [
            "base-port",
            "b",
            FIRST_PORT,
            "Port of the echo; those of the others follow it. 0 takes any free ones.",
            natural_number("base-port", 0, 65000),
        ],
        ["only", None, None, "The services to run, such as echo,chat. [default: all]"],
        [
            "database",
            None,
            "netlab.sqlite3",
            "The SQLite file that keeps names, accounts and what is said in the chat.",
        ],
    ]

    def __init__(self) -> None:
        super().__init__()
        by_port = sorted(makers().items(), key=lambda found: found[1].options.default_port)
        self.makers = dict(by_port)
        self.services: dict[str, ServiceOptions] = {}
        self._given: dict[str, list[str]] = {name: [] for name in self.makers}
        self._names: set[str] = set()  # of their options, as they were given
        # An option that was given for a service alone.
        self._only: dict[str, str] = {}
        # The services that take an option, each with its own name for it.
        self._takers: dict[str, list[tuple[str, str]]] = {}
        own = {option.removesuffix("=") for option in self.longOpt}
        for service, maker in self.makers.items():
            for option in maker.options().longOpt:
                plain = option.removesuffix("=")
                if plain not in own:
                    self._takers.setdefault(f"{service}-{plain}", []).append((service, option))
                if plain not in own | FOR_ONE:
                    self._takers.setdefault(plain, []).append((service, option))

    def parseOptions(self, options: list[str] | None = None) -> None:
        """See `Options`; options of the services are put aside for them."""
        rest = list(reversed(sys.argv[1:] if options is None else options))
        own: list[str] = []
        while rest and rest[-1] != "--":
            argument = rest.pop()
            name, equals, value = argument.removeprefix("--").partition("=")
            takers = self._takers.get(name, []) if argument.startswith("--") else []
            needs_value = not equals and bool(rest)
            if not takers:
                own.append(argument)
                if needs_value and f"{name}=" in self.longOpt:
                    own.append(rest.pop())
            elif needs_value and takers[0][1].endswith("="):
                equals, value = "=", rest.pop()
            for service, option in takers:
                self._given[service].append(f"--{option.removesuffix('=')}{equals}{value}")
            if len(takers) == 1:
                self._only.setdefault(takers[0][0], argument)
            if takers:
                self._names.add(name)
        super().parseOptions(own + rest[::-1])

    def postOptions(self) -> None:
        """Have each service parse what is its own."""
        super().postOptions()
        defaults = {self._port(maker.options.default_port) for maker in self.makers.values()}
        if self["only"] is not None:
            chosen = self["only"].split(",")
            for name in chosen:
                if name not in self.makers:
                    known = ", ".join(self.makers)
                    raise usage.UsageError(f"--only names services among {known}, not {name!r}")
            for name, argument in self._only.items():
                if name not in chosen:
                    raise usage.UsageError(f"{argument} is for {name}, which --only leaves out")
            self.makers = {name: self.makers[name] for name in chosen}
        for name, maker in self.makers.items():
            options = self.services[name] = maker.options()
            options.parent = self.parent
            options.naming = f"--{name}-{{}}"
            if len(self.makers) > 1:
                options.shared = self._names
            options.one_process = "netlab runs all services in one"
            options.default_port = self._port(options.default_port)
            databases = [word for word in DATABASES if word in options]
            given = [f"--{word}={self['database']}" for word in databases] + self._given[name]
            try:
                options.parse(given)
            except usage.UsageError as error:
                raise type(error)(self._as_given(name, str(error))) from None
        # A service that finds its port busy goes elsewhere, not to the port of another one.
        ports = [(options["port"], options.get("tcp-port")) for options in self.services.values()]
        group = frozenset(port for pair in [*ports, defaults] for port in pair if port)
        for options in self.services.values():
            options.others_ports = lambda: group

    def _as_given(self, service: str, error: str) -> str:
        """Name options as netlab takes them, in an error text of a service."""

        def name(option: re.Match[str]) -> str:
            alone = f"{service}-{option[1]}"
            is_common = len(self._takers.get(option[1], ())) > 1 and alone not in self._names
            return option[0] if is_common else f"--{alone}"

        # Text in quotes is a value.
        named, count = re.subn(r"(?<!')--([a-z][a-z-]*)", name, error)
        return named if count else f"{service}: {error}"

    def _port(self, default: int) -> int:
        base: int = self["base-port"]
        return base and base + default - FIRST_PORT


def interpreter() -> str:
    """Return this Python's name in a shell: one outside of a virtual environment finds it, too.

    A relative one works in the checkout, as in the README.
    """
    path = Path(sys.executable)
    if sys.prefix == sys.base_prefix and shutil.which(path.name) == str(path):
        return path.name
    checkout = Path(sys.prefix).parent
    is_here = str(checkout) == current_directory()
    return shlex.quote(str(path.relative_to(checkout) if is_here else path))


def how_to_connect(address: Any, options: ServiceOptions, python: str = "python") -> str:
    """Say how to connect to a service, with our client if it can, or else with netcat."""
    if isinstance(address, UNIXAddress):
        return "nc -U " + address_text(address).removeprefix("unix:")
    host = "localhost" if address.host in (ALL_IPV4, "::", "127.0.0.1") else address.host
    if address.type != options.client_type:
        if options["tls"]:
            return f"openssl s_client -quiet -connect {host}:{address.port}"
        return f"nc {host} {address.port}"
    words = [f"{python} -m twisted_lab.client", options.command.removeprefix(PREFIX)]
    if host != "localhost":
        words.append(f"--host {host}")
    if address.port != type(options).default_port:
        words.append(f"--port {address.port}")
    if options["tls"] and address.type == "TCP":
        words.append("--tls --first-use")
    return " ".join(words)


def how_to_connect_to_all(
    process: ServiceProcess, services: dict[str, ServiceOptions], python: str = "python"
) -> str:
    """Say where each service is, and how to connect to it."""
    rows = [("service", "address", "how to connect")]
    for name, options in services.items():
        service: NetworkService = process.getServiceNamed(options.command)
        rows += [
            (name, address_text(address), how_to_connect(address, options, python))
            for address in service.addresses
        ]
    return f"\n{table(rows)}\n\n"


def makeService(options: Options) -> ServiceProcess:
    """Build the services that `options` describe."""
    process = build_process(options)
    for name, maker in options.makers.items():
        options.services[name].process = process
        maker.makeService(options.services[name])
    # Before twistd changes the directory.
    python = interpreter()
    process.greeting = lambda: how_to_connect_to_all(process, options.services, python)
    return process
