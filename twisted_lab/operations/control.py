"""Control channel of a process: AMP over a unix socket that only its owner can open."""

from __future__ import annotations

import os
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, ITransport
from twisted.internet.protocol import connectionDone
from twisted.logger import LogLevel
from twisted.protocols.amp import AMP, BinaryBoxProtocol, CommandLocator
from twisted.python.failure import Failure

from twisted_lab import __version__
from twisted_lab.eventlog.options import LEVELS
from twisted_lab.interfaces import StreamTransport
from twisted_lab.operations.control_commands import (
    MOST_ANSWER,
    MOST_REFUSAL,
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
from twisted_lab.operations.operator_connections import OperatorConnection, OperatorFactory
from twisted_lab.operations.operator_service import OperatorService
from twisted_lab.peers import address_text
from twisted_lab.ports.listening import CannotListen
from twisted_lab.process.counts import HUNG_SECONDS
from twisted_lab.process.network_service import NetworkService
from twisted_lab.process.plugins import PREFIX
from twisted_lab.process.service_process import ServiceProcess
from twisted_lab.text.escaping import escape, escape_bytes
from twisted_lab.text.nearest import nearest

Answer = dict[str, Any]


class Controls(CommandLocator):
    """Responders to the commands of one connection.

    Args:
        process: The process under control.
    """

    def __init__(self, process: ServiceProcess) -> None:
        self._process = process
        self._listed: list[Answer] = []

    def _service(self, name: str) -> NetworkService:
        services = {each.events.service: each for each in self._process.public_services}
        for full in (name, f"{PREFIX}{name}"):
            if full in services:
                return services[full]
        near = nearest(name, [each.removeprefix(PREFIX) for each in services])
        meant = f"; did you mean {near}?" if near else ""
        raise Refusal(f"there is no service {name!r}; there are {', '.join(services)}{meant}")

    async def _ask(self, word: str, *arguments: str) -> tuple[list[tuple[str, Any]], list[str]]:
        """Return the answers of all serving processes, and the names of those that gave none."""
        asked = [await each.ask(word, *arguments) for each in self._process.public_services]
        answers = [answer for each in asked for answer in each]
        silent = [name for name, answer in answers if answer is None]
        return [(name, answer) for name, answer in answers if answer is not None], silent

    @Status.responder
    def status(self) -> Deferred[Answer]:
        """See `Status`."""
        return Deferred.fromCoroutine(self._status())

    async def _status(self) -> Answer:
        # Each process of a service, and each service of a process, may know of the same outage.
        answers, _ = await self._ask("outages")
        outages = {name: (reason, seconds) for _, rows in answers for name, reason, seconds in rows}
        drain = self._process.drain
        return {
            "outages": [
                {"name": escape(name), "reason": escape(reason)[:MOST_REFUSAL], "seconds": seconds}
                for name, (reason, seconds) in outages.items()
            ],
            **({"draining": drain.left} if drain else {}),
            "version": __version__,
            "pid": os.getpid(),
            "seconds": self._process.reactor.seconds() - self._process.since,
            "level": self._process.log.level.name,
            "services": [
                row for service in self._process.public_services for row in self._rows(service)
            ],
        }

    def _rows(self, service: NetworkService) -> list[Answer]:
        name = service.events.service
        where = ", ".join(map(address_text, service.addresses))
        rows = [(name, where, service.counts(), 0.0)]
        rows += [
            (f"{name} worker {number}", f"process {pid}", counts, age)
            for number, pid, counts, age in service.workers()
        ]
        return [
            {
                "name": name,
                "addresses": where,
                "paused": service.is_paused,
                "connected": counts.open,
                "total": counts.connected,
                "refused": counts.refused,
                "errors": counts.errors.total(),
                **({"hung": age} if age >= HUNG_SECONDS else {}),
            }
            for name, where, counts, age in rows
        ]

    @ListConnections.responder
    def list_connections(self, first: int) -> Deferred[Answer]:
        """See `ListConnections`."""

        async def answer() -> Answer:
            silent: list[str] = []
            if not first:
                answers, silent = await self._ask("connections")
                self._listed = [{"service": name, **row} for name, rows in answers for row in rows]
            return {"connections": self._listed[first : first + PAGE], "silent": silent}

        return Deferred.fromCoroutine(answer())

    @Pause.responder
    def pause(self, service: str) -> Deferred[Answer]:
        """See `Pause`."""
        return self._attempt("pause", self._service(service))

    @Resume.responder
    def resume(self, service: str) -> Deferred[Answer]:
        """See `Resume`."""
        return self._attempt("resume", self._service(service))

    def _attempt(self, what: str, service: NetworkService) -> Deferred[Answer]:
        async def attempt() -> Answer:
            if service.is_paused == (what == "pause"):
                already = "paused already" if service.is_paused else "not paused"
                raise Refusal(f"{service.events.service} is {already}")
            try:
                await {"pause": service.pause, "resume": service.resume}[what]()
            except CannotListen as error:
                raise Refusal(str(error)) from error
            self._process.events.controlled(f"{what} {service.events.service}")
            return {"service": service.events.service}

        return Deferred.fromCoroutine(attempt())

    @Disconnect.responder
    def disconnect(self, peer: str) -> Deferred[Answer]:
        """See `Disconnect`."""

        async def answer() -> Answer:
            self._process.events.controlled(f"disconnect {peer}")
            answers, silent = await self._ask("disconnect", peer)
            return {"count": sum(count for _, count in answers), "silent": silent}

        return Deferred.fromCoroutine(answer())

    @Tell.responder
    def tell(self, service: str, word: str, argument: str) -> Answer:
        """See `Tell`."""
        told = self._service(service)
        name = told.events.service
        asked = f"{word} {argument}".strip()
        known = told.words.get(word)
        if not (known and known.takes(argument)):
            usage = ", ".join(f"{each} {it.argument}".strip() for each, it in told.words.items())
            raise Refusal(f"{name} takes {usage or 'no words'}, not {asked!r}")
        try:
            answer = escape(known.answer(argument), keep="\n").encode()
        except ValueError as error:
            raise Refusal(str(error)) from error
        self._process.events.controlled(f"{escape_bytes(asked.encode())} ({name})")
        if (size := len(answer)) > MOST_ANSWER:
            answer = answer[:MOST_ANSWER] + f"\n(cut after {MOST_ANSWER} of {size} bytes)".encode()
        return {"answer": answer.decode(errors="ignore")}

    @SetLogLevel.responder
    def set_log_level(self, level: str) -> Answer:
        """See `SetLogLevel`."""
        if level not in LEVELS:
            raise Refusal(f"a level is one of {', '.join(LEVELS)}, not {level!r}")
        self._process.events.controlled(f"log from {level} up")
        self._process.log_from(LogLevel.levelWithName(level))
        return {}

    @Drain.responder
    def drain(self, seconds: int) -> Answer:
        """See `Drain`."""
        if self._process.drain is not None:
            raise Refusal("draining already")
        self._process.events.controlled(f"drain {seconds}")
        Deferred.fromCoroutine(self._process.end_after_drain(seconds))
        return {}

    @Stop.responder
    def stop(self) -> Answer:
        """See `Stop`."""
        self._process.events.controlled("stop")
        self._process.reactor.callLater(0, self._process.end)
        return {}


class _QuietAMP(OperatorConnection, AMP):
    transport: StreamTransport

    # AMP itself would log two lines for each connection.
    def makeConnection(self, transport: ITransport) -> None:
        BinaryBoxProtocol.makeConnection(self, transport)
        self.begin()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        BinaryBoxProtocol.connectionLost(self, reason)
        self.end()


class ControlFactory(OperatorFactory):
    """Factory of the server's end of the control channel.

    Args:
        process: The process under control.
    """

    def __init__(self, process: ServiceProcess) -> None:
        super().__init__()
        self._process = process

    def buildProtocol(self, addr: IAddress | None) -> AMP:
        """See `twisted.internet.interfaces.IProtocolFactory`."""
        protocol = _QuietAMP(locator=Controls(self._process))
        protocol.connections = self.connections
        return protocol


def control_service(process: ServiceProcess, description: str) -> NetworkService:
    """Return a service that accepts commands on a ``unix:`` endpoint."""
    if "mode=" not in description:
        description += ":mode=600"
    events = process.log.events_of("netlab-control")
    return OperatorService(process, events, description, "--control", ControlFactory(process))
