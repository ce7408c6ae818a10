"""Echo clients: how they end, and what they do about a server that is not there."""

from __future__ import annotations

from twisted_lab.check.conversation.event_words import tells_events
from twisted_lab.check.outcomes import Failed, Info, Weak
from twisted_lab.check.requirements import mistakes
from twisted_lab.check.trials.client_manners import ClientManners
from twisted_lab.check.trials.start_client import start_client
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.user import User

EXIT = "exit"
_END_SECONDS = 2.0
_SILENT_SECONDS = 1.5
_LINES_AFTER_CLOSE = 3  # some clients notice at the first line, others at the second
_BUSY_SECONDS = 0.4
_MOST_BUSY = 0.25  # of one processor


async def _one_line_sent(trial: Trial, manners: ClientManners) -> User:
    user = start_client(trial, manners)
    await user.expect_ready()
    line = trial.text(12).decode()
    user.type_line(line)
    received = await user.expect_received(line.encode())
    user.reply(received.swapcase())
    return user


async def ends_at_exit(trial: Trial, manners: ClientManners) -> None:
    """EC-7."""
    user = start_client(trial, manners)
    for _ in range(2):
        await user.expect_ready()
        line = trial.text(12).decode()
        user.type_line(line)
        received = await user.expect_received(line.encode())
        user.reply(received.swapcase())
    await user.expect_ready()
    user.type_line(EXIT)
    trial.step("the client ends with status 0")
    await _ending(trial, user)
    status = user.program.status
    if status is None:
        waits = "asks for another line" if user.program.look().wants_terminal else "still runs"
        raise Failed(f"The client {waits} after exit.", mistakes.EXIT_DOES_NOT_END)
    if status:
        raise Failed(user.story("It does not end in order"), user.cause() or mistakes.UNCAUGHT)


async def _ending(trial: Trial, user: User) -> None:
    """Wait for the end of the client; the server replies to what it still says, and closes."""
    while True:
        await user.program.until(lambda: bool(user.unanswered), trial.bench.patience)
        if user.program.has_ended:
            return
        if user.unanswered:
            user.reply(user.unanswered.swapcase())
        elif user.program.look().wants_terminal:
            if not user.operator.answer_question():
                return
        elif user.listener.peers and not all(peer.has_ended for peer in user.listener.peers):
            # It waits for the server; one that ends at exit would close now.
            for peer in user.listener.peers:
                peer.close()
        else:
            await trial.activity.until(lambda: user.program.has_ended, _END_SECONDS)
            return


async def ends_at_end_of_input(trial: Trial, manners: ClientManners) -> None:
    """EC-8."""
    user = start_client(trial, manners)
    await user.expect_ready()
    trial.step("Ctrl-D is typed: the end of the input")
    user.program.terminal.end_input()
    user.program.poked()
    await _ending(trial, user)
    if not user.program.has_ended:
        raise Failed("The client goes on after the end of its input.", mistakes.SPINS)
    if user.program.traceback:
        raise Failed(user.story("The end of the input is not caught"))


async def tells_that_the_server_closed(trial: Trial, manners: ClientManners) -> None:
    """EC-9."""
    user = await _one_line_sent(trial, manners)
    await user.expect_ready()
    shown = len(user.program.terminal.text)
    trial.step("the server closes the connection; more lines are typed")
    for peer in user.listener.peers:
        peer.close()
    user.listener.close()
    for _ in range(_LINES_AFTER_CLOSE):
        await user.program.settle(_END_SECONDS)
        if user.program.has_ended or not user.program.look().wants_terminal:
            break
        user.type_line(trial.text(12).decode())
    await user.program.settle(_END_SECONDS)
    text = user.program.terminal.text[shown:]
    if "Traceback" in text:
        raise Failed(user.story("The end of the connection is not caught"), mistakes.UNCAUGHT)
    if not user.program.has_ended and await _is_busy(user):
        raise Failed("The client spins after the server has closed.", mistakes.SPINS)
    if not tells_events(text) and not user.program.has_ended:
        raise Failed("The client does not tell that the connection has ended.", mistakes.SILENT_END)


async def _is_busy(user: User) -> bool:
    if await user.program.settle(_SILENT_SECONDS / 3):
        return False
    return await user.program.busy_share(_BUSY_SECONDS) > _MOST_BUSY


async def tells_that_nobody_listens(trial: Trial, manners: ClientManners) -> None:
    """EC-10."""
    user = start_client(trial, manners)
    trial.step("nobody listens where it connects")
    user.listener.close()
    if await user.ready() and not user.operator.questions:
        user.type_line(trial.text(12).decode())  # it may connect only now
    await user.program.settle(trial.bench.patience)
    text = user.program.terminal.text[user.program.answered :]
    if "Traceback" in text:
        raise Failed(user.story("A refused connection is not caught"), mistakes.UNCAUGHT)
    if not text.strip():
        raise Failed("The client says nothing.", mistakes.SILENT_END)


async def tells_what_silence_does(trial: Trial, manners: ClientManners) -> None:
    """EC-11."""
    user = start_client(trial, manners)
    await user.expect_ready()
    line = trial.text(12).decode()
    user.type_line(line)
    await user.expect_received(line.encode())
    trial.step("the server stays silent")
    shown = len(user.program.terminal.text)
    await trial.activity.until(lambda: user.program.has_ended, _SILENT_SECONDS)
    if user.program.has_ended:
        if user.program.traceback:
            raise Weak(user.story("The client gives up"), mistakes.UNCAUGHT)
        raise Info(f"The client gives up with status {user.program.status}.")
    if user.program.look().wants_terminal:
        raise Info("The client takes the next line while it waits for the reply.")
    said = user.program.terminal.text[shown:].strip()
    raise Info("The client waits" + (", and says so." if said else " without a word."))
