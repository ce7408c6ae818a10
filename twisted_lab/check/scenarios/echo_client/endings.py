"""Echo clients: how they end, and what they do about a server that is not there."""

from __future__ import annotations

from collections.abc import Sequence

from twisted_lab.check.conversation.event_words import empty_report, forms, tells_events
from twisted_lab.check.outcomes import Failed, Info, NotChecked, NotOffered, Weak
from twisted_lab.check.prompts.question import Kind, Question
from twisted_lab.check.requirements import mistakes
from twisted_lab.check.subjects.operator import Answer
from twisted_lab.check.trials.client_manners import ClientManners
from twisted_lab.check.trials.start_client import start_client
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.user import EXIT, User
from twisted_lab.text.escaping import escape
from twisted_lab.text.language import _

_END_SECONDS = 2.0
_SILENT_SECONDS = 1.5
_LINES_AFTER_CLOSE = 3  # some clients notice at the first line, others at the second
_BUSY_SECONDS = 0.4
_MOST_BUSY = 0.25  # of one processor


async def _one_line_sent(trial: Trial, manners: ClientManners) -> tuple[User, str]:
    if manners.sends_late:
        raise NotOffered(_("The client sends nothing before exit."))
    user = start_client(trial, manners)
    await user.expect_ready()
    line = trial.line(12)
    user.type_line(line)
    await user.expect_received(line.encode())
    return user, line


async def ends_at_exit(trial: Trial, manners: ClientManners) -> None:
    """EC-7."""
    user = start_client(trial, manners)
    for _line in range(2):
        await user.expect_ready()
        line = trial.line(12)
        user.type_line(line)
        if await user.receives(line.encode()):
            user.server.echo()
    await user.expect_ready()
    user.type_line(EXIT)
    trial.step(_("the client ends with status 0"))
    await user.leave()
    status = user.program.status
    if status is None:
        if user.program.look().wants_terminal:
            note = _("The client asks for another line after exit.")
            has_left = all(peer.has_ended for peer in user.server.listener.peers)
            raise Failed(
                note, mistakes.EXIT_DOES_NOT_END if has_left else mistakes.EXIT_NOT_RECOGNISED
            )
        raise Failed(_("The client still runs after exit."), mistakes.EXIT_DOES_NOT_END)
    if status:
        raise Failed(user.story(_("It does not end in order")), user.cause() or mistakes.UNCAUGHT)


async def ends_at_end_of_input(trial: Trial, manners: ClientManners) -> None:
    """EC-8."""
    user = start_client(trial, manners)
    await user.expect_ready()
    trial.step(_("Ctrl-D is typed: the end of the input"))
    user.program.poked(is_typed=True)
    user.program.terminal.end_input()
    await user.leave()
    if not user.program.has_ended:
        note = user.story(_("The client goes on after the end of its input"))
        raise Failed(note, user.cause() or mistakes.SPINS)
    if user.program.traceback:
        raise Failed(user.story(_("The end of the input is not caught")), user.cause())


async def tells_that_the_server_closed(trial: Trial, manners: ClientManners) -> None:
    """EC-9."""
    user, line = await _one_line_sent(trial, manners)
    user.server.echo()
    if not await user.ready():
        if user.program.status == 0:
            raise NotOffered(_("The client ends by itself after one line."))
        if user.program.has_ended:
            raise NotChecked(user.story(_("It does not ask for another line")))
        raise NotChecked(_("It waits for other words of the server before it takes another line."))
    usual, own = user.shown, [line, line.swapcase()]
    shown = len(user.program.terminal.text)
    said = ""
    trial.step(_("the server closes the connection; more lines are typed"))
    user.server.listener.close()
    user.server.close()
    for _line in range(_LINES_AFTER_CLOSE):
        if not await user.program.settle(_END_SECONDS) and await _is_busy(user):
            raise Failed(_("The client spins after the server has closed."))
        if user.program.has_ended or not user.program.look().wants_terminal:
            break
        own.append(trial.line(12))
        said += user.program.terminal.text[shown:] + "\n"
        shown = len(user.program.terminal.text)
        user.type_line(own[-1])
    await user.program.settle(_END_SECONDS)
    said += user.program.terminal.text[shown:]
    _expect_told(user, usual, said, own)


def _expect_told(user: User, usual: str, said: str, own: list[str]) -> None:
    """See that a client tells that the server has closed.

    Args:
        user: Its user.
        usual: What it printed when a line was answered.
        said: What it has printed since the server closed.
        own: What was typed, and the first line's reply.
    """
    if "Traceback" in said:
        raise Failed(user.story(_("The end of the connection is not caught")), user.cause())
    before = forms(usual, *own)
    news = [form for form in forms(said, *own) if form not in before]
    if tells_events("\n".join(news)):
        return
    if not user.program.has_ended:
        raise Failed(_("The client does not tell that the connection has ended."))
    if news:
        return
    if line := empty_report(usual, said, own[1]):
        raise Failed(
            _(
                'The client shows "{line}", although nothing has come; then it ends, and does not '
                "tell why.",
                line=escape(line),
            )
        )
    raise Weak(_("The client ends without a word."), mistakes.SILENT_END)


async def _is_busy(user: User) -> bool:
    if await user.program.settle(_SILENT_SECONDS / 3):
        return False
    return await user.program.busy_share(_BUSY_SECONDS) > _MOST_BUSY


async def tells_that_nobody_listens(trial: Trial, manners: ClientManners) -> None:
    """EC-10."""
    is_asked_again = False
    began = 0  # where the text after the last question for the address begins

    def decide(question: Question, asked: Sequence[Question], usual: Answer) -> str | None:
        nonlocal is_asked_again, began
        is_asked_again = list(asked).count(question) >= manners.questions.count(question) > 0
        line = None if is_asked_again else usual(question, asked)
        if line is not None and question.kind is not Kind.CONTINUE:
            began = len(user.program.terminal.text)
        return line

    user = start_client(trial, manners, decide=decide, has_server=False)
    is_ready = await user.ready()
    if is_ready and not is_asked_again:
        user.type_line(trial.line(12))  # it may connect only now
    await user.program.settle(trial.bench.patience)
    text = user.program.terminal.text[began:]
    if "Traceback" in text:
        raise Failed(user.story(_("A refused connection is not caught")), user.cause())
    if not text.strip():
        raise Failed(_("The client says nothing."), mistakes.SILENT_END)


async def tells_what_silence_does(trial: Trial, manners: ClientManners) -> None:
    """EC-11."""
    user, _line = await _one_line_sent(trial, manners)
    trial.step(_("the server stays silent"))
    shown = len(user.program.terminal.text)
    await trial.activity.until(lambda: user.program.has_ended, _SILENT_SECONDS)
    if user.program.has_ended:
        if user.program.traceback:
            raise Weak(user.story(_("The client gives up")), user.cause())
        raise Info(_("The client gives up with status {status}.", status=user.program.status))
    if user.program.look().wants_terminal:
        raise Info(_("The client takes the next line while it waits for the reply."))
    if user.program.terminal.text[shown:].strip():
        raise Info(_("The client waits, and says so."))
    raise Info(_("The client waits without a word."))
