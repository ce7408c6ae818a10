"""Echo servers: waiting and ending."""

from __future__ import annotations

from twisted_lab.check.outcomes import Failed, NotChecked, Weak
from twisted_lab.check.requirements import mistakes
from twisted_lab.check.requirements.udp_chat import SENDS_TO_ITSELF
from twisted_lab.check.subjects.program import Program
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.start_server import connect_client, open_connection, start_server
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import _

STOP_SECONDS = 2.0
_SOON_SECONDS = 1.0  # then the kernel must show that it waits: a slow end is none
_IDLE_SECONDS = 0.4
_MOST_BUSY = 0.25  # of one processor; a loop that polls a hundred times a second uses far less


async def stops_on_ctrl_c(trial: Trial, manners: Manners) -> None:
    """ES-23."""
    server = await start_server(trial, manners)
    client = await connect_client(trial, server, manners)
    await client.talk(trial.text(12))
    await client.leave()
    expect_no_crash(server.program)
    if server.program.has_ended:
        raise Weak(_("The server had ended with its first client."), mistakes.ONE_CLIENT_ONLY)
    printed = len(server.program.terminal.text)
    trial.step(_("Ctrl-C is pressed"))
    if not await server.program.stop(STOP_SECONDS):
        raise Failed(_("The server still runs {seconds:.0f} s after Ctrl-C.", seconds=STOP_SECONDS))
    if "Traceback" in server.program.terminal.text[printed:]:
        raise Weak(_("The server stops, with a traceback."), mistakes.CTRL_C_TRACEBACK)
    if not trial.bench.lacks:  # a second start needs the same port
        await _stops_with_a_client(trial, manners)


async def _stops_with_a_client(trial: Trial, manners: Manners) -> None:
    """See that the server stops while a client is connected, too.

    One whose event loop lets its clients finish is as good: threads that nobody ends are not.

    Raises:
        Weak: If it waits on, in accept(), or in a thread's recv().
    """
    server = await start_server(trial, manners)
    program = server.program
    client = await connect_client(trial, server, manners)
    await client.talk(trial.text(12))
    if program.has_ended or client.peer.has_ended:
        return
    trial.step(_("Ctrl-C is pressed, while client 1 is connected"))
    if await program.stop(_SOON_SECONDS) or not await program.settle(trial.bench.patience):
        return
    snapshot = program.look()
    if snapshot.is_waiting and snapshot.accepts:
        note = _(
            "The server stops if nobody is connected. With client 1, it still runs {seconds:.0f} s "
            "after Ctrl-C, and waits for the next client.",
            seconds=_SOON_SECONDS,
        )
        raise Weak(note, mistakes.CTRL_C_IGNORED)
    if snapshot.is_waiting and snapshot.has_thread_for(client.peer.port):
        note = _(
            "The server stops if nobody is connected. With client 1, it still runs {seconds:.0f} s "
            "after Ctrl-C, and one of its threads waits for what client 1 says.",
            seconds=_SOON_SECONDS,
        )
        raise Weak(note, mistakes.THREADS_LIVE_ON)


async def waits_without_work(trial: Trial, manners: Manners) -> None:
    """ES-24."""
    server = await start_server(trial, manners)
    program = server.program
    leaving = await connect_client(trial, server, manners)
    await leaving.talk(trial.text(12))
    await leaving.leave()
    expect_no_crash(program)
    if program.has_ended:
        raise Weak(
            _("The server ended with its first client, so it was not idle for long."),
            mistakes.ONE_CLIENT_ONLY,
        )
    await open_connection(trial, server, manners, 2)
    trial.step(_("client 1 has left; client 2 is there and says nothing"))
    if await program.settle(_IDLE_SECONDS) and not program.look().sleeps_or_polls:
        return
    trial.step(
        _(
            "the server's processor time is measured for {seconds} s",
            seconds=_IDLE_SECONDS,
        )
    )
    share = await program.busy_share(_IDLE_SECONDS)
    if share > _MOST_BUSY:
        cause = SENDS_TO_ITSELF if program.feeds_itself and not trial.bench.lacks else None
        raise Failed(_("The idle server uses {share:.0%} of a processor.", share=share), cause)


def expect_no_crash(program: Program) -> None:
    """See that no traceback ended a server: that is the failure of another requirement.

    Raises:
        NotChecked: One did.
    """
    if program.has_ended and program.traceback:
        raise NotChecked(_("The server ended at its first client with {end}.", end=program.end))
