"""The options that every service has, read the same way by each."""

from __future__ import annotations

import sys
from typing import ClassVar

from twisted.logger import LogLevel
from twisted.python import usage

from twisted_lab.asking import ask
from twisted_lab.serving.addresses import ALL_IPV4, check_bindable, interface_address, port_number
from twisted_lab.usage import Options, natural_number, one_of


class ServiceOptions(Options):
    """Where a service listens and what it logs; a subclass adds what is its own.

    After parsing, either ``listen`` holds endpoint descriptions or ``port`` and ``interface`` say
    where to listen.

    Attributes:
        arguments: What was parsed, as it was given.
        is_worker: Whether this is one of several processes that serve on a port they are given.
    """

    default_port: ClassVar[int]
    # Why one process must serve all, if that is so.
    one_process: ClassVar[str] = ""

    optFlags: ClassVar = [
        ["strict-port", None, "Fail if the port is busy, rather than take the next free one."],
        ["ask", "a", "Ask for interface and port on the terminal."],
        [
            "proxy-protocol",
            None,
            "Expect HAProxy's PROXY header first, which says who the client is.",
        ],
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
        ["log-file", None, None, "Log the events to this file, not to the console."],
        [
            "log-format",
            None,
            "text",
            "text or json (JSON lines).",
            one_of("log-format", "text", "json"),
        ],
        [
            "log-level",
            None,
            "info",
            "debug, info, warn or error: the least that is logged.",
            one_of("log-level", "debug", "info", "warn", "error"),
        ],
        [
            "log-rotate-bytes",
            None,
            10_000_000,
            "Begin a new log file when this size is reached.",
            natural_number("log-rotate-bytes"),
        ],
        ["log-keep", None, 5, "How many old log files to keep.", natural_number("log-keep")],
    ]

    def __init__(self) -> None:
        super().__init__()
        self.docs["port"] += f". [default: {self.default_port}]"
        self["listen"] = []
        self.arguments: list[str] = []
        self.is_worker = False

    def parseOptions(self, options: list[str] | None = None) -> None:
        """See `Options`."""
        self.arguments = list(sys.argv[1:] if options is None else options)
        super().parseOptions(self.arguments)

    def opt_listen(self, description: str) -> None:
        """Listen on this endpoint (tcp6:9090, unix:/run/echo), not on --port. Repeatable."""
        self["listen"].append(description)

    def postOptions(self) -> None:
        """Fill in what was not given, from the defaults or from the person."""
        given = [name for name in ("port", "interface") if self[name] is not None]
        given += [name for name in ("ask", "strict-port") if self[name]]
        if self["listen"] and given:
            raise usage.UsageError(f"--listen and --{given[0]} exclude each other")
        if self["workers"] > 1:
            if self.one_process:
                raise usage.UsageError(f"--workers is not for this service: {self.one_process}")
            if self["listen"]:
                raise usage.UsageError("--listen and --workers exclude each other")
        if self["port"] is None:
            self["port"] = self.default_port
        if self["interface"] is None:
            self["interface"] = ALL_IPV4
        if self["ask"] and not self.is_worker:
            self._ask()
        if self.parent and self.parent.get("nodaemon") and self.parent["pidfile"] == "twistd.pid":
            # A server in the foreground needs no pid file, and with one a second server could not
            # be started from the same directory.
            self.parent["pidfile"] = ""

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

    @property
    def log_level(self) -> LogLevel:
        """The least level that is logged."""
        level: LogLevel = LogLevel.levelWithName(self["log-level"])
        return level
