"""Options that all services have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from twisted.python import usage

from twisted_lab.channels.connections import MOST, MOST_PER_PEER, Connections
from twisted_lab.ports.addresses import ALL_IPV4, check_bindable, interface_address, port_number
from twisted_lab.ports.endpoints import endpoint
from twisted_lab.process.plugins import default_ports
from twisted_lab.process.process_options import ProcessOptions, socket_paths
from twisted_lab.text import option
from twisted_lab.text.language import N_, _
from twisted_lab.text.printing import print_line
from twisted_lab.text.prompts import ask

# In the current directory, like the database.
OWN_CERTIFICATE = "netlab.pem"


class ServiceOptions(ProcessOptions):
    """Options of a service; a subclass adds its own.

    After parsing, the service listens on the endpoints in ``listen``, or if there are none on
    ``interface`` and ``port``.

    Attributes:
        note: What those who start the service must know if other machines can reach it.
        default_port: The default of ``port``.
        client_type: The transport of our client: TCP or UDP.
        why_one_process: Why the service does not support workers; empty if it does.
        in_netlab: Whether `netlab` runs the service as well.
        arguments: The command-line arguments, as given.
        given_to_all: The names of options that netlab was given for several services.
        others_ports: Returns the ports of other services, not to be taken when its own is busy.
    """

    note: str = ""
    default_port: ClassVar[int] = 0
    client_type: ClassVar[str] = "TCP"
    why_one_process: str = ""
    in_netlab: ClassVar[bool] = True
    arguments: Sequence[str] = ()
    given_to_all: frozenset[str] = frozenset()
    others_ports: Callable[[], frozenset[int]] = staticmethod(default_ports)

    strict_port = option.flag(N_("Fail if the port is busy, instead of taking the next free one."))
    ask = option.flag(N_("Ask for the interface and the port on the terminal."), short="a")
    proxy_protocol = option.flag(
        N_("Expect HAProxy's PROXY header first, with the client's address.")
    )
    tls = option.flag(N_("Use TLS, 1.2 or newer."))
    port = option.number(
        N_("TCP port to listen on; 0 for any free one."), default=0, least=0, most=65535, short="p"
    )
    interface = option.parsed(
        N_(
            "Address to listen on: {address} for all IPv4, :: for IPv6 and IPv4.",
            address=ALL_IPV4,
        ),
        interface_address,
        default=ALL_IPV4,
        short="i",
        metavar="ADDRESS",
    )
    listen = option.repeated(
        N_(
            "Listen on this endpoint (tcp6:9090, unix:/run/echo) instead of --port; can be given "
            "several times."
        ),
        endpoint,
        metavar="ENDPOINT",
    )
    transport = option.choice(
        N_("fast (sends immediately) or stock (Twisted's own)."), "fast", "stock", default="fast"
    )
    workers = option.number(
        N_("Number of processes that serve; they share only files."), default=1, most=256
    )
    certificate = option.path(
        N_(
            "With --tls: file with the certificate and its chain. [default: "
            "{file}, which is created]",
            file=OWN_CERTIFICATE,
        ),
        default=None,
    )
    key = option.path(
        N_("With --tls: file with the private key. [default: that of --certificate]"), default=None
    )
    handshake_timeout = option.seconds(
        N_("With --tls: seconds that the handshake may take."), default=10
    )
    max_connections = option.number(N_("How many peers are served at once."), default=MOST)
    max_per_peer = option.number(
        N_("How many peers of one IP address, or IPv6 network of 64 bits, are served at once."),
        default=MOST_PER_PEER,
    )
    idle_timeout = option.seconds(N_("Idle timeout, in seconds."), default=600)

    def __init__(self) -> None:
        super().__init__()
        self.port = self.defaults["port"] = self.default_port
        if self.why_one_process:
            self.hidden |= {"workers"}

    def parse(self, options: Sequence[str]) -> None:
        """See `Options`."""
        self.arguments = list(options)
        super().parse(options)

    def postOptions(self) -> None:
        """Check that the options fit together, and ask the user for some with ``--ask``.

        Raises:
            UsageError: Options cannot be combined, or another one is required.
        """
        super().postOptions()
        for name in ("port", "interface", "ask", "strict-port"):
            if self.listen and name in self.given:
                raise self._conflict("listen", name)
        if self.workers > 1:
            if self.why_one_process:
                raise usage.UsageError(
                    _(
                        "{workers} is not supported: {reason}; leave it out",
                        workers=self.name_of("workers"),
                        reason=_(self.why_one_process),
                    )
                )
            if self.listen:
                raise self._conflict("listen", "workers")
        for name, needed in (("certificate", "tls"), ("key", "tls"), ("key", "certificate")):
            if self[name] and not self[needed]:
                raise usage.UsageError(
                    _(
                        "{name} requires {needed}",
                        name=self.name_of(name),
                        needed=self.name_of(needed),
                    )
                )
        if self.ask and not self.is_worker:
            self._ask()

    def _conflict(self, one: str, other: str) -> usage.UsageError:
        return usage.UsageError(
            _(
                "{one} and {other} cannot be combined",
                one=self.name_of(one),
                other=self.name_of(other),
            )
        )

    @property
    def port_was_given(self) -> bool:
        """Whether the user has chosen the port."""
        return bool(self.given & {"port", "ask"})

    @property
    def open_note(self) -> str:
        """A line for people if other machines can connect, although nobody has chosen that."""
        chosen = {"interface", "listen", "ask"} & (self.given | self.given_to_all)
        if chosen or self.interface != ALL_IPV4:
            return ""
        return _("other machines can connect, too; --interface 127.0.0.1 prevents it")

    def file_paths(self) -> list[str]:
        """See `ProcessOptions`."""
        makes_own = self.tls and self.certificate is None
        return super().file_paths() + socket_paths(*self.listen) + [OWN_CERTIFICATE] * makes_own

    def make_connections(self) -> Connections:
        """Return a container for connections, with the limits in the options."""
        return Connections(self.max_connections, self.max_per_peer)

    def _ask(self) -> None:
        def interface(text: str) -> str:
            address = interface_address(text)
            check_bindable(address, 0)
            return address

        def port(text: str) -> int:
            number = port_number(text)
            check_bindable(self.interface, number)
            return number

        try:
            default = interface(self.interface)
        except usage.UsageError as error:
            print_line(_(error))
            default = ALL_IPV4
        self.interface = ask(_("Interface"), default, interface)
        self.port = ask(_("Port"), self.port, port)
