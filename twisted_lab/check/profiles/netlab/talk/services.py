"""The servers of one check: one for each framing and set of options, started when it is needed.

A start takes 0.4 s of CPU time, more than most conversations. So a server stays for the
requirements that follow, and each of them has peers with addresses of their own. After a failure
the next trial has a fresh one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from twisted_lab.check.bench import Bench
from twisted_lab.check.outcomes import NotOffered
from twisted_lab.check.profiles.netlab.talk.wire import Framing
from twisted_lab.check.sandbox.sandbox import Sandbox
from twisted_lab.check.subjects.server import StartedServer
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.start_server import start_server
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import _

OPTIONS, FRAMING, SERVICE = "{options}", "{framing}", "{service}"
_DEFAULT_FRAMINGS = {"echo": "", "messages": "int32"}
# One number for both: then a client needs to know one.
_ALWAYS = {"chat": ("--tcp-port", "{port}")}


def filled_command(
    command: Sequence[str], service: str, framing: Framing | None, options: Sequence[str]
) -> tuple[str, ...]:
    """Return a command with what stands in braces filled in, but for the port.

    Args:
        command: The command.
        service: The service, such as ``echo``.
        framing: The framing; None for the echo.
        options: The options that it needs.

    Raises:
        NotOffered: The command has no place for the framing or the options.
    """
    words = [*options]
    usual = _DEFAULT_FRAMINGS.get(service, "text")
    name = framing.name if framing else ""
    if framing and framing.count:
        words += ["--count", framing.count]
    if name != usual and not any(FRAMING in word for word in command):
        words += ["--framing", name]
    if words and OPTIONS not in command:
        note = _("The command has no {place} for {words}.", place=OPTIONS, words=" ".join(words))
        raise NotOffered(note)
    words += _ALWAYS.get(service, ())
    found: list[str] = []
    for word in command:
        found += words if word == OPTIONS else [word.replace(FRAMING, name or usual)]
    return tuple(word.replace(SERVICE, service) for word in found)


class Services:
    """The servers of one check.

    Args:
        bench: What all trials share.
        default: The command that uses none of the files of the current folder.
    """

    behaviour: tuple[str, ...] = ()

    def __init__(self, bench: Bench, default: Sequence[str]) -> None:
        self._bench = bench
        self._running: dict[tuple[str, ...], tuple[StartedServer, Trial]] = {}
        self._stack = ExitStack()
        self._folder = bench.folder
        if tuple(bench.command) == tuple(default):
            self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self._stack.callback(self.stop_all)
        bench.at_end.append(self._stack.close)

    def command(
        self, service: str, framing: Framing | None, options: Sequence[str]
    ) -> tuple[str, ...]:
        """Return the command of a server: see `filled_command`."""
        return filled_command(self._bench.command, service, framing, options)

    async def running(self, command: tuple[str, ...]) -> StartedServer:
        """Return the server of a command, which is started if none runs.

        Raises:
            Failed: It does not listen.
        """
        if command in self._running and self._running[command][0].program.has_ended:
            self.stop(command)
        if command not in self._running:
            trial = self.trial(command)
            try:
                self._running[command] = (await start(trial), trial)
            except BaseException:
                trial.close()
                raise
            finally:
                self._bench.lacks = trial.bench.lacks
        return self._running[command][0]

    def trial(self, command: tuple[str, ...]) -> Trial:
        """Return a trial in which a server of a command can be started; the caller closes it."""
        bench = replace(self._bench, command=command, folder=self._folder)
        return Trial(bench, "service")

    def stop(self, command: tuple[str, ...]) -> None:
        """End the server of a command, if it runs."""
        if command in self._running:
            _server, trial = self._running.pop(command)
            trial.close()

    def stop_all(self) -> None:
        """End all servers."""
        for command in tuple(self._running):
            self.stop(command)


async def start(trial: Trial, sandbox: Sandbox | None = None) -> StartedServer:
    """Start the server of a trial, in a new sandbox if there is none.

    Raises:
        Failed: It does not listen.
    """
    return await start_server(trial, Manners(), sandbox=sandbox)
