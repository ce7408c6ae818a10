"""One of the processes that serve together; `twisted_lab.serving.supervisor` starts it."""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any, cast

from twisted.application.service import IServiceMaker
from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.main import CONNECTION_DONE
from twisted.internet.task import LoopingCall
from twisted.logger import ILogObserver, LogEvent, LogLevel, eventAsJSON, globalLogBeginner
from twisted.plugin import getPlugins
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_lab.serving.lab import CannotStart, Lab
from twisted_lab.serving.worker_process import ABORT, ANSWER, COUNTS, LOG, OUTCOME, READY

COUNT_SECONDS = 1.0


def main() -> None:
    """Serve, as the arguments of the process say."""
    reactor_module, twistds_log, command, *arguments = sys.argv[1:]
    import_module(reactor_module).install()
    globalLogBeginner.beginLoggingTo([cast(ILogObserver, _log)], redirectStandardIO=False)
    maker: Any = {each.tapname: each for each in getPlugins(IServiceMaker)}[command]
    options = maker.options()
    options.is_worker = True
    options.parent = {"logger": twistds_log}
    options.parseOptions(arguments)
    try:
        service = maker.makeService(options)
        service.is_worker = True
        service.startService()
    except Exception as error:
        # The console may be gone, and this the only place where it is told.
        is_refusal = isinstance(error, CannotStart)
        _tell(OUTCOME, (str(error) if is_refusal else f"{type(error).__name__}: {error}").encode())
        raise
    from twisted.internet import reactor

    signal.signal(ABORT, lambda *_: cast(Any, reactor).callFromThread(service.abort))
    reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
    reactor.addReader(_Supervisor(service))
    if options["metrics"] or options["control"]:
        LoopingCall(_tell_counts, service).start(COUNT_SECONDS)
    reactor.callWhenRunning(_tell, OUTCOME, READY)
    reactor.run()


def _tell(descriptor: int, data: bytes) -> None:
    with suppress(BrokenPipeError):  # The supervisor has died, which the reactor sees, too.
        while data:
            data = data[os.write(descriptor, data) :]


def _tell_counts(lab: Lab) -> None:
    for service in lab.public_services:
        _tell(LOG, COUNTS + service.counts().to_json() + b"\n")


def _log(event: LogEvent) -> None:
    # Twisted's own reports of ports and the like are said by the supervisor, once.
    if "service" in event or event["log_level"] >= LogLevel.warn:
        if "log_failure" in event:
            # JSON does not carry exceptions, but a traceback without its last line is worth little.
            event["log_error"] = event["log_failure"].getErrorMessage()
        _tell(LOG, f"{eventAsJSON(event)}\n".encode())


@implementer(IReadDescriptor)
class _Supervisor:
    """Standard input: the supervisor says from which level on to log, or what to `do`.

    At its end the supervisor wants this process to end, or has died itself.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._cut = b""

    def fileno(self) -> int:
        return 0

    def logPrefix(self) -> str:
        return "supervisor"

    def doRead(self) -> Any:
        data = os.read(0, 4096)
        *lines, self._cut = (self._cut + data).split(b"\n")
        for line in lines:
            if line.startswith(b"["):
                [service] = self._lab.public_services
                _tell(LOG, ANSWER + json.dumps(service.do(*json.loads(line))).encode() + b"\n")
            else:
                self._lab.log_from(LogLevel.levelWithName(line.decode()))
        return None if data else CONNECTION_DONE

    def connectionLost(self, _: Failure) -> None:
        self._lab.end()
