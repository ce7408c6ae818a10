"""Echo clients: what they put on the screen."""

from __future__ import annotations

from twisted_lab.check.conversation.event_words import forms
from twisted_lab.check.outcomes import Failed, Info, NotChecked, Weak
from twisted_lab.check.trials.client_manners import ClientManners
from twisted_lab.check.trials.start_client import start_client
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.user import EXIT, User
from twisted_lab.text.language import _

_CLEAR_SCREEN = b"\x1b[2J"  # ECMA-48, ED


async def reports_events(trial: Trial, manners: ClientManners) -> None:
    """EC-16."""
    user = start_client(trial, manners)
    await user.expect_ready()
    missing = []
    if not user.said_lines():
        missing.append(_("that it has connected"))
    line = trial.line(12)
    user.type_line(line)
    if manners.sends_late or not await user.receives(line.encode()):
        await user.expect_received(line.encode())
    trial.step(_("the server replies at once"))
    user.server.echo()
    is_shown = await user.shows_reply(line.swapcase().encode())
    if not await _reports_sending(trial, user, line):
        missing.append(_("that it has sent the line"))
    if not is_shown:
        missing.append(_("that it has received the reply"))
    if await user.ready():
        user.type_line(EXIT)
        await user.leave()
    if not user.said_lines():
        missing.append(_("that it has disconnected"))
    note = _("The client does not report {missing}.", missing=", ".join(missing))
    if len(missing) >= 3:
        raise Failed(note)
    if missing:
        raise Weak(note)


async def _reports_sending(trial: Trial, user: User, line: str) -> bool:
    """Return whether a client reports a line before its reply comes.

    If it says nothing like that when the reply comes at once, it has reported the silence.

    Args:
        trial: Notes what is done.
        user: Has typed a line, and got a reply at once.
        line: The line.
    """
    reply, shown = line.swapcase(), user.shown
    if not await user.ready():
        return any(each.strip() and reply not in each for each in shown.splitlines())
    reported = "\n".join(forms(user.shown, line, reply))
    silent = trial.line(12)
    user.type_line(silent)
    if not await user.receives(silent.encode()):
        raise NotChecked(_("The client does not send a second line, which EC-6 asks for."))
    lines = user.said_lines()
    user.server.echo()
    await user.shows_reply(silent.swapcase().encode())
    return any("".join(forms(each, silent)) in reported for each in lines)


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
