"""Echo servers: what they report, on the console and in a log file."""

from __future__ import annotations

from collections.abc import Sequence

from twisted_lab.check.conversation.causes import likely_cause
from twisted_lab.check.conversation.event_words import (
    MESSAGES,
    empty_report,
    tells_a_disconnect,
    tells_events,
    untold_messages,
)
from twisted_lab.check.outcomes import Failed, NotOffered, Weak
from twisted_lab.check.prompts.words import latin
from twisted_lab.check.requirements import mistakes
from twisted_lab.check.requirements.requirement import Mistake
from twisted_lab.check.scenarios.echo_server.life import expect_no_crash
from twisted_lab.check.subjects.server import StartedServer
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.start_server import connect_client, start_server
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import N_, _, ngettext

_STOP_SECONDS = 2.0
_SETTLE_SECONDS = 1.0  # what is to be reported has happened: reports come at once
_TEXTS = 4  # the first may be taken for a name and passwords, which are no events
_EVENTS = 6  # start, connect, received, sent, disconnect, stop
_DATA = (".pyc", ".db", ".sqlite", ".pkl")  # not text, so no log


class _Reports:
    """The lines that a server adds to its console and its files.

    Attributes:
        replaced: A file that has lost what it reported before; "" if there is none.
    """

    def __init__(self, trial: Trial, server: StartedServer) -> None:
        self.replaced = ""
        self._trial = trial
        self._server = server
        self._texts = self._read()

    def _read(self) -> dict[str, str]:
        return {"": self._server.program.terminal.text} | logs(self._server)

    def in_files(self) -> int:
        """Return how many lines its files have."""
        return sum(text.count("\n") for text in logs(self._server).values())

    async def new_lines(self) -> list[str]:
        """Return the lines that have been added since the last call, once the server waits."""
        await self._server.program.settle(_SETTLE_SECONDS)
        before, self._texts = self._texts, self._read()
        added = []
        for name, text in self._texts.items():
            lines, had = text.split("\n")[:-1], before.get(name, "")
            added += lines[had.count("\n") :]
            if name and not text.startswith(had):
                self.replaced = name
        return added


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
    expect_no_crash(server.program)
    talked = [line.replace(text.decode(), "") for line in await reports.new_lines()]
    left = len(terminal.text)
    if (untold := untold_messages(talked)) and not (talked and server.program.has_ended):
        missing.append(untold)
    # If the client has sent FIN, or the server has closed, the disconnect may be among them.
    tells_all = len(talked) > 2 or any(map(tells_a_disconnect, talked))
    has_told = tells_all and (manners.needs_end or client.peer.has_ended)
    lines, is_over = talked, server.program.has_ended
    if not is_over:
        await client.leave()
        expect_no_crash(server.program)
        lines = await reports.new_lines()
    if not lines and not has_told:
        missing.append(N_("a disconnect"))
    in_time = reports.in_files()
    if server.program.has_ended and lines:
        _expect_all(len(lines), is_over, missing)
    else:
        await server.program.stop(_STOP_SECONDS)
        if "Traceback" in server.program.unanswered or not await reports.new_lines():
            missing.append(N_("its stop"))
    if not missing:
        seen = terminal.text[said:left]
        if line := empty_report(seen, terminal.text[left:], text.decode()):
            note = _('After its client left, it printed "{line}", as for a message.', line=line)
            raise Weak(note, mistakes.END_NOT_TESTED)
        return
    if reports.replaced:
        note = _(
            "The file {file} is written anew each time: what it held before is lost.",
            file=reports.replaced,
        )
        raise Weak(note, mistakes.LOG_REPLACED)
    note = _not_reported(missing)
    late = reports.in_files() - in_time
    if late > _EVENTS - 2:  # its start may have been in time, and it was counted at its stop
        return  # ES-27 tells that the log reaches the file late
    if late > 1 or not {"a connect", MESSAGES, "a disconnect"} <= set(missing):
        raise Weak(note, _cause(server.program.traceback) if missing == ["its stop"] else None)
    raise Failed(note)


def _expect_all(lines: int, is_over: bool, missing: Sequence[str]) -> None:
    """See that a server that ended with its client has reported its last events.

    Args:
        lines: How many lines it has added since the last event that was reported before.
        is_over: Whether it ended before its client left: it had a message, too.
        missing: What it has not reported before.

    Raises:
        Weak: It has not.
    """
    if is_over and lines < 4:
        note = ngettext(
            "The server ended together with its client: a message received, a message sent, the "
            "disconnect and the stop are four events, and it printed only {n} line for them.",
            "The server ended together with its client: a message received, a message sent, the "
            "disconnect and the stop are four events, and it printed only {n} lines for them.",
            lines,
        )
    elif lines < 2:
        note = _(
            "The server ended together with its client: the disconnect and the stop are two "
            "events, and it printed only one line for them."
        )
    else:
        return
    raise Weak(f"{note} {_not_reported(missing)}" if missing else note)


def _not_reported(missing: Sequence[str]) -> str:
    return _("The server does not report {missing}.", missing=", ".join(map(_, missing)))


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


def _lines(server: StartedServer) -> set[str]:
    return {line for text in logs(server).values() for line in text.split("\n")[:-1]}


async def _log(trial: Trial, manners: Manners) -> bool:
    """Have a conversation, stop the server, and return whether its log was there before.

    Raises:
        NotOffered: If no file was changed.
        Weak: If nothing is left of all that the log had before.
        Failed: If a file is named as a log, and has nothing in it.
    """
    server = await start_server(trial, manners)
    client = await connect_client(trial, server, manners)
    source = client.peer.address[0].encode()
    seen = _lines(server)
    for _text in range(_TEXTS):
        text = trial.text(12)
        await client.talk(text)
        seen |= _lines(server)
        if client.peer.has_ended or manners.needs_end:
            break
    await client.leave()
    seen |= _lines(server)
    trial.step(_("the files of the server's folder are read"))
    before = _has_log(server, source, text)
    trial.step(_("the server is stopped with Ctrl-C, and the files are read again"))
    await server.program.stop(_STOP_SECONDS)
    if _has_log(server, source, text):
        if len(seen) > 1 and not seen & _lines(server):
            note = _(
                "Nothing is left in {files} of what was there while the server ran.",
                files=", ".join(logs(server)),
            )
            raise Weak(note, mistakes.LOG_REPLACED)
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
