"""Echo clients: what they put on the screen."""

from __future__ import annotations

from twisted_lab.check.outcomes import Failed, Info, Weak
from twisted_lab.check.trials.client_manners import ClientManners
from twisted_lab.check.trials.start_client import start_client
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.user import EXIT
from twisted_lab.text.language import _

_CLEAR_SCREEN = b"\x1b[2J"  # ECMA-48, ED


async def reports_events(trial: Trial, manners: ClientManners) -> None:
    """EC-16."""
    user = start_client(trial, manners)
    await user.expect_ready()
    missing = []
    if not user.has_said_more():
        missing.append(_("that it has connected"))
    line = trial.line(12)
    user.type_line(line)
    await user.expect_received(line.encode())
    if not user.has_said_more():
        missing.append(_("that it has sent the line"))
    user.server.echo()
    if not await user.shows_reply(line.swapcase().encode()):
        missing.append(_("that it has received the reply"))
    if await user.ready():
        user.type_line(EXIT)
        await user.leave()
    if not user.has_said_more():
        missing.append(_("that it has disconnected"))
    note = _("The client does not report {missing}.", missing=", ".join(missing))
    if len(missing) >= 3:
        raise Failed(note)
    if missing:
        raise Weak(note)


async def escapes_control_characters(trial: Trial, manners: ClientManners) -> None:
    """EC-17."""
    user = start_client(trial, manners)
    await user.expect_ready()
    line = trial.line(16)
    user.type_line(line)
    received = await user.expect_received(line.encode())
    trial.step(_("the server's reply has the sequence that clears a screen: ESC [ 2 J"))
    swapped = line.swapcase().encode()
    reply = swapped[:6] + _CLEAR_SCREEN + swapped[10:]
    user.server.say(received.replace(line.encode(), reply))
    await user.shows_reply(swapped[10:])
    if _CLEAR_SCREEN.decode() in user.shown:
        raise Failed(_("The sequence reaches the terminal, which obeys it."))


async def tells_its_manners(_trial: Trial, manners: ClientManners) -> None:
    """EC-18."""
    raise Info(" ".join(manners.behaviour) or _("It asks nothing."))
