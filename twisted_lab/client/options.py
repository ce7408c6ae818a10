"""Options of the client."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from twisted.python.usage import UsageError

from twisted_lab.client import meant
from twisted_lab.client.dialogue import AnyTalk, Dialogue, Introduction, Login
from twisted_lab.client.framing import Framing, Headed, Int32, Text, Unchanged
from twisted_lab.client.known_hosts import KnownHosts
from twisted_lab.client.known_hosts import default_path as known_hosts_path
from twisted_lab.client.services import defaults_of, known_services
from twisted_lab.client.tls import FirstUse, Verifier, by_authorities
from twisted_lab.client.tokens import Tokens, default_path
from twisted_lab.codecs import COUNTS, framing_name, text_header
from twisted_lab.defaults import DEFAULTS, Defaults
from twisted_lab.ports.addresses import host_and_port, server_port
from twisted_lab.process.plugins import PREFIX
from twisted_lab.text import option
from twisted_lab.text.command_line import Options, as_started
from twisted_lab.text.language import N_, _
from twisted_lab.text.printing import print_line
from twisted_lab.text.prompts import ask
from twisted_lab.text.user_names import BadName, nickname

Value = TypeVar("Value")


def user_name() -> str:
    """Return the user's login name; ``guest`` if it is not a valid name for the chat."""
    try:
        return chat_name(getpass.getuser())
    except (OSError, KeyError, UsageError):
        return "guest"


def chat_name(text: str) -> str:
    """Parse a name for the chat.

    Raises:
        UsageError: The text is not a valid name.
    """
    try:
        return nickname(text)
    except BadName as error:
        raise UsageError(_(error)) from None


def _ask(question: str, default: Value, parse: Callable[[str], Value], interactive: bool) -> Value:
    return ask(question, default, parse, read=_read) if interactive else default


def _read(prompt: str) -> str:
    try:
        return input(prompt)
    except EOFError:
        print_line()
        raise SystemExit(1) from None


class ClientOptions(Options):
    """The server to connect to, and how much to report."""

    command = "twisted_lab.client"
    synopsis = "Usage: python -m twisted_lab.client [SERVICE] [options]"
    longdesc = N_(
        "Sends each input line to the service, and shows the service's output. The "
        "line exit, Ctrl-D or the end of the input ends it. The service is one of "
        "{services} (default: echo), that of an installed plugin, or any other with "
        "its --port. The framing of the last is text unless --framing says otherwise.",
        services=", ".join(DEFAULTS),
    )
    service: str

    quiet = option.flag(N_("Do not report events of the connection."), short="q")
    tls = option.flag(N_("Use TLS, and verify the server's certificate."))
    first_use = option.flag(
        N_("With --tls: trust the certificate of the first connection, as ssh does.")
    )
    no_token = option.flag(N_("With auth: neither use the stored token nor store the new one."))
    host = option.text(
        N_("Host to connect to, or HOST:PORT; with chat several, each with its own --host."),
        default="localhost",
        metavar="HOST",
    )
    port = option.number(N_("Port to connect to."), default=0, most=65535, short="p")
    framing = option.parsed(
        N_("text, int32, decimal:N or hex:N, that of the server; not with chat."),
        framing_name,
        default="",
        short="f",
        metavar="text|int32|decimal:N|hex:N",
    )
    count = option.choice(
        N_("With --framing decimal:N or hex:N: what the length counts, bytes or characters."),
        *COUNTS,
        default="bytes",
    )
    ca = option.parsed(
        N_("With --tls: PEM file of trusted authorities. [default: the system's]"),
        Path,
        default=None,
        metavar="FILE",
    )
    known_hosts = option.parsed(
        N_("With --first-use: file that stores certificates."),
        Path,
        default=known_hosts_path(),
        metavar="FILE",
    )
    name = option.parsed(
        N_("With chat: your name in the room."), chat_name, default="", metavar="NAME"
    )
    token_file = option.parsed(
        N_("With auth: file that stores tokens."), Path, default=default_path(), metavar="FILE"
    )

    def __init__(self) -> None:
        super().__init__()
        self._hosts: list[tuple[str, int]] = []  # with their ports; 0 for the default
        # Shown by --help, because the values depend on the service and on the user.
        self.defaults["port"] = self.defaults["framing"] = N_("the service's own")
        self.defaults["name"] = N_("your user name")

    def __setitem__(self, name: str, value: Any) -> None:
        """See `Options`; each --host counts."""
        super().__setitem__(name, value)
        if name == "host":
            self._hosts.append(host_and_port(value))

    def parseArgs(self, *words: str) -> None:
        """Set the service, and check the options that depend on it."""
        if len(self._hosts) == 1:
            self.host = self._take_server(self.host)
        service, *others = words or ("echo",)
        known = None if others else defaults_of(service)
        if known is None:
            self._refuse_words([service, *others])
        self.service = service
        self._defaults = known or Defaults(self.port, "text")
        self._is_known = known is not None
        self._is_named = bool(words)
        if self.framing and service == "chat":
            raise UsageError(_("{service} does not support --framing", service=service))
        self.framing = self.framing or self._defaults.framing
        if "count" in self.given and self.framing in ("", "text", "int32"):
            raise UsageError(_("--count needs --framing decimal:N or hex:N"))
        for name, only in (("no-token", "auth"), ("token-file", "auth"), ("name", "chat")):
            if name in self.given and service != only:
                raise UsageError(
                    _(
                        "--{name} works with {only} only, not with {service}",
                        name=name,
                        only=only,
                        service=service,
                    )
                )
        for one, other in (("no-token", "token-file"), ("ca", "first-use")):
            if {one, other} <= self.given:
                raise UsageError(
                    _("--{one} and --{other} exclude each other", one=one, other=other)
                )
        for name, needs in (("ca", "tls"), ("first-use", "tls"), ("known-hosts", "first-use")):
            if name in self.given and needs not in self.given:
                raise UsageError(_("--{name} needs --{needs}", name=name, needs=needs))
        if len(self._hosts) > 1:
            if service != "chat":
                raise UsageError(
                    _("several --host work with chat only, not with {service}", service=service)
                )
            self.host = self._hosts[0][0]
        if self.tls and service == "chat":
            raise UsageError(_("chat does not support --tls: it uses UDP"))

    @property
    def servers(self) -> list[tuple[str, int]]:
        """The hosts and ports of the servers."""
        if len(self._hosts) > 1:
            return [(host, port or self.port) for host, port in self._hosts]
        return [(self.host, self.port)]

    def _refuse_words(self, words: list[str]) -> None:
        """Refuse words, unless they are one service that is not known, with its port.

        Raises:
            UsageError: They are not.
        """
        services = known_services()
        question = meant.question(words, services)
        if self.port and len(words) == 1 and not meant.as_options(words, services):
            return
        if len(words) > 1 and words[0] in services:
            problem = _("unexpected {word!r} after the service", word=" ".join(words[1:]))
        elif question:
            problem = _("there is no service {words!r}", words=" ".join(words))
        else:
            problem = _(
                "there is no service {words!r}: there are {services}; any other one needs --port",
                services=", ".join(services),
                words=" ".join(words),
            )
        raise UsageError(f"{problem}; {question}" if question else problem)

    def _take_server(self, text: str) -> str:
        """Parse HOST or HOST:PORT, set the port if there is one, and return the host."""
        host, port = host_and_port(text)
        if port and self.port not in (0, port):
            raise UsageError(
                _("--host and --port name two ports, {one} and {other}", one=port, other=self.port)
            )
        self.port = self.port or port
        return host

    @property
    def start_command(self) -> str:
        """The command that starts the service.

        It is "" if the server may be one of the user's own, or for servers on several ports.
        """
        is_ours = self._is_known and (self._is_named or self.port == self._defaults.port)
        is_ours &= all(server[1] == self.port for server in self.servers)
        command = f"twistd -n {PREFIX}{self.service} --port {self.port}"
        return as_started(command) if is_ours else ""

    @property
    def usual_service(self) -> str:
        """Another service of this package whose default port it is; "" if there is none."""
        names = (name for name, each in DEFAULTS.items() if each.port == self.port)
        return next((name for name in names if name != self.service), "")

    @property
    def answers(self) -> bool:
        """Whether the service is known to answer all input."""
        return self.service in DEFAULTS

    @property
    def is_greeted(self) -> bool:
        """Whether the service is known to send the first message."""
        return self.service in ("messages", "ident", "auth", "broadcast")

    @property
    def _server(self) -> str:
        """The server's name in the files of tokens and certificates."""
        return f"{self.host.lower()}:{self.port}"

    def make_framing(self, tell: Callable[[str], object]) -> Framing:
        """Create the requested framing.

        Args:
            tell: Shows a line to the user.
        """
        if not self.framing:
            return Unchanged(tell)
        if self.framing == "text":
            return Text(tell)
        if self.framing == "int32":
            return Int32(tell)
        return Headed(tell, text_header(self.framing, self.count))

    def make_tls(self, tell: Callable[[str], object]) -> Verifier | None:
        """Create the verifier of the server; return None without TLS.

        Args:
            tell: Shows a line to the user.

        Raises:
            CannotVerify: The host name is invalid, or the file of authorities cannot be used.
        """
        if not self.tls:
            return None
        if self.first_use:
            known = KnownHosts(self.known_hosts)
            return FirstUse(self.host, self._server, known, tell)
        return by_authorities(self.host, self.ca)

    def make_dialogue(self, tell: Callable[[str], object]) -> Dialogue:
        """Create the `Dialogue` of the service.

        Args:
            tell: Shows a line to the user.
        """
        if self.service == "ident":
            return Introduction()
        if self.service == "auth":
            if self.no_token:
                return Login(None, self._server)
            tokens = Tokens(self.token_file, tell)
            if self.tls:
                return Login(tokens, self._server)
            # A token received over TLS is not sent without TLS. Older versions stored all tokens
            # under the name without the suffix.
            in_clear = f"{self._server} without --tls"
            if tokens.find(in_clear) is None and tokens.find(self._server) is not None:
                tell(
                    _(
                        "the token for {server} came by TLS, and is not sent without --tls",
                        server=self._server,
                    )
                )
            return Login(tokens, in_clear)
        return AnyTalk(
            says_exit=self.service == "messages", has_members=self.service in ("broadcast", "chat")
        )

    def complete(self, interactive: bool) -> None:
        """Fill in the host, the port and, for the chat, the name if they were not given.

        Args:
            interactive: Whether to ask the user for the name and, if neither a service is named
                nor a port given, for the host and the port; otherwise the defaults are used.
        """
        asks_server = interactive and not self._is_named and "port" not in self.given
        if "host" not in self.given:
            self.host = _ask(_("Host"), self.host, self._take_server, asks_server)
        if not self.port:
            self.port = _ask(_("Port"), self._defaults.port, server_port, asks_server)
        if not self.name and self.service == "chat":
            self.name = _ask(_("Name"), user_name(), chat_name, interactive)
