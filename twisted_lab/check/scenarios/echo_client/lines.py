"""Echo clients: lines that are typed, and replies that are shown."""

from __future__ import annotations

from math import inf

from twisted_lab.check.conversation.causes import likely_cause
from twisted_lab.check.conversation.echoes import came_back
from twisted_lab.check.conversation.encodings import other_form
from twisted_lab.check.outcomes import Failed, NotChecked, NotOffered, Weak
from twisted_lab.check.requirements import client_mistakes, mistakes
from twisted_lab.check.trials.client_manners import ClientManners
from twisted_lab.check.trials.start_client import start_client
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.user import User, beginning
from twisted_lab.check.verdicts import Difference
from twisted_lab.text.language import _

APART_SECONDS = 0.1
_LONG_CHARACTERS = 3000  # a terminal takes 4,095 in one line
_OTHER_LETTERS = "привет, Ёж"


async def _ready_user(trial: Trial, manners: ClientManners) -> User:
    user = start_client(trial, manners)
    await user.expect_ready()
    return user


async def sends_a_line(trial: Trial, manners: ClientManners) -> str | None:
    """EC-2."""
    user = start_client(trial, manners)
    if not await user.ready():
        if received := user.server.listener.received():
            if user.operator.answers and user.operator.answers[-1].encode() in received:
                return _("It sends the answers to its questions, and takes no other line.")
            raise Failed(user.story(_("The client sends texts of its own")), user.cause())
        await _expect_no_receiving_first(trial, user)
    await user.expect_ready()
    line = trial.line(12)
    user.type_line(line)
    await user.expect_received(line.encode())
    if manners.sends_late:
        raise Weak(_("The line is not sent before exit is typed."))
    return None


async def _expect_no_receiving_first(trial: Trial, user: User) -> None:
    """See that a client that waits for the server does not only wait for its end.

    Raises:
        Failed: If it takes a line, and sends it, once the server has ended its direction alone.
        NotChecked: If not, and it waits for the server; perhaps for other words.
    """
    if not user.program.look().waits_for_peer:
        return
    trial.step(_("the server sends FIN: it says no more, and still receives"))
    user.server.finish()
    await user.program.settle(trial.bench.patience)
    line, connections = trial.line(12), len(user.server.listener.peers)
    if not user.program.has_ended and user.program.look().wants_only_terminal:
        user.type_line(line)
        # A client that connects anew has noticed the end, and is another matter.
        is_sent = await user.receives(line.encode())
        if is_sent and len(user.server.listener.peers) == connections:
            raise Failed(
                _(
                    "The client waits for the server before it asks for a line. It takes and sends "
                    "one only after the server has sent FIN."
                ),
                client_mistakes.NOT_IN_A_THREAD,
            )
    raise NotChecked(
        _(
            "The client waits for the server before it asks for a line: for other words, or "
            "perhaps in a loop with recv() that runs in no thread."
        )
    )


async def shows_the_reply(trial: Trial, manners: ClientManners) -> str | None:
    """EC-3."""
    user = start_client(trial, manners)
    is_ready = await user.ready()
    reply, screen = user.server.last_reply, user.program.terminal.text.encode()
    if not is_ready and reply and came_back(screen, reply, is_exact=True):
        return _("It sends texts of its own.")
    await user.expect_ready()
    line = trial.line(12)
    user.type_line(line)
    if not await user.receives(line.encode()) and user.server.unanswered:
        user.server.echo()  # it sends something else: that is for another requirement
        await user.expect_shown(user.server.last_reply.strip())
        return None
    try:
        await user.expect_received(line.encode())
    except Failed as failure:  # EC-2 tells it
        raise NotChecked(failure.note) from None
    user.server.echo()
    await user.expect_shown(line.swapcase().encode())
    if manners.shows_after:
        raise Weak(
            _(
                "The reply is not shown before {shows_after} is typed.",
                shows_after=manners.shows_after,
            )
        )
    return None


async def shows_pieces(trial: Trial, manners: ClientManners) -> None:
    """EC-4."""
    user = await _ready_user(trial, manners)
    line = trial.line(12)
    user.type_line(line)
    received = await user.expect_received(line.encode())
    border = received.index(line.encode()) + len(line) // 2
    reply = received.replace(line.encode(), line.swapcase().encode())
    trial.step(_("the server replies in two pieces"))
    user.server.say(reply[:border])
    await trial.activity.pause(APART_SECONDS)
    user.server.say(reply[border:])
    await user.expect_shown(line.swapcase().encode())


async def sends_a_long_line(trial: Trial, manners: ClientManners) -> None:
    """EC-5."""
    user = await _ready_user(trial, manners)
    await user.have_echoed(trial.line(_LONG_CHARACTERS))


async def sends_several_lines(trial: Trial, manners: ClientManners) -> None:
    """EC-6."""
    user = await _ready_user(trial, manners)
    lines = [trial.line(12) for _number in range(3)]
    for line in lines:
        user.type_line(line)
        if not manners.sends_late:
            await user.expect_received(line.encode())
            user.server.echo()
        if line is lines[0] and not await user.ready() and user.program.status == 0:
            raise NotOffered(_("The client sends one line and ends."))
        await user.expect_ready()
    if manners.sends_late:
        await user.expect_received(lines[-1].encode())
        raise Weak(_("The lines are not sent before exit is typed."))
    await _survives_an_empty_line(user, trial.bench.patience)


async def _survives_an_empty_line(user: User, patience: float) -> None:
    """See that a client asks for the next line after Enter, or ends.

    Raises:
        Weak: If it sends nothing, and waits for the answer.
    """
    user.type_line("")
    await user.program.settle(patience)
    snapshot = user.program.look()
    if user.server.unanswered or user.program.has_ended or user.server.is_left:
        return
    gives_up = any(each.state.timeout < inf for each in snapshot.threads)
    if snapshot.is_waiting and not snapshot.wants_terminal and not gives_up:
        raise Weak(
            _("After an empty line, the client sends nothing and waits for an answer."),
            mistakes.EMPTY_LINE,
        )


async def sends_other_letters(trial: Trial, manners: ClientManners) -> None:
    """EC-15."""
    user = await _ready_user(trial, manners)
    user.type_line(_OTHER_LETTERS)
    try:
        received = await user.expect_received(_OTHER_LETTERS.encode())
    except Failed as failure:
        if form := other_form(_OTHER_LETTERS, user.server.unanswered):
            failure.note, failure.mistake = form
        raise
    reply = _OTHER_LETTERS.swapcase()
    user.server.say(received.replace(_OTHER_LETTERS.encode(), reply.encode()))
    trial.step(_('the client shows the reply "{reply}"', reply=reply))
    if await user.shows_reply(reply.encode()):
        return
    if _shows_bytes(user, reply):
        raise _shown_as_bytes()
    if user.program.traceback:
        raise Failed(
            user.story(_("It cannot show the reply")), likely_cause(user.program.traceback)
        )
    if begun := beginning(reply.encode(), user.shown.strip().encode()):
        note = _(
            "Only the beginning of the reply is on the screen, {shown:,} of {count:,} bytes",
            shown=len(begun),
            count=len(reply.encode()),
        )
        counts = len(begun) - len(reply) in (0, 1)  # perhaps with a newline
        raise Failed(
            user.story(note),
            client_mistakes.COUNTS_LETTERS if counts else mistakes.PIECES_LOST,
            Difference(reply.encode(), begun),
        )
    raise Failed(_("The reply is not on the screen."))


def _shown_as_bytes() -> Weak:
    note = _("The client shows the bytes of the reply, not its letters.")
    return Weak(note, mistakes.SHOWS_BYTES)


def _shows_bytes(user: User, text: str) -> bool:
    escaped = repr(text.encode())[2:-1].encode()
    return came_back(user.shown.encode(), escaped, is_exact=True)


async def shows_a_split_letter(trial: Trial, manners: ClientManners) -> None:
    """EC-19."""
    user = await _ready_user(trial, manners)
    user.type_line(_OTHER_LETTERS)
    received = await user.expect_received(_OTHER_LETTERS.encode())
    shown = _OTHER_LETTERS.swapcase()
    reply = received.replace(_OTHER_LETTERS.encode(), shown.encode())
    first = reply.index(shown.encode()) + 1
    last = first + len(shown.encode()) - 2
    trial.step(_("the server replies in three pieces, cut inside the first and the last letter"))
    user.server.say(reply[:first])
    await trial.activity.pause(APART_SECONDS)
    has_waited = user.program.look().waits_for_peer  # then it does not decode each portion
    user.server.say(reply[first:last])
    await trial.activity.pause(APART_SECONDS)
    user.server.say(reply[last:])
    trial.step(_('the client shows the reply "{reply}"', reply=shown))
    if await user.shows_reply(shown.encode()):
        return
    if _shows_bytes(user, shown):
        raise _shown_as_bytes()
    if user.program.traceback:
        cause = likely_cause(user.program.traceback)
        if has_waited and cause is mistakes.DECODED_PORTIONS:
            cause = client_mistakes.COUNTS_LETTERS
        raise Failed(user.story(_("It cannot show the reply")), cause)
    # Words of the client may stand between the pieces, but the letter must be whole.
    raise Failed(_("The letter that was cut is not on the screen."))
