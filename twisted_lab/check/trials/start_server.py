"""Starting a server, and answering its questions until it listens."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from twisted_lab.check.conversation.causes import likely_cause
from twisted_lab.check.conversation.login import PASSWORD
from twisted_lab.check.kernel.processor import processor_seconds
from twisted_lab.check.outcomes import Failed, NotChecked
from twisted_lab.check.prompts.answers import answer
from twisted_lab.check.prompts.given_answers import given_answer
from twisted_lab.check.prompts.question import Kind, Question
from twisted_lab.check.sandbox.sandbox import Sandbox
from twisted_lab.check.subjects.elsewhere import Elsewhere, OpenNetwork
from twisted_lab.check.subjects.operator import Answer, Operator
from twisted_lab.check.subjects.peer import Peer
from twisted_lab.check.subjects.server import Server, StartedServer
from twisted_lab.check.trials.client import Client
from twisted_lab.check.trials.missing_file import expect_file
from twisted_lab.check.trials.server_manners import NEW_SOURCE, Manners
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import _

# How programs and systems name the error of bind().
_TAKEN = ("Address already in use", "EADDRINUSE")
_AFTER_SECONDS = 0.1
# On a busy machine, a program gets little of a processor: it is waited for this often, or until it
# has had START_SECONDS of one, in which Python tries all 65,535 ports.
_MOST_WAITS, START_SECONDS = 3, 2.0
HOST = "127.0.0.1"
PORT = 9090  # what servers are told, unless a scenario needs another one


def usual_answer(manners: Manners, port: int, given: Sequence[tuple[str, str]] = ()) -> Answer:
    """Return how questions of a server are answered; see `given_answer`."""

    def answered(question: Question, asked: Sequence[Question]) -> str:
        line = given_answer(given, question, HOST, port)
        if line is None and manners.word and question.kind in (Kind.UNKNOWN, Kind.MESSAGE):
            return manners.word
        if line is None:
            line = answer(
                question,
                manners.style,
                host=HOST,
                port=port,
                name="operator",
                password=PASSWORD,
                asked=asked,
            )
        return line

    return answered


async def start_server(
    trial: Trial,
    manners: Manners,
    port: int = PORT,
    sandbox: Sandbox | None = None,
    answers: Answer | None = None,
) -> StartedServer:
    """Start a server, and wait until it listens.

    Args:
        trial: Notes what is done.
        manners: How its questions are answered.
        port: The port that it is told.
        sandbox: Where to start it; a new one if None.
        answers: How its questions are answered, if not as `manners` say.

    Raises:
        Failed: If it does not listen.
        NotChecked: If another program of this machine may have its port.
        SandboxFailed: If its interpreter does not find it.
    """
    server = begin_server(trial, manners, port, sandbox, answers)
    if not await until_listening(trial, server):
        expect_file(trial, server.program)
        excuse_a_port_in_use(server)
        raise Failed(
            no_port(server), likely_cause(server.program.traceback, server.program.raised_by)
        )
    return server


def excuse_a_port_in_use(server: StartedServer) -> None:
    """See whether a server could not listen because the machine's network is not its own.

    Raises:
        NotChecked: If that is so.
    """
    if server.sandbox.lacks and any(each in server.program.terminal.text for each in _TAKEN):
        raise NotChecked(
            _(
                "The port is in use on this machine: by another program, or by connections of the "
                "last check, for up to a minute."
            )
        )


async def reach_server(trial: Trial, manners: Manners) -> Server:
    """Start a server, or take the one that somebody else has started.

    Args:
        trial: Notes what is done.
        manners: How its questions are answered.

    Raises:
        Failed: If it does not listen.
    """
    if trial.bench.address is None:
        return await start_server(trial, manners)
    trial.address = trial.bench.address
    program = Elsewhere(trial.activity)
    return Server(trial.bench, OpenNetwork(), program, *trial.address, manners.kinds[0])


def begin_server(
    trial: Trial, manners: Manners, port: int, sandbox: Sandbox | None, answers: Answer | None
) -> StartedServer:
    """Start a server, and do not wait."""
    sandbox = sandbox or trial.open_sandbox()
    if port == PORT and sandbox.lacks:
        port = _free_port(sandbox)
    trial.step(_("the server starts"))
    program = trial.start(sandbox, filled(trial.bench.command, "127.0.0.1", port))
    operator = Operator(program, answers or usual_answer(manners, port, trial.bench.answers))
    return StartedServer(trial.bench, sandbox, program, operator, port, manners.kinds)


def _free_port(sandbox: Sandbox) -> int:
    """Return a port that no program of this machine uses now."""
    with sandbox.make_socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until_listening(trial: Trial, server: StartedServer) -> bool:
    """Answer its questions until it listens, and return whether it does."""
    program = server.program
    for _wait in range(_MOST_WAITS):
        listens = await server.operator.attend(server.find_port, trial.bench.patience)
        if listens or program.has_ended or program.look().is_waiting:
            break
        if processor_seconds(program.child.pid) >= START_SECONDS:
            break
    if listens:
        # It may end right after, with an exception in its next line, or at its last line.
        if not await program.settle(_AFTER_SECONDS) and not program.look().sleeps:
            await program.settle(trial.bench.patience)  # a busy machine ends it later
        listens = server.find_port()
        if not listens:
            await trial.activity.until(lambda: program.has_ended, trial.bench.patience)
    trial.asked += len(server.operator.questions)
    for question, line in zip(server.operator.questions, server.operator.answers, strict=True):
        trial.step(
            _('it asks "{question}", and is told "{line}"', question=question.text, line=line)
        )
    if listens:
        trial.step(_("it listens on port {port}", port=server.port))
        trial.address = (server.host, server.port)
    return listens


def filled(command: Sequence[str], host: str, port: int) -> list[str]:
    """Return a command with an address in place of ``{host}`` and ``{port}``."""
    return [word.replace("{host}", host).replace("{port}", str(port)) for word in command]


def no_port(server: StartedServer) -> str:
    """Return why a server does not listen, one line."""
    program = server.program
    if program.has_ended:
        return _("The server opened no port; it ended with {end}.", end=program.end)
    if program.look().wants_terminal:
        return _(
            'The server opened no port; it waits at the question "{question}".',
            question=program.unanswered[-200:],
        )
    return _("The server opened no port.")


async def connect_client(
    trial: Trial, server: Server, manners: Manners, number: int = 1, buffers: int = 0
) -> Client:
    """Connect a client, which hears the greeting and logs in where the server wants that.

    Args:
        trial: Notes what is done.
        server: The server.
        manners: How it wants to be talked to.
        number: The number of the client: each has an address and a name of its own.
        buffers: The size of its kernel buffers in bytes; 0 for the system's own sizes.

    Raises:
        Failed: If the connection is refused.
        NotChecked: If nothing accepts connections where somebody else has started the server.
    """
    is_udp = server.kind is socket.SOCK_DGRAM
    trial.step(
        _("client {number} opens a UDP socket", number=number)
        if is_udp
        else _("client {number} connects", number=number)
    )
    peer = await open_connection(trial, server, manners, number, buffers)
    if peer is None:
        raise Failed(
            with_ending(_("The server did not accept client {number}", number=number), server),
            likely_cause(server.program.traceback),
        )
    trial.framing = manners.framing
    client = Client(trial, server, peer, manners, number)
    await client.enter()
    return client


async def open_connection(
    trial: Trial, server: Server, manners: Manners, number: int, buffers: int = 0
) -> Peer | None:
    """Connect a client that says nothing yet; None if the connection is refused.

    It is closed at the end of the trial: a server that somebody else has started goes on.

    Raises:
        NotChecked: If nothing accepts connections where somebody else has started the server.
    """
    peer = await server.connect(_client_source(trial, manners, number), buffers=buffers)
    if peer is None:
        await server.program.settle(trial.bench.patience)  # it may be ending, and its end tells why
    if peer is None and number == 1 and trial.bench.address is not None:
        raise NotChecked(
            _(
                "Nothing accepts connections at {host}:{port}.",
                host=trial.bench.address[0],
                port=trial.bench.address[1],
            )
        )
    if peer is not None:
        trial.on_close(peer.close)
    return peer


def _client_source(trial: Trial, manners: Manners, number: int) -> str:
    """Return the address from which a client connects; "" if that does not matter."""
    if trial.bench.address or manners.source != NEW_SOURCE:
        return "" if trial.bench.address else manners.source
    return NEW_SOURCE.removesuffix("1") + str(number)


def with_ending(what: str, server: Server) -> str:
    """Return a sentence with the end of the server, if it has ended.

    Args:
        what: The sentence, without its full stop.
        server: The server.
    """
    if not server.program.has_ended:
        return f"{what}."
    return _("{what}: it had ended with {end}.", what=what, end=server.program.end)
