"""Length headers: clients that leave, or send headers that are wrong."""

from __future__ import annotations

from twisted_lab.check.conversation.causes import LOST_CLIENT
from twisted_lab.check.conversation.echoes import came_back
from twisted_lab.check.kernel.memory import memory
from twisted_lab.check.outcomes import Failed, Info, NotChecked, NotOffered, Weak
from twisted_lab.check.requirements import mistakes
from twisted_lab.check.scenarios.length_header.talk import Talk, one_client
from twisted_lab.check.subjects.server import StartedServer
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import _

_ABSURD = 999_999_999  # bytes: less than a program may reserve in a sandbox
_LEAST_ABSURD = 1_000_000
_USED = 100_000_000  # bytes of memory that nothing but the length explains
_SPIN_SECONDS = 0.3
_MOST_BUSY = 0.25  # of one processor


async def serves_the_next(trial: Trial, manners: Manners) -> None:
    """LN-10."""
    talk = await one_client(trial, manners)
    await talk.exchange(trial.text(12))
    await talk.leave()
    try:
        await talk.expect_next()
    except Failed as failure:
        was_answered = talk.answered_the_end and failure.mistake in LOST_CLIENT
        if was_answered or (failure.mistake is None and talk.server.program.traceback):
            failure.mistake = mistakes.END_NOT_TESTED
        raise


async def survives_a_cut_message(trial: Trial, manners: Manners) -> None:
    """LN-12."""
    wire = manners.framing.encode(trial.text(12))
    talk = await one_client(trial, manners)
    if manners.framing.size > 1:
        trial.step(_("client 1 sends half a header"))
        talk.client.send(wire[: manners.framing.size // 2])
        await talk.client.settle()
        await talk.leave()
        await talk.expect_next()
    trial.step(_("{client} sends half a message", client=talk.client.name))
    talk.client.send(wire[:-6])
    await talk.client.settle()
    await talk.leave()
    await talk.expect_next(3)
    await _expect_rest(trial, talk)


async def _expect_rest(trial: Trial, talk: Talk) -> None:
    """See that no thread goes on to read from clients that have left."""
    server = talk.server
    await talk.leave()
    if not isinstance(server, StartedServer) or await server.program.settle(_SPIN_SECONDS):
        return
    trial.step(_("the server's processor time is measured"))
    share = await server.program.busy_share(_SPIN_SECONDS)
    if share > _MOST_BUSY:
        note = _(
            "All clients have left, and the server uses {n} percent of a processor.",
            n=round(100 * share),
        )
        raise Failed(note, mistakes.SPINS)


async def takes_no_half_message(trial: Trial, manners: Manners) -> None:
    """LN-13."""
    if not manners.is_echo:
        raise NotChecked(_("The server returns no text, so nothing shows what it takes."))
    talk = await one_client(trial, manners)
    text = trial.text(20)
    trial.step(_("client 1 sends half a message, and ends its direction (FIN)"))
    talk.client.send(manners.framing.encode(text)[:-10])
    await talk.client.settle()
    talk.client.peer.finish()
    await talk.client.settle()
    if came_back(talk.client.heard, text[:10]):
        raise Failed(_("The server returned the half, as if it was a whole message."))


async def survives_an_absurd_length(trial: Trial, manners: Manners) -> None:
    """LN-14."""
    length = int(min(_ABSURD, manners.framing.longest))
    if length < _LEAST_ABSURD:
        raise Info(_("The header holds lengths up to {length:,} only.", length=length))
    talk = await one_client(trial, manners)
    server = talk.server
    pid = server.program.child.pid if isinstance(server, StartedServer) else 0
    before = memory(pid)
    trial.step(_("client 1 announces {length:,} bytes, and sends 100", length=length))
    talk.client.send(manners.framing.header(length) + trial.text(100))
    await talk.client.settle()
    now = memory(pid)
    await talk.leave()
    await talk.expect_next()
    if now.used - before.used > _USED:
        size = (now.used - before.used) // 1_000_000
        raise Failed(_("The server's memory grew by {size:,} MB.", size=size))
    if now.reserved - before.reserved > length // 2:
        raise Weak(_("The server reserves as much memory as a stranger's header says."))


async def survives_a_header_without_a_number(trial: Trial, manners: Manners) -> None:
    """LN-15."""
    if not manners.framing.is_text:
        raise Info(_("All bytes are numbers in a binary header."))
    talk = await one_client(trial, manners)
    trial.step(_("client 1 sends question marks in place of a header"))
    talk.client.send(b"?" * manners.framing.size)
    await talk.client.settle()
    await talk.leave()
    await talk.expect_next()


async def ends_at_a_word(trial: Trial, manners: Manners) -> None:
    """LN-17."""
    talk = await one_client(trial, manners)
    talk.client.say(b"exit")
    await talk.client.settle()
    if not talk.client.peer.has_ended or talk.server.program.has_ended:
        raise NotOffered(_("The message exit does not end the conversation."))
    raise Info(_("The message exit ends the conversation."))
