"""Main program of a worker process, which `launcher` starts."""

from __future__ import annotations

import atexit
import json
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module

from twisted.application.service import IServiceMaker
from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.task import LoopingCall
from twisted.logger import ILogObserver, LogEvent, LogLevel, eventAsJSON, globalLogBeginner
from twisted.plugin import getPlugins
from twisted.python.failure import Failure
from zope.interface import implementer, provider

from twisted_lab.eventlog.event_budget import TRAFFIC
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.interfaces import global_reactor
from twisted_lab.process.cannot_start import CannotStart
from twisted_lab.process.service_process import ServiceProcess
from twisted_lab.process.workers.line_pipe import LinePipe
from twisted_lab.process.workers.worker_process import (
    ABORT,
    ANSWER,
    COUNTS,
    HELD_SIGNALS,
    LOG,
    OUTCOME,
    READY,
)

COUNT_SECONDS = 1.0


def main() -> None:
    """Run the service that the process's arguments name."""
    # When the terminal closes, the supervisor decides whether to end.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    reactor_module, twistds_log, command, *arguments = sys.argv[1:]
    import_module(reactor_module).install()
    reactor = global_reactor()
    pipe = LinePipe(LOG, reactor, lambda lost: _events(service).events_lost(os.getpid(), lost))
    atexit.register(pipe.close)

    @provider(ILogObserver)
    def log(event: LogEvent) -> None:
        _log(pipe, event)

    globalLogBeginner.beginLoggingTo([log], redirectStandardIO=False)
    maker = next(each for each in getPlugins(IServiceMaker) if each.tapname == command)
    options = maker.options()
    options.is_worker = True
    options.parent = {"logger": twistds_log}
    options.parseOptions(arguments)
    try:
        service = maker.makeService(options)
        service.is_worker = True
        service.startService()
    except Exception as error:
        # Report to the supervisor, because the console may be gone.
        is_refusal = isinstance(error, CannotStart)
        _tell(OUTCOME, (str(error) if is_refusal else f"{type(error).__name__}: {error}").encode())
        raise
    signal.signal(ABORT, lambda *_: reactor.callFromThread(service.abort))
    reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
    reactor.addReader(_Supervisor(service, pipe))
    if options.metrics or options.control:
        LoopingCall(_tell_counts, service, pipe).start(COUNT_SECONDS)
    reactor.callWhenRunning(_tell, OUTCOME, READY)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_SIGNALS)
    reactor.run()


def _events(process: ServiceProcess) -> ServiceEvents:
    [service] = process.public_services
    return service.events


def _tell(descriptor: int, data: bytes) -> None:
    with suppress(BrokenPipeError):  # The supervisor has died; the reactor notices that too.
        while data:
            data = data[os.write(descriptor, data) :]


def _tell_counts(process: ServiceProcess, pipe: LinePipe) -> None:
    if pipe.is_behind:
        return  # the next counts include these
    for service in process.public_services:
        pipe.send_always(COUNTS + service.counts().to_json() + b"\n")


def _log(pipe: LinePipe, event: LogEvent) -> None:
    # The supervisor logs Twisted's own routine events, such as open ports, once for all.
    if "service" in event or event["log_level"] >= LogLevel.warn:
        if "log_failure" in event:
            # JSON drops the exception, and with it the last line of the traceback.
            event["log_error"] = event["log_failure"].getErrorMessage()
        kind = event.get("event", "twisted")
        pipe.send(f"{eventAsJSON(event)}\n".encode(), kind, kind not in TRAFFIC)


@implementer(IReadDescriptor)
class _Supervisor:
    """Standard input, on which the supervisor sends log levels and calls of `NetworkService.do`.

    It ends when the supervisor stops this worker, or dies.
    """

    def __init__(self, process: ServiceProcess, pipe: LinePipe) -> None:
        self._process = process
        self._pipe = pipe
        self._cut = b""

    def fileno(self) -> int:
        return 0

    def logPrefix(self) -> str:
        return "supervisor"

    def doRead(self) -> None:
        data = os.read(0, 4096)
        *lines, self._cut = (self._cut + data).split(b"\n")
        for line in lines:
            if line.startswith(b"["):
                [service] = self._process.public_services
                answer = json.dumps(service.do(*json.loads(line)))
                # Answers match requests by their order, so none may be dropped.
                self._pipe.send_always(ANSWER + answer.encode() + b"\n")
            else:
                self._process.log_from(LogLevel.levelWithName(line.decode()))
        if not data:
            self._process.reactor.removeReader(self)
            self._process.end()

    def connectionLost(self, _: Failure) -> None:
        self._process.end()
