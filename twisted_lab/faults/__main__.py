"""Fault proxies in a terminal: ``python -m twisted_lab.faults``."""

from __future__ import annotations

import os

from twisted.internet.task import LoopingCall
from twisted.logger import ILogObserver, LogEvent, LogLevel, eventAsText, globalLogBeginner
from zope.interface import provider

from twisted_lab.eventlog.console import Console
from twisted_lab.eventlog.event_file import for_people, text_line
from twisted_lab.faults import service
from twisted_lab.faults.pictures.diagram import Passage
from twisted_lab.faults.pictures.picture import Picture
from twisted_lab.faults.pictures.sketch import sketch
from twisted_lab.faults.terminal import STATUS_SECONDS, Screen, error_columns, status
from twisted_lab.process.network_service import NetworkService
from twisted_lab.process.service_process import ServiceProcess
from twisted_lab.serving import build_process, option
from twisted_lab.text.language import N_


class Options(service.Options):
    """Options of netlab-faults in a terminal."""

    synopsis = "Usage: python -m twisted_lab.faults --proxy tcp:PORT:HOST:PORT [options]"

    watch = option.flag(N_("Show each message, with its text, as it arrives or is lost."))


def _log_to(screen: Screen) -> None:
    @provider(ILogObserver)
    def log(event: LogEvent) -> None:
        if "service" in event:
            line = text_line(for_people(event) if screen.is_terminal else event)
            screen.show(line.rstrip("\n"))
        elif event["log_level"] >= LogLevel.warn:
            screen.show(eventAsText(event))

    globalLogBeginner.beginLoggingTo([log], redirectStandardIO=False)


def _watch(process: ServiceProcess, screen: Screen) -> Picture:
    is_coloured = screen.is_terminal and not os.environ.get("NO_COLOR")

    def shown(passage: Passage, copy: int) -> None:
        screen.show(sketch(passage, copy, process.since, is_coloured, screen.columns()))

    return Picture(shown)


def _show_status(screen: Screen, faults: NetworkService) -> None:
    before = 0

    def update() -> None:
        nonlocal before
        counts = faults.counts()
        moved = counts.traffic.bytes_in + counts.traffic.bytes_out
        screen.set_status(status(counts, (moved - before) / STATUS_SECONDS))
        before = moved

    LoopingCall(update).start(STATUS_SECONDS)


def main() -> None:
    """Run the proxies until a signal ends them."""
    options = Options()
    options.parseOptions()
    screen = Screen(Console(2), error_columns, os.environ.get("TERM", ""))
    _log_to(screen)
    process = build_process(options)
    picture = _watch(process, screen) if options.watch else None
    faults = service.build(process, options, picture)
    process.addService(faults)
    process.startService()
    reactor = process.reactor
    reactor.addSystemEventTrigger("before", "shutdown", process.stopService)
    if screen.is_terminal:
        _show_status(screen, faults)
        reactor.addSystemEventTrigger("after", "shutdown", screen.set_status, "")
    reactor.run()


if __name__ == "__main__":
    main()
