"""Echo servers: where they listen."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import replace

from twisted_lab.check.conversation.causes import likely_cause
from twisted_lab.check.kernel.processor import processor_seconds
from twisted_lab.check.outcomes import Failed, Info, NotChecked, NotOffered, Weak
from twisted_lab.check.prompts.answers import Form
from twisted_lab.check.prompts.question import Kind, Question
from twisted_lab.check.requirements import mistakes
from twisted_lab.check.subjects.operator import Answer
from twisted_lab.check.subjects.server import StartedServer
from twisted_lab.check.subjects.terminal import MOST_PRINTED
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.start_server import (
    PORT,
    START_SECONDS,
    begin_server,
    connect_client,
    excuse_a_port_in_use,
    no_port,
    reach_server,
    start_server,
    until_listening,
    usual_answer,
    with_ending,
)
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import _

LAST_PORT = 65_535
TOO_LARGE = "99999"  # a number, but no port: int() takes it, and bind() and connect() do not
OTHER_PORT = 9191  # programs may refuse larger ones, and have 9090 as their default
PORT_KINDS = {Kind.PORT, Kind.HOST_AND_PORT, Kind.PORT_AND_HOST}
_STOP_SECONDS = 2.0
_LISTEN_QUEUE = 16


async def listens(trial: Trial, manners: Manners) -> str:
    """ES-1."""
    if trial.bench.address is not None:
        await connect_client(trial, await reach_server(trial, manners), manners)
        return _("It accepts connections.")
    told = any("{port}" in word for word in trial.bench.command)
    port = OTHER_PORT if told else PORT
    server = begin_server(trial, manners, port, None, None)
    if not await until_listening(trial, server):
        excuse_a_port_in_use(server)
        _excuse(server)
        raise Failed(
            no_port(server), likely_cause(server.program.traceback, server.program.raised_by)
        )
    if told and server.port != OTHER_PORT:
        raise Failed(
            _(
                "The server was told port {told}, and listens on {port}.",
                told=OTHER_PORT,
                port=server.port,
            ),
            mistakes.NOT_ASKED,
        )
    return _("It listens on port {port}.", port=server.port)


def _excuse(server: StartedServer) -> None:
    """See whether it is not the server's fault that it does not listen.

    Raises:
        NotOffered: If it uses UDP.
        NotChecked: If it hides, or asked something that the checker does not understand.
    """
    snapshot = server.program.look()
    if not server.program.has_ended and not snapshot.can_look:
        raise NotChecked(_("The program hides what it does from the kernel's /proc."))
    for each in snapshot.sockets:
        if each.kind is socket.SOCK_DGRAM and each.port:
            raise NotOffered(_("The server listens on UDP port {port}.", port=each.port))
    for question in server.operator.questions:
        if question.kind in (Kind.UNKNOWN, Kind.MESSAGE) and question.text.strip():
            raise NotChecked(
                _(
                    'The checker does not understand the question "{question}".',
                    question=question.text,
                )
            )


async def uses_the_port_it_is_told(trial: Trial, manners: Manners) -> None:
    """ES-20."""
    _need_a_question(manners)
    # Perhaps only Enter works: then the number shows what is wrong.
    style = replace(manners.style, port=Form.VALUE)
    server = await start_server(trial, replace(manners, style=style), OTHER_PORT)
    if server.port != OTHER_PORT:
        raise Failed(
            _(
                "The server was told port {told}, and listens on {port}.",
                told=OTHER_PORT,
                port=server.port,
            )
        )


async def has_a_default(trial: Trial, manners: Manners) -> str:
    """ES-21."""
    server = await _told(trial, manners, "")
    if server.port:
        return _("The default is port {port}.", port=server.port)
    if server.program.has_ended:
        raise Failed(
            no_port(server), likely_cause(server.program.traceback, server.program.raised_by)
        )
    raise Failed(_("The server asks again after Enter: it has no default."), mistakes.NO_DEFAULT)


async def survives_nonsense(trial: Trial, manners: Manners) -> None:
    """ES-22."""
    usual = usual_answer(manners, OTHER_PORT, trial.bench.answers)

    def asks_again(question: Question, asked: Sequence[Question]) -> str | None:
        ports = [one for one in asked if one.kind in PORT_KINDS]
        if question.kind is Kind.PORT and len(ports) == 1:
            return TOO_LARGE
        # The next answer is the one that would have followed "abc": Enter is another requirement.
        return usual(question, [one for one in asked if one not in ports[1:]])

    server = await _told(trial, manners, "abc", asks_again)
    _expect_no_end(server)
    if TOO_LARGE not in server.operator.answers and _asks_for_a_port_alone(manners):
        server.program.child.send_signal(9)  # without isolation, it would keep its default port
        await trial.activity.until(lambda: server.program.has_ended, _STOP_SECONDS)
        _expect_no_end(await _told(trial, manners, TOO_LARGE, usual))


def _asks_for_a_port_alone(manners: Manners) -> bool:
    first = next(question.kind for question in manners.questions if question.kind in PORT_KINDS)
    return first is Kind.PORT


def _expect_no_end(server: StartedServer) -> None:
    """See that nonsense has not ended a server; after TOO_LARGE, a message may be its last.

    Raises:
        Failed: If it has.
        NotChecked: If another program of this machine may have its port.
    """
    program = server.program
    if server.port or not program.has_ended:
        return
    excuse_a_port_in_use(server)
    if TOO_LARGE not in server.operator.answers or program.traceback:
        raise Failed(no_port(server), likely_cause(program.traceback, program.raised_by))


async def takes_another_port(trial: Trial, manners: Manners) -> str:
    """ES-17."""
    server = await _on_busy_port(trial, manners)
    if len(server.operator.questions) > len(manners.questions):
        raise Weak(_("The server asks for another port, instead of taking one."))
    if any(question.kind in PORT_KINDS for question in manners.questions):
        await _takes_one_below_the_last(trial, manners)
    return _("It takes port {port} instead.", port=server.port)


async def _takes_one_below_the_last(trial: Trial, manners: Manners) -> None:
    try:
        await _on_busy_port(trial, manners, LAST_PORT)
    except (Failed, NotOffered) as outcome:
        note = _("With port {port}, which has no next one, it fails.", port=LAST_PORT)
        raise Weak(f"{note} {outcome.note}", mistakes.LAST_PORT) from None


async def prints_the_other_port(trial: Trial, manners: Manners) -> None:
    """ES-18."""
    server = await _on_busy_port(trial, manners)
    program, number = server.program, str(server.port)
    if not await program.until(lambda: number in program.terminal.text, trial.bench.patience):
        raise Failed(
            _("The server listens on port {port}, and does not print the number.", port=server.port)
        )


async def restarts_at_once(trial: Trial, manners: Manners) -> None:
    """ES-16."""
    server = await start_server(trial, manners)
    client = await connect_client(trial, server, manners)
    await client.talk(trial.text(12))
    if server.program.has_ended:
        raise NotChecked(with_ending(_("The server had ended before it was stopped"), server))
    trial.step(_("the server is stopped with Ctrl-C, while client 1 is connected"))
    port = server.port
    if not await server.program.stop(_STOP_SECONDS):
        server.program.child.send_signal(9)
        await trial.activity.until(lambda: server.program.has_ended, _STOP_SECONDS)
    client.peer.close()
    again = begin_server(trial, manners, server.told, server.sandbox, None)
    if not await until_listening(trial, again):
        raise Failed(no_port(again), mistakes.NO_REUSE_ADDRESS)
    if again.port != port:
        raise Weak(
            _(
                "It listens on port {port} now, because {taken} was still taken.",
                port=again.port,
                taken=port,
            )
        )


async def speaks_ipv6(trial: Trial, manners: Manners) -> None:
    """ES-25."""
    server = await start_server(trial, manners)
    if any(each.family is socket.AF_INET6 for each in server.program.look().listening):
        raise Info(_("The server listens on IPv6."))
    raise Info(_("The server listens on IPv4 only."))


def _need_a_question(manners: Manners) -> None:
    if not any(question.kind in PORT_KINDS for question in manners.questions):
        raise NotOffered(_("The server does not ask for its port."))


async def _told(
    trial: Trial, manners: Manners, line: str, asks_again: Answer | None = None
) -> StartedServer:
    """Start the server, and answer its first question for the port with `line`.

    Args:
        trial: Notes what is done.
        manners: How its other questions are answered.
        line: The answer.
        asks_again: How it is answered if it asks again; None to leave it at that.

    Returns:
        The server: it listens (`port` is not 0), asks again, or has ended.
    """
    _need_a_question(manners)
    usual = usual_answer(manners, OTHER_PORT, trial.bench.answers)
    is_told = False

    def told(question: Question, asked: Sequence[Question]) -> str | None:
        nonlocal is_told
        if question.kind not in PORT_KINDS and not (is_told and question.kind is Kind.UNKNOWN):
            return usual(question, asked)
        if is_told:
            return asks_again(question, asked) if asks_again else None
        is_told = True
        return line or question.default_word

    server = begin_server(trial, manners, PORT, None, told)
    await until_listening(trial, server)
    return server


def _expect_an_end(trial: Trial, server: StartedServer) -> None:
    """See that a server that does not listen has ended, or waits.

    Raises:
        Failed: If it is busy without end, or prints without end.
    """
    program = server.program
    has_flooded = program.terminal.printed > MOST_PRINTED
    if not has_flooded and (program.has_ended or program.look().is_waiting):
        return
    if has_flooded or processor_seconds(program.child.pid) >= START_SECONDS:
        trial.activity.lateness = 0.0  # no delay of the checker has made this seem slow
    raise Failed(_("The server runs on and on, and opens no port."))


async def _on_busy_port(trial: Trial, manners: Manners, told: int = 0) -> StartedServer:
    """Start the server while a port is in use: `told`, or else its usual one.

    Raises:
        NotOffered: If it does not listen then.
        Failed: If it tried to, and an exception ended it.
    """
    sandbox = trial.open_sandbox()
    port = told or manners.port
    trial.step(_("another program listens on port {port}", port=port))
    with sandbox.make_socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        # Earlier connections to the port may still be known, where programs are not isolated.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("0.0.0.0", port))  # noqa: S104 (in the sandbox's network)
        taken.listen(_LISTEN_QUEUE)
        server = begin_server(trial, manners, port, sandbox, None)
        if not await until_listening(trial, server):
            _expect_an_end(trial, server)
            traceback = server.program.traceback
            if traceback and "in use" not in traceback:
                raise Failed(no_port(server), likely_cause(traceback))
            raise NotOffered(no_port(server))
        trial.address = (server.host, port)  # of the other program, for the command by hand
        return server
