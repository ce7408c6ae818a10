"""Echo clients: where they connect."""

from __future__ import annotations

from collections.abc import Callable

from twisted_lab.check.conversation.causes import likely_cause
from twisted_lab.check.outcomes import Failed, NotChecked, NotOffered, Weak
from twisted_lab.check.prompts.question import Kind, Question
from twisted_lab.check.requirements import mistakes
from twisted_lab.check.scenarios.echo_server.ports import OTHER_PORT, PORT_KINDS
from twisted_lab.check.trials.client_manners import ClientManners
from twisted_lab.check.trials.start_client import start_client
from twisted_lab.check.trials.start_server import PORT
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.user import User

_HOST_KINDS = {Kind.HOST, Kind.HOST_AND_PORT, Kind.PORT_AND_HOST}
_NONSENSE = "abc"


async def connects(trial: Trial, manners: ClientManners) -> str:
    """EC-1."""
    command = " ".join(trial.bench.command)
    port = OTHER_PORT if "{port}" in command else PORT
    user = start_client(trial, manners, port)
    await _use(trial, user)
    if not user.listener.peers:
        raise Failed(user.story("The client does not connect"), user.cause())
    dialled = user.listener.dialled[0]
    if "{port}" in command and dialled[1] != trial.address[1]:
        raise Failed(
            f"The client was told port {trial.address[1]}, and connects to {dialled[1]}.",
            mistakes.FIXED_ADDRESS,
        )
    if "{host}" in command and not dialled[0].startswith(("127.", "::1")):
        raise Failed(
            f"The client was told host 127.0.0.1, and connects to {dialled[0]}.",
            mistakes.FIXED_ADDRESS,
        )
    return f"It connects to {dialled[0]}, port {dialled[1]}."


async def _use(trial: Trial, user: User) -> None:
    """Bring the client to its connection: some connect once the first line is typed."""
    if await user.ready() and not user.listener.peers:
        user.type_line(trial.text(12).decode())
        await user.program.until(lambda: bool(user.listener.peers), trial.bench.patience)


async def asks_for_the_address(trial: Trial, manners: ClientManners) -> None:
    """EC-12."""
    asks_port = _needs_questions(manners)
    user = start_client(trial, manners, OTHER_PORT)
    await _use(trial, user)
    if not user.listener.peers:
        raise Failed(user.story("The client does not connect where it is told"), user.cause())
    dialled = user.listener.dialled[0]
    if asks_port and dialled[1] != trial.address[1]:
        raise Failed(f"It was told port {trial.address[1]}, and connects to port {dialled[1]}.")
    if not asks_port:
        raise Weak("The client asks for the host, but not for the port.")
    if not any(question.kind in _HOST_KINDS for question in manners.questions) and (
        len(manners.questions) < 2
    ):
        raise Weak("The client asks for the port, but not for the host.")


async def has_defaults(trial: Trial, manners: ClientManners) -> str:
    """EC-13."""
    _needs_questions(manners)
    user = _start_with(trial, manners, "")
    if not trial.is_isolated:
        raise NotChecked("Without isolation nobody listens at the default address.")
    await _use(trial, user)
    if user.listener.dialled:
        host, port = user.listener.dialled[0]
        return f"The default is {host}, port {port}."
    if user.program.has_ended:
        raise Failed(user.story("Enter gives no default"), user.cause())
    raise Failed("The client asks again after Enter: it has no default.", mistakes.NO_DEFAULT)


async def survives_nonsense(trial: Trial, manners: ClientManners) -> None:
    """EC-14."""
    if not _needs_questions(manners):
        raise NotOffered("The client does not ask for the port.")
    user = _start_with(trial, manners, _NONSENSE)
    await user.ready()
    if user.program.traceback:
        raise Failed(user.story("Nonsense is not caught"), likely_cause(user.program.traceback))


def _needs_questions(manners: ClientManners) -> bool:
    """Return whether the client asks for its port.

    Raises:
        NotOffered: If it asks for neither host nor port.
    """
    kinds = {question.kind for question in manners.questions}
    if not kinds & (_HOST_KINDS | PORT_KINDS | {Kind.UNKNOWN}):
        raise NotOffered("The client does not ask for host and port.")
    return bool(kinds & PORT_KINDS) or Kind.UNKNOWN in kinds


def _start_with(trial: Trial, manners: ClientManners, line: str) -> User:
    """Start the client, and answer `line` to its first question for the port.

    If `line` is empty, Enter, or the word for the default, also answers the question for the host.
    """
    told: set[Kind] = set()
    kinds = PORT_KINDS if line else PORT_KINDS | _HOST_KINDS

    def decide(question: Question, usual: Callable[[], str | None]) -> str | None:
        if question.kind not in kinds:
            return usual()
        if question.kind in told:
            return None  # it asks again
        told.add(question.kind)
        return line or question.default_word

    return start_client(trial, manners, OTHER_PORT, decide)
