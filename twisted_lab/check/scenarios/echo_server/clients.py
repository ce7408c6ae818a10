"""Echo servers: one client after the other, and several at once."""

from __future__ import annotations

from twisted_lab.check.bench import Bench
from twisted_lab.check.conversation.causes import likely_cause
from twisted_lab.check.outcomes import Failed, NotChecked, NotOffered, Outcome, Weak
from twisted_lab.check.requirements import message_mistakes, mistakes
from twisted_lab.check.subjects.server import Server
from twisted_lab.check.trials.client import (
    Client,
    expect_any_segments,
    expect_many_messages,
    runs_on,
)
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.start_server import (
    connect_client,
    open_connection,
    reach_server,
    with_ending,
)
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import _

_FLOOD_BYTES = 20_000_000  # more than the buffers of both ends hold
_MOST_WAITS = 10  # a busy machine moves the flood slowly
_STUCK_SECONDS = 1.0  # nothing moves; TCP tries a full window again after 0.2 and 0.4 s
_PORTIONS = 40_000  # of 50 bytes: more than the buffers of an isolated network hold
_SENDING_LOOKS = 5  # this often in a row the server waits, and does not read what has come
_SMALL_BUFFERS = 16_384  # bytes


async def _serve_another(
    trial: Trial, server: Server, manners: Manners, number: int, is_answered: bool
) -> Client:
    """See that the server serves one more client; a crash is blamed on what was done before."""
    begun, had_ended = len(trial.steps), server.program.has_ended
    try:
        client = await connect_client(trial, server, manners, number)
        await client.expect_served(is_answered)
        return client
    except Failed as failure:
        if server.program.has_ended:
            if had_ended:
                del trial.steps[begun:]  # the last step before is the one that ended it
            note = with_ending(_("The server did not serve client {number}", number=number), server)
            cause = likely_cause(server.program.traceback, server.program.raised_by)
            raise Failed(note, cause) from None
        raise failure


async def _first_client(trial: Trial, manners: Manners) -> tuple[Server, Client]:
    """Have a client that is served.

    Raises:
        NotChecked: If it is not.
    """
    if trial.bench.address and not manners.is_echo:
        raise NotChecked(
            _("The server returns no text, so nothing shows whether it serves a client.")
        )
    server = await reach_server(trial, manners)
    client = await connect_client(trial, server, manners)
    try:
        await client.expect_served(is_answered=False)
    except Failed as failure:
        if not server.program.has_ended:
            raise NotChecked(_("Client 1 is not served: {note}", note=failure.note)) from None
    if server.program.has_ended:
        raise NotChecked(with_ending(_("The server ended while client 1 was connected"), server))
    return server, client


async def serves_the_next(trial: Trial, manners: Manners) -> None:
    """ES-11."""
    server, client = await _first_client(trial, manners)
    is_answered = bool(client.heard)
    waits = await client.leave()
    try:
        await _serve_another(trial, server, manners, 2, is_answered)
    except Failed as failure:
        if not waits:
            failure.note = f"{runs_on(client)} {failure.note}"
            failure.mistake = mistakes.SPINS
        elif failure.mistake is None and server.program.traceback:
            failure.mistake = mistakes.END_NOT_TESTED
        if await _serves_after_exit(trial.bench, manners):
            failure.note += " " + _("After the line exit, it does serve the next client.")
        raise


async def _serves_after_exit(bench: Bench, manners: Manners) -> bool:
    trial = Trial(bench, "exit")
    try:
        server, client = await _first_client(trial, manners)
        is_answered = bool(client.heard)
        client.say(b"exit")
        await client.settle()
        client.peer.close()
        await _serve_another(trial, server, manners, 2, is_answered)
    except Outcome:
        return False
    finally:
        trial.close()
    return True


async def survives_a_reset(trial: Trial, manners: Manners) -> None:
    """ES-12."""
    server, client = await _first_client(trial, manners)
    is_answered = bool(client.heard)
    if manners.needs_end:  # it has closed the first connection, and now receives
        client = await connect_client(trial, server, manners)
        client.send(manners.framing.encode(trial.text(12)))
        await server.program.settle(trial.bench.patience)
    elif manners.ends_each:
        client = await connect_client(trial, server, manners)
        client.say(trial.text(12))
    trial.step(_("client 1 resets the connection (RST)"))
    client.peer.reset()
    await server.program.settle(trial.bench.patience)
    client = await _serve_another(trial, server, manners, 2, is_answered)
    if manners.framing.is_apart or manners.needs_end:
        return  # it would take many messages at once for one header, or send nothing before FIN
    if client.peer.has_ended:
        client = await connect_client(trial, server, manners, 2)
    trial.step(_("client 2 sends much and reads nothing, until the server waits to send"))
    client.peer.pause()
    client.peer.write(manners.framing.encode(trial.text(50)) * _PORTIONS)
    looks = 0

    def is_stuck() -> bool:
        nonlocal looks
        looks = looks + 1 if server.program.look().is_stuck else 0
        return looks >= _SENDING_LOOKS or client.peer.has_ended or not client.peer.unwritten

    await trial.activity.until(is_stuck, trial.bench.patience)
    trial.step(_("client 2 resets the connection: the server's answer meets the reset"))
    client.peer.reset()
    await server.program.settle(trial.bench.patience)
    try:
        await _serve_another(trial, server, manners, 3, is_answered)
    except Failed as failure:
        note = _("The server survives a reset while it waits, but not while it sends.")
        raise Weak(f"{note} {failure.note}", failure.mistake) from None


async def survives_connect_and_leave(trial: Trial, manners: Manners) -> None:
    """ES-13."""
    await _survives_a_silent_client(trial, manners, reads=False)
    may_greet = manners.greets or not manners.is_echo
    if may_greet and not (trial.bench.address or trial.bench.lacks):  # a second start has its port
        await _survives_a_silent_client(trial, manners, reads=True)


async def _survives_a_silent_client(trial: Trial, manners: Manners, reads: bool) -> None:
    """Have client 1 connect, say nothing, and leave; then it comes again.

    Args:
        trial: Notes what is done.
        manners: How the server wants to be talked to.
        reads: Whether client 1 reads a greeting. The kernel sends a reset if it does not, else
            FIN: then a question that the server asks next reaches nobody.
    """
    server = await reach_server(trial, manners)
    trial.step(
        _("client 1 connects, hears what the server says, and leaves without a word")
        if reads
        else _("client 1 connects, says nothing, and leaves")
    )
    peer = await open_connection(trial, server, manners, 1)
    if peer is None:
        raise Failed(with_ending(_("The server did not accept client {number}", number=1), server))
    if not reads:
        peer.pause()
    silent = Client(trial, server, peer, manners, 1)
    await silent.settle()
    peer.close()
    await silent.settle()
    trial.step(_("it comes again, from the same address, and stays"))
    # If somebody else has started the server, a refused client 1 means that it ended before.
    number = 1 if trial.bench.address is None else 2
    await _serve_another(trial, server, manners, number, is_answered=False)


async def serves_two_at_once(trial: Trial, manners: Manners) -> None:
    """ES-14."""
    expect_many_messages(manners)
    server, first = await _first_client(trial, manners)
    is_answered = bool(first.heard)
    try:
        await first.expect_served(is_answered=False)
    except Failed:
        raise NotOffered(_("The server serves one message for each connection.")) from None
    if first.peer.has_ended:
        raise NotOffered(_("The server closed the connection of client 1."))
    trial.step(_("client 2 connects, while client 1 stays connected"))
    peer = await open_connection(trial, server, manners, 2)
    if peer is None:
        raise NotOffered(_("The server accepts one client at a time."))
    second = Client(trial, server, peer, manners, 2)
    await second.enter()
    try:
        await second.expect_served(is_answered)
    except Failed:
        if server.program.has_ended:
            note = with_ending(_("The server ended when client 2 came"), server)
            raise Failed(note, likely_cause(server.program.traceback)) from None
        if not second.is_accepted:
            raise NotOffered(_("The server serves one client at a time.")) from None
        raise
    if first.peer.has_ended and not manners.is_echo:
        raise NotOffered(_("The server closed the connection of client 1 when client 2 came."))
    heard = len(second.peer.received)
    try:
        await first.expect_served(is_answered=False)
    except Failed as failure:
        if manners.is_echo:
            if len(second.peer.received) > heard:
                failure.note += " " + _("Client 2 received something then, and had sent nothing.")
                failure.mistake = message_mistakes.SHARED_STATE
            raise
        raise NotOffered(_("The server does not serve client 1 any more.")) from None


async def survives_a_client_that_does_not_read(trial: Trial, manners: Manners) -> None:
    """ES-15."""
    expect_any_segments(manners)
    server = await reach_server(trial, manners)
    greedy = await connect_client(trial, server, manners, buffers=_SMALL_BUFFERS)
    trial.step(_("client 1 sends as much as the server takes, and reads nothing"))
    greedy.peer.pause()
    greedy.peer.write(manners.framing.encode(trial.text(1000)) * (_FLOOD_BYTES // 1000))
    clock = trial.activity.clock
    before: tuple[object, ...] = ()
    since = 0.0

    def is_stuck() -> bool:
        nonlocal before, since
        snapshot = server.program.look()
        now = (len(greedy.peer.unwritten), snapshot.sockets)
        if now != before or not snapshot.is_stuck:
            before, since = now, clock.seconds()
        has_all = greedy.peer.has_ended or not greedy.peer.unwritten
        return has_all or clock.seconds() - since >= _STUCK_SECONDS

    for _wait in range(_MOST_WAITS):
        unwritten = len(greedy.peer.unwritten)
        is_full = await trial.activity.until(is_stuck, trial.bench.patience)
        if is_full or unwritten == len(greedy.peer.unwritten):
            break
    else:
        raise NotChecked(_("The server takes what client 1 sends, and does so too slowly."))
    if greedy.peer.was_reset:
        trial.step(_("the server resets client 1"))
    second = await connect_client(trial, server, manners, 2)
    await second.expect_back(trial.text(12))
    if not greedy.peer.unwritten:
        raise Weak(_("The server keeps what client 1 does not read: its memory has no bound."))
