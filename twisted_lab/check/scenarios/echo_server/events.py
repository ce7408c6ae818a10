"""Echo servers: what they report, on the console and in a log file."""

from __future__ import annotations

from twisted_lab.check.conversation.causes import likely_cause
from twisted_lab.check.conversation.event_words import empty_report, tells_events
from twisted_lab.check.outcomes import Failed, NotOffered, Weak
from twisted_lab.check.prompts.words import latin
from twisted_lab.check.requirements import mistakes
from twisted_lab.check.requirements.requirement import Mistake
from twisted_lab.check.subjects.server import StartedServer
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.start_server import connect_client, start_server
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import N_, _

_STOP_SECONDS = 2.0
_SETTLE_SECONDS = 1.0  # what is to be reported has happened: reports come at once
_TEXTS = 4  # the first may be taken for a name and passwords, which are no events
_EVENTS = 6  # start, connect, received, sent, disconnect, stop
_MESSAGES = N_("messages received and sent")
_DATA = (".pyc", ".db", ".sqlite", ".pkl")  # not text, so no log


class _Reports:
    """Counts the lines that a server adds to its console and its files."""

    def __init__(self, trial: Trial, server: StartedServer) -> None:
        self._trial = trial
        self._server = server
        self._lines = self._count()

    def _count(self) -> int:
        return self._server.program.terminal.text.count("\n") + self.in_files()

    def in_files(self) -> int:
        """Return how many lines its files have."""
        return sum(text.count("\n") for text in logs(self._server).values())

    async def new_lines(self) -> int:
        """Return how many lines have been added since the last call, once the server waits."""
        await self._server.program.settle(_SETTLE_SECONDS)
        before, self._lines = self._lines, self._count()
        return self._lines - before


def logs(server: StartedServer) -> dict[str, str]:
    """Return the files that report events."""
    return {
        name: text
        for name, data in server.sandbox.files().items()
        if not name.endswith(_DATA) and tells_events(text := data.decode(errors="replace"))
    }


async def reports_events(trial: Trial, manners: Manners) -> None:
    """ES-19."""
    server = await start_server(trial, manners)
    await server.program.settle(_SETTLE_SECONDS)
    missing = []
    if not server.program.terminal.text[server.program.answered :].strip() and not logs(server):
        missing.append(N_("its start"))
    reports = _Reports(trial, server)
    client = await connect_client(trial, server, manners)
    if not await reports.new_lines():
        missing.append(N_("a connect"))
    text, terminal = trial.text(12), server.program.terminal
    said = len(terminal.text)
    await client.talk(text)
    lines = await reports.new_lines()
    left = len(terminal.text)
    if not lines or (lines < 2 and not server.program.has_ended):
        missing.append(N_("messages sent") if lines else _MESSAGES)
    due = 4  # a message received, one sent, a disconnect and the stop
    if not server.program.has_ended:
        await client.leave()
        lines, due = await reports.new_lines(), 2
    if not lines:
        missing.append(N_("a disconnect"))
    in_time = reports.in_files()
    if server.program.has_ended and lines and "Traceback" not in server.program.unanswered:
        if lines < due:
            raise Weak(
                _(
                    "The server ended together with its client. Of the last {due} events, it "
                    "reported {lines}.",
                    due=due,
                    lines=lines,
                )
            )
    else:
        await server.program.stop(_STOP_SECONDS)
        if "Traceback" in server.program.unanswered or not await reports.new_lines():
            missing.append(N_("its stop"))
    if not missing:
        talked = terminal.text[said:left]
        if line := empty_report(talked, terminal.text[left:], text.decode()):
            note = _('After its client left, it printed "{line}", as for a message.', line=line)
            raise Weak(note, mistakes.END_NOT_TESTED)
        return
    note = _("The server does not report {missing}.", missing=", ".join(map(_, missing)))
    late = reports.in_files() - in_time
    if late > _EVENTS - 2:  # its start may have been in time, and it was counted at its stop
        return  # ES-27 tells that the log reaches the file late
    if late > 1 or not {"a connect", _MESSAGES, "a disconnect"} <= set(missing):
        raise Weak(note, _cause(server.program.traceback) if missing == ["its stop"] else None)
    raise Failed(note)


def _cause(traceback: str) -> Mistake | None:
    """Return why a server that a traceback ended does not report its stop."""
    if traceback == "KeyboardInterrupt":
        return mistakes.CTRL_C_TRACEBACK
    return likely_cause(traceback)


async def keeps_a_log_file(trial: Trial, manners: Manners) -> None:
    """ES-26."""
    await _log(trial, manners)


async def writes_the_log_at_once(trial: Trial, manners: Manners) -> None:
    """ES-27."""
    if not await _log(trial, manners):
        raise Weak(_("The log has its events only after the server has ended."))


def _has_log(server: StartedServer, source: bytes, text: bytes) -> bool:
    """Return whether a file reports events, or has the address of a client and its last text."""
    files = server.sandbox.files().values()
    return bool(logs(server)) or any(source in data and text in data for data in files)


async def _log(trial: Trial, manners: Manners) -> bool:
    """Have a conversation, stop the server, and return whether its log was there before.

    Raises:
        NotOffered: If no file was changed.
        Failed: If a file is named as a log, and has nothing in it.
    """
    server = await start_server(trial, manners)
    client = await connect_client(trial, server, manners)
    source = client.peer.address[0].encode()
    for _text in range(_TEXTS):
        text = trial.text(12)
        await client.talk(text)
        if client.peer.has_ended or manners.needs_end:
            break
    await client.leave()
    trial.step(_("the files of the server's folder are read"))
    before = _has_log(server, source, text)
    trial.step(_("the server is stopped with Ctrl-C, and the files are read again"))
    await server.program.stop(_STOP_SECONDS)
    if _has_log(server, source, text):
        return before
    files = server.sandbox.files()
    # Another empty file may be for names or passwords, and nobody has given one.
    empty = [
        name
        for name, data in files.items()
        if not data and "log" in latin(name).replace("login", "")
    ]
    if empty:
        raise Failed(_("The file {file} is empty, even after the server has ended.", file=empty[0]))
    raise NotOffered(_("The server writes no log file."))
