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

from twisted_lab.interfaces import Reactor
from twisted_lab.operations.control_commands import (
    PAGE,
    Disconnect,
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
    "stop": "",
}


class ControlOptions(Options):
    """Options of the client."""

    command = "twisted_lab.control"
    synopsis = "Usage: python -m twisted_lab.control [options] COMMAND"
    longdesc = "The commands are " + ", ".join(
        f"{word} {needs}".strip() for word, needs in WORDS.items()
    )
    word: str
    objects: list[str]

    control = option.parsed(
        "The server's --control endpoint.", control_endpoint, default=CONTROL, metavar="unix:PATH"
    )

    def parseArgs(self, word: str = "", *others: str) -> None:
        """Parse the command and its arguments."""
        if not word:
            raise UsageError(f"the command is missing: one of {', '.join(WORDS)}")
        if word not in WORDS:
            raise UsageError(f"a command is one of {', '.join(WORDS)}, not {word!r}")
        needs = WORDS[word].split()
        if not len(needs) - ("[ARGUMENT]" in needs) <= len(others) <= len(needs):
            raise UsageError(f"usage: {word} {WORDS[word]}".rstrip())
        self.word = word
        # Python keeps bytes that are not UTF-8 as lone surrogates, which AMP could not encode.
        self.objects = [other.encode(errors="replace").decode() for other in others]


def show(text: str) -> None:
    """Write `text` to standard output."""
    write_out(ControlOptions.command, text)


async def status(control: AMP) -> None:
    """Print the status of the process and its services."""
    answer = await control.callRemote(Status)
    minutes, seconds = divmod(int(answer["seconds"]), 60)
    hours, minutes = divmod(minutes, 60)
    show(
        f"twisted_lab {answer['version']}, process {answer['pid']}, up for "
        f"{hours}:{minutes:02}:{seconds:02}, log level {answer['level']}"
    )
    rows: list[tuple[object, ...]] = [
        ("service", "address", "connected", "in all", "refused", "errors")
    ]
    for service in answer["services"]:
        paused = " (paused)" if service["paused"] else ""
        counts = (service[key] for key in ("connected", "total", "refused", "errors"))
        rows.append((service["name"], service["addresses"] + paused, *counts))
    show(table(rows))


async def connections(control: AMP) -> None:
    """List the connected peers."""
    rows: list[tuple[object, ...]] = [
        ("service", "peer", "name", "seconds", "bytes in", "bytes out")
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
        raise Refusal(f"not answered, so their connections are unknown: {', '.join(silent)}")


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
                f"no peer is connected as {thing}; the command connections lists the peers"
            )
        show(f"disconnected: {answer['count']}")
        check_answered(answer["silent"])
    elif word == "tell":
        asked, argument = (*others, "")[:2]
        answer = await control.callRemote(Tell, service=thing, word=asked, argument=argument)
        show(answer["answer"].rstrip("\n"))
    elif word == "log-level":
        await control.callRemote(SetLogLevel, level=thing)
        show(f"the log has events from level {thing} up, until the next start")
    elif word == "stop":
        await control.callRemote(Stop)
        show("stopping")
    else:
        action = {"pause": Pause, "resume": Resume}[word]
        answer = await control.callRemote(action, service=thing)
        show(f"{word}d: {answer['service']}")


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
        problem = str(error)
    except ConnectError as error:
        problem = (
            f"no server listens at {where}: {os.strerror(error.osError or errno.EIO)}; the server "
            f"must have been started with --control {where}, and you must be its user"
        )
    except NoAnswer:
        problem = f"the server has not answered within {ANSWER_SECONDS:g} s"
    except AmpError as error:
        problem = f"cannot send the command: {type(error).__name__}"
    except ConnectionClosed:
        problem = "the server has closed the connection; look into its log"
    else:
        return
    complain(options.command, problem)
    raise SystemExit(1)
