"""The options that every service has, read the same way by each."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from twisted.python import usage

from twisted_lab.channels.connections import MOST, MOST_PER_PEER, Connections
from twisted_lab.ports.addresses import ALL_IPV4, check_bindable, interface_address, port_number
from twisted_lab.process.plugins import default_ports
from twisted_lab.process.process_options import ProcessOptions
from twisted_lab.text.command_line import natural_number, one_of
from twisted_lab.text.prompts import ask

# Kept beside the database, in the directory where the service is started.
OWN_CERTIFICATE = "netlab.pem"


class ServiceOptions(ProcessOptions):
    """Where a service listens; a subclass adds what is its own.

    After parsing, either ``listen`` holds endpoint descriptions or ``port`` and ``interface`` say
    where to listen.

    Attributes:
        arguments: The arguments, as they were given.
        process: The process that the service belongs to, if not one of its own; see `process_of`.
        others_ports: Returns the ports that it leaves to other services when its own is busy.
        naming: How an option of it is given, where several services were asked for.
        shared: The options that were given to all of these services.
        port_was_given: Whether the port was chosen, rather than left to the default.
    """

    default_port: ClassVar[int]
    # The transport of our client: TCP or UDP.
    client_type: ClassVar[str] = "TCP"
    # Why one process must serve all, if that is so.
    one_process: ClassVar[str] = ""
    # Whether it needs UDP, for which there are no endpoints.
    no_endpoints: ClassVar[bool] = False

    optFlags: ClassVar = [
        ["strict-port", None, "Fail if the port is busy, rather than take the next free one."],
        ["ask", "a", "Ask for interface and port on the terminal."],
        [
            "proxy-protocol",
            None,
            "Expect HAProxy's PROXY header first, which says who the client is.",
        ],
        ["tls", None, "Speak TLS, 1.2 or newer."],
    ]
    optParameters: ClassVar = [
        ["port", "p", None, "TCP port to listen on, 0 for any free one", port_number],
        [
            "interface",
            "i",
            None,
            f"Address to listen on; :: takes IPv6 and IPv4. [default: {ALL_IPV4}, all IPv4]",
            interface_address,
        ],
        [
            "transport",
            None,
            "fast",
            "fast (sends at once) or stock (Twisted's own).",
            one_of("transport", "fast", "stock"),
        ],
        [
            "workers",
            None,
            1,
            "How many processes serve; none knows what the others do.",
            natural_number("workers", most=256),
        ],
        [
            "certificate",
            None,
            None,
            f"For --tls: file of the certificate and its chain. [default: {OWN_CERTIFICATE}, "
            "which is made]",
        ],
        ["key", None, None, "For --tls: file of the private key. [default: that of --certificate]"],
        [
            "handshake-timeout",
            None,
            10,
            "For --tls: seconds until a peer must have agreed on it.",
            natural_number("handshake-timeout"),
        ],
        [
            "max-connections",
            None,
            MOST,
            "How many are served at once.",
            natural_number("max-connections"),
        ],
        [
            "max-per-peer",
            None,
            MOST_PER_PEER,
            "How many of them may be of one IP address, or IPv6 network of 64 bits.",
            natural_number("max-per-peer"),
        ],
        [
            "idle-timeout",
            None,
            600,
            "Seconds of silence after which a peer is hung up on.",
            natural_number("idle-timeout"),
        ],
    ]

    def __init__(self) -> None:
        super().__init__()
        self.docs["port"] += f". [default: {self.default_port}]"
        self["listen"] = []
        self.arguments: list[str] = []
        self.process: object = None
        self.others_ports: Callable[[], frozenset[int]] = default_ports
        self.naming = "--{}"
        self.shared: set[str] = set()
        self.port_was_given = False

    def parse(self, options: list[str]) -> None:
        """See `Options`."""
        self.arguments = list(options)
        super().parse(options)

    def opt_listen(self, description: str) -> None:
        """Listen on this endpoint (tcp6:9090, unix:/run/echo), not on --port. Repeatable."""
        self["listen"].append(description)

    def postOptions(self) -> None:
        """Fill in what was not given, from the defaults or from the person."""
        super().postOptions()
        given = [name for name in ("port", "interface") if self[name] is not None]
        given += [name for name in ("ask", "strict-port") if self[name]]
        if self["listen"] and given:
            raise usage.UsageError(f"--listen and --{given[0]} exclude each other")
        if self["workers"] > 1:
            if self.one_process:
                raise usage.UsageError(f"--workers is not for this service: {self.one_process}")
            if self["listen"]:
                raise usage.UsageError("--listen and --workers exclude each other")
        for name in ("certificate", "key"):
            if self[name] is not None and not self["tls"]:
                raise usage.UsageError(f"--{name} is for --tls")
        if self["key"] is not None and self["certificate"] is None:
            raise usage.UsageError("--key is for --certificate")
        self.port_was_given = self["port"] is not None or bool(self["ask"])
        if self["port"] is None:
            self["port"] = self.default_port
        if self["interface"] is None:
            self["interface"] = ALL_IPV4
        if self["ask"] and not self.is_worker:
            self._ask()

    def getUsage(self, width: int | None = None) -> str:
        """See `twisted.python.usage.Options`; options that the service refuses are not listed."""
        refused = ["workers="] * bool(self.one_process) + ["listen="] * self.no_endpoints
        every = self.longOpt
        self.longOpt = [option for option in every if option not in refused]
        try:
            return super().getUsage(width)
        finally:
            self.longOpt = every

    def name_of(self, option: str) -> str:
        """Say how an option is given, where this service was asked for."""
        given = self.naming.format(option)
        is_moved_together = option == "port" and not self.port_was_given and self.naming != "--{}"
        return f"{given} or --base-port" if is_moved_together else given

    def make_connections(self) -> Connections:
        """Make the counter of connections, with the limits that were asked for."""
        return Connections(self["max-connections"], self["max-per-peer"])

    def _ask(self) -> None:
        def interface(text: str) -> str:
            address = interface_address(text)
            check_bindable(address, 0)
            return address

        def port(text: str) -> int:
            number = port_number(text)
            check_bindable(self["interface"], number)
            return number

        try:
            default = interface(self["interface"])
        except usage.UsageError as error:
            print(error)  # noqa: T201
            default = ALL_IPV4
        self["interface"] = ask("Interface", default, interface)
        self["port"] = ask("Port", self["port"], port)
