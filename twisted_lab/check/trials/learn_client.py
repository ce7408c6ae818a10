"""Learning how a client wants to be started and used, before it is judged."""

from __future__ import annotations

from dataclasses import replace

from twisted_lab.check.bench import Bench
from twisted_lab.check.outcomes import Outcome
from twisted_lab.check.prompts.answers import CLIENT_STYLES
from twisted_lab.check.trials.client_manners import ClientManners
from twisted_lab.check.trials.start_client import start_client
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.user import User


async def learn_client(bench: Bench) -> ClientManners:
    """Return the manners of a client."""
    for style in CLIENT_STYLES:
        trial = Trial(bench, "start")
        try:
            user = start_client(trial, ClientManners(style=style))
            is_ready = await user.ready()
            questions = tuple(user.operator.questions)
            if is_ready or user.listener.peers:
                manners = ClientManners(style, questions, connects=True)
                return replace(manners, behaviour=await _use(bench, trial, user))
        except Outcome:
            continue  # it takes too long
        finally:
            trial.close()
        if not questions:
            break  # it asked nothing: no other answer will help
    return ClientManners()


async def _use(bench: Bench, trial: Trial, user: User) -> tuple[str, ...]:
    lines = [f'It asks "{question.text}".' for question in user.operator.questions]
    try:
        line = trial.text(12).decode()
        began = trial.activity.clock.seconds()
        user.type_line(line)
        received = await user.expect_received(line.encode())
        lines.append(_on_the_wire(received, line.encode()))
        user.reply(received.swapcase())
        if await user.shows(line.swapcase().encode()):
            bench.warm(trial.activity.clock.seconds() - began)
    except Outcome:
        pass  # the scenarios tell
    return tuple(lines)


def _on_the_wire(received: bytes, line: bytes) -> str:
    before, _, after = received.partition(line)
    if before:
        return f"It sends {len(before)} bytes before each line."
    return {
        b"": "It sends lines without a newline.",
        b"\n": "It sends a newline after each line.",
    }.get(after, f"It sends {after!r} after each line.")
