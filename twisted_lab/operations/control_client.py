"""Client of the control channel, for ``python -m twisted_lab.control``."""

from __future__ import annotations

import errno
import os
import sys

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as NoAnswer
from twisted.internet.endpoints import clientFromString, connectProtocol
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.protocols.amp import AMP, AmpError
from twisted.python.usage import UsageError

from twisted_lab.eventlog.options import LEVELS
from twisted_lab.interfaces import Reactor
from twisted_lab.operations.control_commands import (
    PAGE,
    Disconnect,
    Drain,
    ListConnections,
    Pause,
    Refusal,
    Resume,
    SetLogLevel,
    Status,
    Stop,
    Tell,
)
from twisted_lab.process.process_options import CONTROL, control_endpoint
from twisted_lab.text import option
from twisted_lab.text.command_line import Options, complain, write_out
from twisted_lab.text.escaping import escape
from twisted_lab.text.language import N_, Message, _
from twisted_lab.text.nearest import with_nearest
from twisted_lab.text.tables import table

ANSWER_SECONDS = 10.0  # seconds until an answer
# Each command with the names of its arguments.
WORDS = {
    "status": "",
    "connections": "",
    "pause": "SERVICE",
    "resume": "SERVICE",
    "tell": "SERVICE WORD [ARGUMENT]",
    "disconnect": "PEER",
    "log-level": "LEVEL",
    "drain": "[SECONDS]",
    "stop": "",
}
DRAIN_SECONDS = "60"
LONGEST_DRAIN = 86_400  # seconds


class ControlOptions(Options):
    """Options of the client."""

    command = "twisted_lab.control"
    synopsis = "Usage: python -m twisted_lab.control [options] COMMAND"
    longdesc = N_(
        "The commands are {commands}",
        commands=", ".join(f"{word} {needs}".strip() for word, needs in WORDS.items()),
    )
    word: str
    objects: list[str]

    control = option.parsed(
        N_("The server's --control endpoint."),
        control_endpoint,
        default=CONTROL,
        metavar="unix:PATH",
    )

    def parseArgs(self, word: str = "", *others: str) -> None:
        """Parse the command and its arguments."""
        if not word:
            names = ", ".join(WORDS)
            raise UsageError(_("the command is missing: one of {commands}", commands=names))
        if word not in WORDS:
            problem = _(
                "a command is one of {words}, not {word!r}", words=", ".join(WORDS), word=word
            )
            raise UsageError(with_nearest(problem, word, WORDS))
        needs = WORDS[word].split()
        least = sum(not each.startswith("[") for each in needs)
        if not least <= len(others) <= len(needs):
            usage = f"{word} {WORDS[word]}".rstrip()
            raise UsageError(_("usage: {words}", words=usage))
        if word == "log-level" and others[0] not in LEVELS:
            known, text = ", ".join(LEVELS), others[0]
            problem = _("a level is one of {known}, not {text!r}", known=known, text=text)
            raise UsageError(with_nearest(problem, text, LEVELS))
        if word == "drain" and others:
            _check_seconds(others[0])
        self.word = word
        # Python keeps bytes that are not UTF-8 as lone surrogates, which AMP could not encode.
        self.objects = [other.encode(errors="replace").decode() for other in others]


def _check_seconds(text: str) -> None:
    number = option.seconds("", default=0, least=0, most=LONGEST_DRAIN)
    assert number.read is not None
    number.read(text)


def show(text: str) -> None:
    """Write `text` to standard output."""
    write_out(ControlOptions.command, text)


async def status(control: AMP) -> None:
    """Print the status of the process and its services.

    Raises:
        Refusal: Some workers hang, or a database cannot be used.
    """
    answer = await control.callRemote(Status)
    minutes, seconds = divmod(int(answer["seconds"]), 60)
    hours, minutes = divmod(minutes, 60)
    show(
        _(
            "twisted_lab {version}, process {pid}, up for "
            "{hours}:{minutes:02}:{seconds:02}, log level {level}",
            version=answer["version"],
            pid=answer["pid"],
            hours=hours,
            minutes=minutes,
            seconds=seconds,
            level=answer["level"],
        )
    )
    if (left := answer["draining"]) is not None:
        show(_("draining; the process ends within {seconds} s", seconds=round(left)))
    rows: list[tuple[object, ...]] = [
        (_("service"), _("address"), _("connected"), _("in all"), _("refused"), _("errors"))
    ]
    for service in answer["services"]:
        paused = " " + _("(paused)") if service["paused"] else ""
        counts = (service[key] for key in ("connected", "total", "refused", "errors"))
        rows.append((service["name"], service["addresses"] + paused, *counts))
    show(table(rows))
    hung = [
        _("{name} ({seconds:.0f} s)", name=service["name"], seconds=service["hung"])
        for service in answer["services"]
        if service["hung"] is not None
    ]
    problems = [
        _(
            "cannot use the database {name}, for {seconds:,} s now: {reason}",
            name=outage["name"],
            seconds=round(outage["seconds"]),
            reason=outage["reason"],
        )
        for outage in answer["outages"] or ()
    ]
    if hung:
        problems.append(
            _(
                "no report for some seconds, so these workers may hang: {names}",
                names=", ".join(hung),
            )
        )
    if problems:
        raise Refusal("; ".join(problems))


async def connections(control: AMP) -> None:
    """List the connected peers."""
    rows: list[tuple[object, ...]] = [
        (_("service"), _("peer"), _("name"), _("seconds"), _("bytes in"), _("bytes out"))
    ]
    silent: list[str] = []
    for first in range(0, sys.maxsize, PAGE):
        answer = await control.callRemote(ListConnections, first=first)
        page = answer["connections"]
        silent += answer["silent"]
        rows += [
            (
                connection["service"],
                connection["peer"],
                escape(connection["name"]) or "-",
                f"{connection['seconds']:.0f}",
                connection["bytes_in"],
                connection["bytes_out"],
            )
            for connection in page
        ]
        if len(page) < PAGE:
            break
    show(table(rows))
    check_answered(silent)


def check_answered(silent: list[str]) -> None:
    """Check that all workers have answered.

    Raises:
        Refusal: The workers in `silent` have not answered.
    """
    if silent:
        raise Refusal(
            _("not answered, so their connections are unknown: {names}", names=", ".join(silent))
        )


async def say(control: AMP, word: str, thing: str = "", *others: str) -> None:
    """Send a command to the process, and print the answer.

    Raises:
        Refusal: The process refuses the command, or not all workers have answered.
    """
    if word == "status":
        await status(control)
    elif word == "connections":
        await connections(control)
    elif word == "disconnect":
        answer = await control.callRemote(Disconnect, peer=thing)
        if not (answer["count"] or answer["silent"]):
            raise Refusal(
                _(
                    "no peer is connected as {peer}; the command connections lists the peers",
                    peer=thing,
                )
            )
        show(_("disconnected: {count}", count=answer["count"]))
        check_answered(answer["silent"])
    elif word == "tell":
        asked, argument = (*others, "")[:2]
        answer = await control.callRemote(Tell, service=thing, word=asked, argument=argument)
        show(answer["answer"].rstrip("\n"))
    elif word == "log-level":
        await control.callRemote(SetLogLevel, level=thing)
        show(_("the log has events from level {level} up, until the next start", level=thing))
    elif word == "drain":
        seconds = int(thing or DRAIN_SECONDS)
        await control.callRemote(Drain, seconds=seconds)
        show(_("draining; the process ends within {seconds} s", seconds=seconds))
    elif word == "stop":
        await control.callRemote(Stop)
        show(_("stopping"))
    else:
        action, done = {
            "pause": (Pause, N_("paused: {service}")),
            "resume": (Resume, N_("resumed: {service}")),
        }[word]
        answer = await control.callRemote(action, service=thing)
        show(_(done, service=answer["service"]))


async def main(reactor: Reactor, options: ControlOptions) -> None:
    """Connect, and send the command in `options`.

    Raises:
        SystemExit: The command failed (status 1); the reason is on standard error.
    """
    where = options.control
    try:
        control = await connectProtocol(clientFromString(reactor, where), AMP())
        saying = Deferred.fromCoroutine(say(control, options.word, *options.objects))
        await saying.addTimeout(ANSWER_SECONDS, reactor)
    except Refusal as error:
        problem = _(error)
    except ConnectError as error:
        problem = _(
            "no server listens at {where}: {reason}; the server must have been started with "
            "--control {where}, and you must be its user",
            where=where,
            reason=Message(os.strerror(error.osError or errno.EIO)),
        )
    except NoAnswer:
        problem = _("the server has not answered within {seconds:g} s", seconds=ANSWER_SECONDS)
    except AmpError as error:
        problem = _("cannot send the command: {name}", name=type(error).__name__)
    except ConnectionClosed:
        problem = _("the server has closed the connection; look into its log")
    else:
        return
    complain(options.command, problem)
    raise SystemExit(1)
