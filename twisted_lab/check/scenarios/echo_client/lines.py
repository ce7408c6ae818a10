"""Echo clients: lines that are typed, and replies that are shown."""

from __future__ import annotations

from twisted_lab.check.conversation.causes import likely_cause
from twisted_lab.check.outcomes import Failed, Weak
from twisted_lab.check.trials.client_manners import ClientManners
from twisted_lab.check.trials.start_client import start_client
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.user import User

APART_SECONDS = 0.1
_LONG_CHARACTERS = 3000  # a terminal takes 4,095 in one line
_OTHER_LETTERS = "привет, Ёж"


async def _ready_user(trial: Trial, manners: ClientManners) -> User:
    user = start_client(trial, manners)
    await user.expect_ready()
    return user


async def sends_a_line(trial: Trial, manners: ClientManners) -> None:
    """EC-2."""
    user = await _ready_user(trial, manners)
    line = trial.text(12).decode()
    user.type_line(line)
    await user.expect_received(line.encode())


async def shows_the_reply(trial: Trial, manners: ClientManners) -> None:
    """EC-3."""
    user = await _ready_user(trial, manners)
    await user.have_echoed(trial.text(12).decode())


async def shows_pieces(trial: Trial, manners: ClientManners) -> None:
    """EC-4."""
    user = await _ready_user(trial, manners)
    line = trial.text(12).decode()
    user.type_line(line)
    received = await user.expect_received(line.encode())
    border = received.index(line.encode()) + len(line) // 2
    reply = received.replace(line.encode(), line.swapcase().encode())
    trial.step("the server replies in two pieces")
    user.reply(reply[:border])
    await trial.activity.pause(APART_SECONDS)
    user.reply(reply[border:])
    await user.expect_shown(line.swapcase().encode())


async def sends_a_long_line(trial: Trial, manners: ClientManners) -> None:
    """EC-5."""
    user = await _ready_user(trial, manners)
    await user.have_echoed(trial.text(_LONG_CHARACTERS).decode())


async def sends_several_lines(trial: Trial, manners: ClientManners) -> None:
    """EC-6."""
    user = await _ready_user(trial, manners)
    for _ in range(3):
        line = trial.text(12).decode()
        user.type_line(line)
        received = await user.expect_received(line.encode())
        user.reply(received.swapcase())
        await user.expect_ready()


async def sends_other_letters(trial: Trial, manners: ClientManners) -> None:
    """EC-15."""
    user = await _ready_user(trial, manners)
    user.type_line(_OTHER_LETTERS)
    received = await user.expect_received(_OTHER_LETTERS.encode())
    reply = _OTHER_LETTERS.swapcase()
    user.reply(received.replace(_OTHER_LETTERS.encode(), reply.encode()))
    trial.step(f'the client shows the reply "{reply}"')
    if await user.shows(reply.encode()):
        return
    if repr(reply.encode())[2:-1] in user.shown:
        raise Weak("The client shows the bytes of the reply, not its letters.")
    if user.program.traceback:
        raise Failed(user.story("It cannot show the reply"), likely_cause(user.program.traceback))
    raise Failed("The reply is not on the screen.")
