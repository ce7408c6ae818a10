"""Echo clients: where they connect."""

from __future__ import annotations

from dataclasses import replace
from socket import SOCK_DGRAM

from twisted_lab.check.conversation.causes import likely_cause
from twisted_lab.check.outcomes import Failed, NotChecked, NotOffered, Weak
from twisted_lab.check.prompts.answers import Form
from twisted_lab.check.prompts.first_answers import FirstAnswers
from twisted_lab.check.prompts.question import Kind
from twisted_lab.check.requirements import client_mistakes, mistakes
from twisted_lab.check.scenarios.echo_server.ports import OTHER_PORT, PORT_KINDS, TOO_LARGE
from twisted_lab.check.trials.client_manners import ClientManners
from twisted_lab.check.trials.start_client import HOST, start_client
from twisted_lab.check.trials.start_server import PORT
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.user import User
from twisted_lab.text.language import _

OTHER_HOST = "127.1.2.3"  # programs may refuse addresses with a 0 or without dots
_HOST_KINDS = {Kind.HOST, Kind.HOST_AND_PORT, Kind.PORT_AND_HOST}
_ASKING = _HOST_KINDS | PORT_KINDS | {Kind.UNKNOWN}
_NONSENSE = "abc"


async def connects(trial: Trial, manners: ClientManners) -> str:
    """EC-1."""
    command = " ".join(trial.bench.command)
    port = OTHER_PORT if "{port}" in command else PORT
    host = OTHER_HOST if "{host}" in command else HOST
    user = start_client(trial, manners, port, host)
    has_datagrams = await _use(trial, user)
    if not user.server.listener.peers:
        snapshot = user.program.look()
        if any(each.kind is SOCK_DGRAM and each.port for each in snapshot.sockets):
            raise NotOffered(
                _("The client uses UDP (SOCK_DGRAM); an echo client needs TCP (SOCK_STREAM).")
            )
        if has_datagrams:
            note = user.story(_("The client uses UDP, and makes no TCP connection"))
            raise Failed(note, client_mistakes.DATAGRAM_SOCKET)
        if snapshot.listening:
            raise Failed(
                _(
                    "The client does not connect: it listens on port {port} itself, as a server "
                    "does.",
                    port=snapshot.listening[0].port,
                ),
                client_mistakes.LISTENS,
            )
        is_told = "{host}" in command or "{port}" in command
        if not is_told and "sys.argv" in user.program.terminal.text and user.program.traceback:
            raise NotChecked(
                _("The client takes its address from the command: add {host} {port} to it.")
            )
        guess = client_mistakes.NEVER_CONNECTS if trial.is_isolated else None
        raise Failed(user.story(_("The client does not connect")), user.cause() or guess)
    dialled = user.server.listener.dialled[0]
    if "{port}" in command and dialled[1] != trial.address[1]:
        raise Failed(
            _(
                "The client was told port {told}, and connects to {dialled}.",
                told=trial.address[1],
                dialled=dialled[1],
            ),
            mistakes.FIXED_ADDRESS,
        )
    if "{host}" in command and dialled[0] != trial.address[0]:
        raise Failed(
            _(
                "The client was told host {told}, and connects to {dialled}.",
                told=trial.address[0],
                dialled=dialled[0],
            ),
            mistakes.FIXED_ADDRESS,
        )
    return _("It connects to {host}, port {port}.", host=dialled[0], port=dialled[1])


async def _use(trial: Trial, user: User) -> bool:
    """Bring the client to its connection: some connect once the first line is typed.

    Returns:
        Whether it has a UDP socket of its own before that.
    """
    has_datagrams = False
    if await user.ready() and not user.server.listener.peers:
        sockets = user.program.look().sockets
        has_datagrams = any(each.kind is SOCK_DGRAM and each.port for each in sockets)
        user.type_line(trial.line(12))
        await user.program.until(user.server.is_reached, trial.bench.patience)
    return has_datagrams


async def asks_for_the_address(trial: Trial, manners: ClientManners) -> None:
    """EC-12."""
    asking = _asking(manners)
    if len(asking) == 1 and not asking & {Kind.HOST_AND_PORT, Kind.PORT_AND_HOST, Kind.UNKNOWN}:
        if Kind.HOST in asking:
            raise Failed(_("The client does not ask for the port."))
        raise Failed(_("The client does not ask for the host."))
    # Perhaps only Enter works: then the number shows what is wrong.
    style = replace(manners.style, port=Form.VALUE)
    user = start_client(trial, replace(manners, style=style), OTHER_PORT, OTHER_HOST)
    await _use(trial, user)
    if not user.server.listener.peers:
        raise Failed(user.story(_("The client does not connect where it is told")), user.cause())
    host, port = user.server.listener.dialled[0]
    if port != trial.address[1]:
        raise Failed(
            _(
                "It was told port {told}, and connects to port {port}.",
                told=trial.address[1],
                port=port,
            )
        )
    # It may have refused the address and taken the name: the last one that it was told counts.
    lines = "\n".join(user.operator.answers)
    is_told_address = lines.rfind(trial.address[0]) > lines.rfind("localhost")
    if is_told_address and host != trial.address[0]:
        raise Failed(
            _(
                "It was told host {told}, and connects to host {host}.",
                told=trial.address[0],
                host=host,
            )
        )


async def has_defaults(trial: Trial, manners: ClientManners) -> str:
    """EC-13."""
    kinds = _asking(manners)
    unknown = sum(each.kind is Kind.UNKNOWN for each in manners.questions)
    first = FirstAnswers({kind: [None, *manners.words] for kind in kinds})
    first.lines[Kind.UNKNOWN] = [None] * unknown
    user = start_client(trial, manners, OTHER_PORT, decide=first.decide)
    if not trial.is_isolated:
        raise NotChecked(_("Without isolation nobody listens at the default address."))
    await _use(trial, user)
    if not user.server.listener.dialled:
        cause = likely_cause(user.program.traceback, is_client=True)
        raise Failed(user.story(_("Enter gives no default")), cause)
    if first.refused >= kinds:
        raise Failed(
            _("The client asks again after Enter: it has no default."), mistakes.NO_DEFAULT
        )
    host, port = user.server.listener.dialled[0]
    if first.refused:
        if Kind.PORT in first.refused:
            raise Weak(_("There is a default, but not for the port."), mistakes.NO_DEFAULT)
        raise Weak(_("There is a default, but not for the host."), mistakes.NO_DEFAULT)
    return _("The default is {host}, port {port}.", host=host, port=port)


async def survives_nonsense(trial: Trial, manners: ClientManners) -> None:
    """EC-14."""
    asking = _asking(manners)
    for kinds, nonsense in (
        (PORT_KINDS, _NONSENSE),
        ({Kind.PORT}, TOO_LARGE),
        (_HOST_KINDS - PORT_KINDS, _NONSENSE),
        ({Kind.UNKNOWN}, _NONSENSE),
    ):
        if not kinds & asking:
            continue
        trial.step(_('nonsense is "{nonsense}"', nonsense=nonsense))
        first = FirstAnswers({kind: [nonsense] for kind in kinds})
        user = start_client(trial, manners, OTHER_PORT, decide=first.decide)
        await user.operator.attend(user.server.is_reached, trial.bench.patience)
        if user.program.traceback:
            cause = likely_cause(user.program.traceback, is_client=True)
            raise Failed(user.story(_("Nonsense is not caught")), cause)


def _asking(manners: ClientManners) -> set[Kind]:
    """Return the kinds of questions by which the client asks for its address.

    Raises:
        NotOffered: If it asks for neither host nor port.
    """
    kinds = {question.kind for question in manners.questions} & _ASKING
    if not kinds:
        raise NotOffered(_("The client does not ask for host and port."))
    return kinds
