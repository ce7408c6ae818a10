"""netlab: all services in one process, with one log and one database."""

from __future__ import annotations

import ipaddress
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress
from twisted.python.reflect import namedAny

from twisted_lab.defaults import DEFAULTS
from twisted_lab.peers import address_text, host_of
from twisted_lab.ports.addresses import ALL_IPV4
from twisted_lab.process.group_options import GroupOptions, group_options
from twisted_lab.process.plugins import PREFIX, makers
from twisted_lab.process.process_options import current_directory
from twisted_lab.serving import (
    NetworkService,
    ServiceOptions,
    ServiceProcess,
    build_process,
)
from twisted_lab.text.command_line import is_netlab
from twisted_lab.text.language import _
from twisted_lab.text.tables import table

# A function, because twistd lists its plugins without collecting the options of all services.
Options = group_options


def shell_command(program: Path) -> str:
    """Return the shell command of a program, which also works outside this virtual environment.

    In a checkout it is a relative path, as in the README.
    """
    is_outside = sys.prefix == sys.base_prefix or not program.is_relative_to(sys.prefix)
    if is_outside and shutil.which(program.name) == str(program):
        return program.name
    checkout = Path(sys.prefix).parent
    is_here = str(checkout) == current_directory() and program.is_relative_to(checkout)
    return shlex.quote(str(program.relative_to(checkout) if is_here else program))


def client_command() -> str:
    """Return the shell command of our client: with `netlab`, where that is installed."""
    if is_netlab(sys.argv[0]):
        # current_directory() is None if it was removed; then only an absolute path was found.
        return f"{shell_command(Path(current_directory() or '', sys.argv[0]))} client"
    netlab = Path(sys.executable).with_name("netlab")
    if netlab.exists():
        return f"{shell_command(netlab)} client"
    return f"{shell_command(Path(sys.executable))} -m twisted_lab.client"


def how_to_connect(address: IAddress, options: ServiceOptions, client: str) -> str:
    """Return the command that connects to a service, with our client if possible."""
    if not isinstance(address, IPv4Address | IPv6Address):
        return "nc -U " + address_text(address).removeprefix("unix:")
    host = "localhost" if address.host in (ALL_IPV4, "::", "127.0.0.1") else address.host
    # Our client waits for the ends of lines.
    if address.type != options.client_type or options.get("lecture"):
        if options.tls:
            return f"openssl s_client -quiet -connect {host}:{address.port}"
        return f"nc {host} {address.port}"
    name = options.command.removeprefix(PREFIX)
    words = [client, name]
    if name in DEFAULTS and DEFAULTS[name].framing not in ("", options.get("framing")):
        words.append(f"--framing {options['framing']}")
    has_tls = options.tls and address.type == "TCP"
    # Clients can verify a certificate that was issued to a name, if they connect by that name.
    is_verified = has_tls and options.certificate is not None
    if is_verified:
        words.append("--host NAME")
    elif host != "localhost":
        words.append(f"--host {host}")
    if address.port != type(options).default_port:
        words.append(f"--port {address.port}")
    if has_tls:
        words.append("--tls" if is_verified else "--tls --first-use")
    return " ".join(words)


def how_to_connect_to_all(
    process: ServiceProcess, services: Mapping[str, ServiceOptions], client: str
) -> str:
    """Return a table of the services, their addresses and the commands to connect, with notes."""
    opens = dict.fromkeys(each.open_note for each in services.values() if each.open_note)
    notes = [f"\n{note}" for note in opens]
    named = {options.interface for options in services.values() if not options.listen}
    if not opens and named & {ALL_IPV4, "::"}:
        notes.append("\n" + _("on other machines: add --host and the address of this machine"))
    rows = [(_("service"), _("address"), _("how to connect"))]
    for name, options in services.items():
        service: NetworkService = process.getServiceNamed(options.command)
        rows += [
            (name, address_text(address), how_to_connect(address, options, client))
            for address in service.addresses
        ]
        notes += [
            "\n"
            + _(
                "port {port} was busy: {service} is at {taken}",
                port=options.port,
                service=name,
                taken=port,
            )
            for port in _other_ports(options, service)
        ]
        if options.note and not all(map(_is_local, service.addresses)):
            notes.append(f"\n{_(options.note)}")
    return f"\n{table(rows)}{''.join(notes)}\n\n"


def _other_ports(options: ServiceOptions, service: NetworkService) -> list[int]:
    """Return the ports that a service has in place of the one that it wanted."""
    if options.listen or not options.port:
        return []
    wanted = (options.port, options.get("tcp-port"))
    return [
        each.port
        for each in service.addresses
        if isinstance(each, IPv4Address | IPv6Address) and each.port not in wanted
    ]


def _is_local(address: IAddress) -> bool:
    host = host_of(address)  # none of a unix socket
    return not host or ipaddress.ip_address(host.partition("%")[0]).is_loopback


def makeService(options: GroupOptions) -> ServiceProcess:
    """Build a process with the services in `options`."""
    process = build_process(options)
    for name, its_options in options.services.items():
        build = namedAny(f"{makers()[name].module}.build")
        process.addService(build(process, its_options))
    # Called now, because twistd may change the directory later.
    client = client_command()
    process.greeting = lambda: how_to_connect_to_all(process, options.services, client)
    return process
