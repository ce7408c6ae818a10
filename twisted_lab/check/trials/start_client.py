"""Starting a client, and answering its questions until it can be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted_lab.check.conversation.login import PASSWORD
from twisted_lab.check.prompts.answers import MESSAGE, answer
from twisted_lab.check.prompts.question import Kind, Question
from twisted_lab.check.subjects.listener import Listener
from twisted_lab.check.subjects.operator import Answer, Operator
from twisted_lab.check.trials.client_manners import ClientManners
from twisted_lab.check.trials.start_server import PORT, filled
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.user import User

Decide = Callable[[Question, Callable[[], str | None]], str | None]


def _answers(manners: ClientManners, listener: Listener, port: int, decide: Decide) -> Answer:
    """Return how the questions of a client are answered; one for a message is left to the user."""

    def usual(question: Question, asked: Sequence[Question]) -> str | None:
        if listener.peers and question.kind in (Kind.UNKNOWN, Kind.MESSAGE):
            return None
        line = answer(
            question,
            manners.style,
            host="127.0.0.1",
            port=port,
            name="anna",
            password=PASSWORD,
            asked=asked,
        )
        return None if line == MESSAGE else line

    return lambda question, asked: decide(question, lambda: usual(question, asked))


def start_client(
    trial: Trial,
    manners: ClientManners,
    port: int = PORT,
    decide: Decide = lambda _, usual: usual(),
) -> User:
    """Start a client, and do not wait.

    Args:
        trial: Notes what is done.
        manners: How its questions are answered.
        port: The port that it is told.
        decide: Answers a question; it is also given a function that returns the usual answer.
    """
    sandbox = trial.open_sandbox()
    listener = Listener(trial.bench.reactor, sandbox.listener(), trial.activity.happened)
    trial.on_close(listener.close)
    trial.is_isolated = not sandbox.lacks
    if not trial.is_isolated:
        port = listener.port
    trial.address = ("127.0.0.1", port)
    trial.step("the client starts")
    program = trial.start(sandbox, filled(trial.bench.command, "127.0.0.1", port))
    operator = Operator(program, _answers(manners, listener, port, decide))
    return User(trial, program, operator, listener)
