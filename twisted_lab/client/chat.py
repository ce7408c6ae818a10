"""Chat client, for netlab-chat over UDP: ``python -m twisted_lab.client chat``."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NoReturn

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import DNSLookupError

from twisted_lab.client.chat_client import ChatClient, NoAnswer, NotLetIn
from twisted_lab.client.chat_pipe import Pipe
from twisted_lab.client.connecting import not_connected
from twisted_lab.client.connection import HungUp
from twisted_lab.client.ending import Ended
from twisted_lab.client.options import ClientOptions
from twisted_lab.client.room_lines import ROOM
from twisted_lab.client.servers import Server, Servers
from twisted_lab.client.signals import Signals
from twisted_lab.client.udp import UDPWire
from twisted_lab.codecs import MessageError
from twisted_lab.interfaces import Reactor
from twisted_lab.ports.resolving import Resolver
from twisted_lab.reliable import OtherVersion
from twisted_lab.text.escaping import escape
from twisted_lab.text.language import _, ngettext

# Seconds without an answer after which a client in a pipe gives up; on a terminal the user decides.
PATIENCE = 60.0


async def find_servers(
    reactor: Reactor, options: ClientOptions, tell: Callable[[str], object], signals: Signals
) -> Servers:
    """Look up the IP addresses of the servers.

    Raises:
        Ended: The look-up found no address, or a signal arrived.
    """
    found: list[Server] = []
    problems: list[str] = []
    for name, port in options.servers:
        finding = Deferred.fromCoroutine(Resolver(reactor).find(name))
        signals.end = finding.cancel
        try:
            hosts = await finding
        except CancelledError:
            raise Ended(status=signals.status) from None
        except DNSLookupError as error:
            problems.append(not_connected(f"{name}:{port}", error.args[0]))
        else:
            found += [Server(host, port, name if len(hosts) == 1 else "") for host in hosts]
    if not found:
        raise Ended(*problems)
    for problem in problems:
        tell(problem)
    return Servers(found)


def verdict(
    client: ChatClient, problem: Exception | None, options: ClientOptions, interactive: bool
) -> Ended:
    """Return the exit status and final messages of a chat session.

    Args:
        client: The client, which has ended.
        problem: The error that ended the client; None if there was no error.
        options: The options.
        interactive: Whether a user has seen the refusals; a script relies on the exit status.
    """
    room = client.room
    is_incomplete = room.pending or room.refused or (client.refused and not interactive)
    where = ", ".join(f"{host}:{port}" for host, port in options.servers)
    status = 1 if problem or is_incomplete or not room.has_been_in else 0
    lines: list[str] = []
    match problem:
        case NoAnswer():
            line = f"{where}: {problem}"
            if not client.has_session:
                command = options.start_command
                line += (
                    _("; is it started? {command}", command=command)
                    if command
                    else _("; are they started?")
                )
            lines.append(line)
        case HungUp():
            lines.append(f"{where}: {problem}")
        case NotLetIn():
            reason = ROOM.problem(escape(str(problem)))
            lines.append(_("not let in: {reason}", reason=reason))
        case Ended():
            lines += problem.lines
            status = problem.status
        case Exception():
            lines.append(_(problem))
    if room.pending and room.has_been_in:
        lines.append(
            ngettext(
                "{n} message was not confirmed, and may be lost",
                "{n} messages were not confirmed, and may be lost",
                room.pending,
            )
        )
    return Ended(*lines, status=status)


async def converse(
    reactor: Reactor,
    options: ClientOptions,
    interactive: bool,
    tell: Callable[[str], object],
    signals: Signals,
) -> NoReturn:
    """Run the chat client until the input ends and every message is confirmed.

    Raises:
        Ended: Always. The status is 1 if the server did not answer, refused to let the client join,
            did not confirm every message, or closed the connection first.
    """
    servers = await find_servers(reactor, options, tell, signals)
    patience = float("inf") if interactive else PATIENCE
    client = ChatClient(reactor, options.name, lambda line: view.show(line), tell, patience)
    view: Pipe | Terminal
    if interactive:
        from twisted_lab.client.chat_terminal import Terminal

        view = Terminal(client, time.time)
    else:
        view = Pipe(client)
    signals.end = client.abort
    UDPWire(reactor, client, servers).open()
    problem: Exception | None = None
    try:
        await view.run(reactor)
    except (HungUp, NoAnswer, NotLetIn, MessageError, OtherVersion, Ended) as error:
        problem = error
    raise verdict(client, problem, options, interactive)
