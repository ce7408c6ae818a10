"""Command line of the client: ``python -m twisted_lab.client``."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import NoReturn

from twisted.internet.task import react
from twisted.logger import LogLevel

from twisted_lab.client import chat, pipe
from twisted_lab.client.connecting import agree_on_tls, connect
from twisted_lab.client.connection import ClientConnection, GaveUp, HungUp
from twisted_lab.client.ending import Ended
from twisted_lab.client.options import ClientOptions
from twisted_lab.client.signals import Signals
from twisted_lab.client.silence import suggest_tls
from twisted_lab.client.verdict import verdict
from twisted_lab.codecs import MessageError
from twisted_lab.eventlog.event_file import shown
from twisted_lab.eventlog.events import ClientEvents
from twisted_lab.interfaces import Reactor, global_reactor
from twisted_lab.text.command_line import as_started
from twisted_lab.text.language import _, message_of
from twisted_lab.text.printing import print_line


async def converse(
    reactor: Reactor,
    options: ClientOptions,
    interactive: bool,
    tell: Callable[[str], object],
    signals: Signals,
) -> NoReturn:
    """Connect, pass on the input and the received bytes, and determine the exit status.

    Raises:
        Ended: Always. The status is 1 if connecting failed, the server closed the connection early,
            its questions were not answered, or output was lost.
    """
    level = LogLevel.critical if options.quiet else LogLevel.info
    events = ClientEvents("client", lambda event: tell(shown(event)), level)
    dialogue = options.make_dialogue(tell)
    verifier = options.make_tls(tell)
    connection = ClientConnection(reactor, events, options.make_framing(tell))
    await connect(reactor, options, verifier, connection, signals)
    if verifier is not None:
        await agree_on_tls(reactor, connection, verifier, signals)
    elif options.answers:
        suggest_tls(reactor, connection, options.is_greeted, tell)
    hung_up = ""
    try:
        if interactive:
            from twisted_lab.client import terminal

            await terminal.run(reactor, connection, dialogue)
        else:
            await pipe.run(reactor, connection, dialogue)
    except HungUp as error:
        hung_up = message_of(error)
    except (GaveUp, MessageError) as error:
        raise Ended(_(error)) from None
    signals.check()
    raise verdict(options, connection, dialogue, hung_up, interactive)


async def run(
    reactor: Reactor, options: ClientOptions, interactive: bool, tell: Callable[[str], object]
) -> None:
    """Run the client.

    Raises:
        SystemExit: At the end. After a signal the status is 128 plus the signal's number.
    """
    signals = Signals(reactor)
    talk = chat.converse if options.service == "chat" else converse
    try:
        await talk(reactor, options, interactive, tell, signals)
    except Ended as end:
        for line in end.lines:
            tell(line)
        raise SystemExit(signals.status or end.status) from None


def main() -> None:
    """Run the client with the options of the command line."""
    options = ClientOptions()
    options.parseOptions()
    # sys.stdout is None if its descriptor was closed (>&-).
    if sys.stdout is None:
        problem = _("standard output is closed; > /dev/null drops the output")
        pipe.tell(f"{as_started(options.command)}: {problem}")
        raise SystemExit(1)
    for descriptor in (0, 2):
        # The socket would get the number of a closed descriptor (<&-), and what is written to it.
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    interactive = os.isatty(0) and os.isatty(1)
    options.complete(interactive)
    tell: Callable[[str], object] = pipe.tell
    if interactive:
        from twisted.internet import asyncioreactor

        asyncioreactor.install()
        if os.isatty(2):
            tell = print_line  # The line editor replaces sys.stdout while it is active.
    reactor = global_reactor()
    start: Callable[..., object] = reactor.run
    vars(reactor).update(
        seconds=time.monotonic,  # The wall clock may be set meanwhile.
        # `Signals` handles signals. Twisted's handlers would take one that arrives while the
        # reactor starts.
        run=partial(start, installSignalHandlers=False),
    )
    # Python's handlers run between two steps of the main thread. A signal that arrives just before
    # the reactor begins to wait would go unnoticed until something else wakes it.
    signal.set_wakeup_fd(vars(reactor)["waker"].o, warn_on_full_buffer=False)
    react(run, (options, interactive, tell))


if __name__ == "__main__":
    main()
