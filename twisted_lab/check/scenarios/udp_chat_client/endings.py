"""Clients of a chat by UDP: how they end, and the port of their own socket."""

from __future__ import annotations

from socket import SocketKind

from twisted_lab.check.kernel.snapshot import Snapshot
from twisted_lab.check.outcomes import Info, NotOffered
from twisted_lab.check.trials.client_manners import ClientManners
from twisted_lab.check.trials.start_client import start_client
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.user import EXIT, User
from twisted_lab.text.language import _

_END_SECONDS = 3.0  # a thread may look now and then whether it has to end


async def tells_how_it_ends(trial: Trial, manners: ClientManners) -> None:
    """UD-7."""
    user = start_client(trial, manners)
    if not await user.ready():
        raise NotOffered(_("The client takes no line."))
    user.type_line(EXIT)
    if await _ends(user):
        raise Info(_("The line exit ends the client."))
    snapshot = user.program.look()
    if not snapshot.wants_terminal:
        if _only_receives(snapshot) and EXIT.encode() in user.server.listener.received():
            raise Info(
                _(
                    "The line exit is sent to the server like any other text; then the client "
                    "waits for a datagram, and takes no line. If exit is to end it, test for that "
                    "word before sendto()."
                )
            )
        raise Info(
            _(
                "After exit, the client takes no line, and still runs {seconds:.0f} s later. "
                "Perhaps a thread still waits: only those with daemon=True let a program end.",
                seconds=_END_SECONDS,
            )
        )
    trial.step(_("Ctrl-D is typed: the end of the input"))
    user.program.poked(is_typed=True)
    user.program.terminal.end_input()
    if await _ends(user):
        raise Info(_("Ctrl-D ends the client, and the line exit does not."))
    raise Info(
        _(
            "Neither the line exit nor Ctrl-D ends the client: it still runs {seconds:.0f} s "
            "later.",
            seconds=_END_SECONDS,
        )
    )


def _only_receives(snapshot: Snapshot) -> bool:
    """Return whether a client has one thread, and this waits for a datagram."""
    return len(snapshot.threads) == 1 and any(
        each.kind is SocketKind.SOCK_DGRAM for each in snapshot.threads[0].sockets
    )


async def _ends(user: User) -> bool:
    program = user.program
    await program.settle(_END_SECONDS)
    if not program.has_ended and not program.look().wants_terminal:
        await program.activity.until(lambda: program.has_ended, _END_SECONDS)
    return program.has_ended


async def tells_its_port(trial: Trial, manners: ClientManners) -> None:
    """UD-8."""
    user = start_client(trial, manners)
    await user.ready()
    sockets = user.program.look().sockets
    ports = {each.port for each in sockets if each.kind is SocketKind.SOCK_DGRAM}
    port = trial.address[1]
    if port in ports:
        raise Info(
            _(
                "The client's own port is that of the server, {port}. On one machine, only one of "
                "them can have it: bind() of the other one fails.",
                port=port,
            )
        )
    raise Info(_("The client's own port is another one than the server's."))
