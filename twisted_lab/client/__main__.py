"""``python -m twisted_lab.client``."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet.abstract import isIPv6Address
from twisted.internet.endpoints import (
    HostnameEndpoint,
    TCP6ClientEndpoint,
    connectProtocol,
    wrapClientTLS,
)
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.logger import LogLevel

from twisted_lab.client import chat, pipe
from twisted_lab.client.connection import ClientConnection, HungUp
from twisted_lab.client.known_hosts import CannotVerify
from twisted_lab.client.options import ClientOptions
from twisted_lab.client.resolving import Resolver
from twisted_lab.client.signals import Signals
from twisted_lab.client.silence import TRY_TLS, may_be_tls, suggest_tls
from twisted_lab.client.tls import advice as tls_advice
from twisted_lab.codecs import MessageError
from twisted_lab.eventlog.events import ClientEvents
from twisted_lab.serving import message

HANDSHAKE_SECONDS = 30.0


def advice(error: Exception, options: ClientOptions, resolver: Resolver) -> str:
    """Say in one line why there is no connection, and what to try."""
    host, port, service = options["host"], options["port"], options["service"]
    text = f"could not connect to {host}:{port}: "
    if isinstance(error, DNSLookupError):
        return text + resolver.problem
    if isinstance(error, ConnectTimeout):
        return text + "no answer; check host and port, and that no firewall is between"
    if isinstance(error, ConnectError) and error.osError:
        why = os.strerror(error.osError).lower()
        return (
            f"{text}{why}; is the server running there? "
            f"It is started with: twistd -n netlab-{service} --port {port}"
        )
    return f"{text}{error}"


async def converse(
    reactor: Any, options: ClientOptions, interactive: bool, tell: Callable[[str], object]
) -> None:
    """Connect, pass on the input and the received bytes, and end with the right status.

    Raises:
        SystemExit: With status 1, if there was no connection, the server hung up early, its
            questions were not answered, or the output was lost; with 128 and its number for a
            signal.
    """
    signals = Signals(reactor)
    events = ClientEvents(
        "client",
        lambda event: tell(message(event)),
        LogLevel.critical if options["quiet"] else LogLevel.info,
    )
    dialogue = options.make_dialogue(tell)
    framing = options.make_framing(tell)
    resolver = Resolver(reactor)
    reactor.installNameResolver(resolver)
    # HostnameEndpoint drops the scope of fe80::1%eth0.
    kind = TCP6ClientEndpoint if isIPv6Address(options["host"]) else HostnameEndpoint
    endpoint: Any = kind(reactor, options["host"], options["port"])
    try:
        verifier = options.make_tls(tell)
    except CannotVerify as error:
        tell(str(error))
        raise SystemExit(1) from None
    if verifier is not None:
        endpoint = wrapClientTLS(verifier, endpoint)
    try:
        connecting = connectProtocol(endpoint, ClientConnection(reactor, events, framing))
        signals.end = connecting.cancel
        connection = await connecting
        signals.end = connection.abort
    except Exception as error:
        if not signals.status:
            tell(advice(error, options, resolver))
        raise SystemExit(signals.status or 1) from None
    try:
        await connection.agreed.addTimeout(HANDSHAKE_SECONDS, reactor)
        if verifier is not None:
            verifier.agreed()
    except Exception as error:
        connection.abort()
        if not signals.status:
            tell(tls_advice(error, connection.peer, verifier))
        raise SystemExit(signals.status or 1) from None
    if verifier is None and options.answers:
        suggest_tls(reactor, connection, options.is_greeted, tell)
    try:
        if interactive:
            from twisted_lab.client import terminal

            await terminal.run(reactor, connection, dialogue)
        else:
            await pipe.run(reactor, connection, dialogue)
    except (MessageError, pipe.OutputLost) as error:
        tell(str(error))
        raise SystemExit(1) from None
    except HungUp as error:
        if connection.is_silent or (dialogue.succeeded and not dialogue.over):
            is_plain = verifier is None and may_be_tls(connection, options.is_greeted, str(error))
            what = TRY_TLS if is_plain else "look into the server's log, or try again"
            tell(f"{connection.peer} hung up early: {error}; {what}")
            raise SystemExit(1) from None
    if options.answers and not signals.status and may_be_tls(connection, options.is_greeted):
        tell(f"{connection.peer}: {TRY_TLS}" if verifier is None else "nothing was answered")
        raise SystemExit(1)
    if dialogue.refused and not dialogue.succeeded:
        tell("the token from last time was not taken: see what the server said, and run it again")
    elif not (signals.status or dialogue.succeeded) and (
        # The client has reported the lines that it has refused.
        connection.ends_with_error or not framing.refused
    ):
        tell("not let in: see what the server said last")
    # A person has seen which lines were refused, here or there; a script looks at the status.
    says_error = options.is_greeted and connection.ends_with_error
    is_refused = framing.refused or framing.is_foreign or says_error
    if signals.status or not dialogue.succeeded or (is_refused and not interactive):
        raise SystemExit(signals.status or 1)


def main() -> None:
    """Run the client on the command line's options."""
    options = ClientOptions()
    options.parseOptions(sys.argv[1:])
    # sys.stdout is None if its descriptor was closed (>&-).
    if sys.stdout is None:
        pipe.tell(f"{options.command}: standard output is closed; > /dev/null drops the output")
        raise SystemExit(1)
    for descriptor in (0, 2):
        # One that was closed (<&-) would be taken by the connection, and written to.
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
            # The line editor puts its own in the place of sys.stdout while a person types.
            tell = lambda line: print(line, file=sys.stdout, flush=True)  # noqa: E731, T201
    from twisted.internet import reactor
    from twisted.internet.task import react

    # The machine's clock may be set meanwhile.
    reactor.seconds = time.monotonic  # type: ignore[method-assign]
    # Signals are ours (`Signals`): Twisted would take one that comes while the reactor starts.
    run: Any = reactor.run
    reactor.run = partial(run, installSignalHandlers=False)  # type: ignore[method-assign]
    talk = chat.converse if options["service"] == "chat" else converse
    react(talk, (options, interactive, tell))


if __name__ == "__main__":
    main()
