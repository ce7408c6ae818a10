"""Starting a client, and answering its questions until it can be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from socket import SocketKind

from twisted_lab.check.conversation.login import PASSWORD
from twisted_lab.check.prompts.answers import MESSAGE, answer
from twisted_lab.check.prompts.given_answers import given_answer
from twisted_lab.check.prompts.question import Kind, Question
from twisted_lab.check.subjects.datagram_listener import DatagramListener
from twisted_lab.check.subjects.listener import Listener
from twisted_lab.check.subjects.operator import Answer, Operator
from twisted_lab.check.trials.client_manners import ClientManners
from twisted_lab.check.trials.counterpart import Counterpart
from twisted_lab.check.trials.start_server import PORT, filled
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.user import User
from twisted_lab.text.language import _

HOST = "127.0.0.1"
NAME = "anna"
# What looks like a question for an address is none once the client has connected.
_FOR_THE_USER = {
    *(Kind.UNKNOWN, Kind.MESSAGE),
    *(Kind.HOST, Kind.PORT, Kind.HOST_AND_PORT, Kind.PORT_AND_HOST),
}
_PORTS = {Kind.PORT, Kind.HOST_AND_PORT, Kind.PORT_AND_HOST}
Decide = Callable[[Question, Sequence[Question], Answer], str | None]


def _usual_answer(trial: Trial, manners: ClientManners, listener: Listener) -> Answer:
    """Return how the questions of a client are answered; one for a message is left to the user."""

    def usual(question: Question, asked: Sequence[Question]) -> str | None:
        if (given := given_answer(trial.bench.answers, question, *trial.address)) is not None:
            return given
        if listener.peers and question.kind in _FOR_THE_USER:
            return None
        line = answer(
            question,
            manners.style,
            host=trial.address[0],
            port=trial.address[1],
            name=NAME,
            password=PASSWORD,
            asked=asked,
            words=manners.words,
        )
        return None if line == MESSAGE else line

    return usual


def start_client(
    trial: Trial,
    manners: ClientManners,
    port: int = PORT,
    host: str = HOST,
    decide: Decide = lambda question, asked, usual: usual(question, asked),
    has_server: bool = True,
) -> User:
    """Start a client, and do not wait.

    Args:
        trial: Notes what is done.
        manners: How its questions are answered.
        port: The port that it is told.
        host: The host that it is told; without isolation, only 127.0.0.1 is there.
        decide: Answers a question, given those before it and the usual way to answer.
        has_server: Whether a server listens where the client connects.
    """
    sandbox = trial.open_sandbox()
    listens = DatagramListener if manners.kind is SocketKind.SOCK_DGRAM else Listener
    listener = listens(trial.bench.reactor, sandbox.listener(manners.kind), trial.activity.happened)
    trial.on_close(listener.close)
    trial.is_isolated = not sandbox.lacks
    trial.address = (host, port) if trial.is_isolated else (HOST, listener.port)
    trial.dialled = listener.dialled
    is_told = "{port}" in " ".join(trial.bench.command) or any(
        each.kind in _PORTS for each in manners.questions
    )
    trial.has_own_port = manners.kind is SocketKind.SOCK_DGRAM and not is_told
    if not has_server:
        trial.step(_("nobody listens where it connects"))
        listener.close()
    trial.step(_("the client starts"))
    program = trial.start(sandbox, filled(trial.bench.command, *trial.address))
    usual = _usual_answer(trial, manners, listener)
    operator = Operator(program, lambda question, asked: decide(question, asked, usual))
    server = Counterpart(trial, program, listener, manners.greeting)
    return User(trial, program, operator, server, manners)
