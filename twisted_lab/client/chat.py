"""``python -m twisted_lab.client chat``: our own client of netlab-chat, over UDP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.error import DNSLookupError

from twisted_lab.client import chat_pipe
from twisted_lab.client.link import Link, NoAnswer, NotLetIn
from twisted_lab.client.options import ClientOptions
from twisted_lab.client.pipe import OutputLost
from twisted_lab.client.signals import Signals
from twisted_lab.client.udp import UDPWire, resolve
from twisted_lab.codecs import MessageError
from twisted_lab.escaping import escape
from twisted_lab.reliable import OtherVersion
from twisted_lab.rooms import Line

# A program that talks to a server that has gone waits for so many seconds; a person can decide.
PATIENCE = 60.0


async def converse(
    reactor: Any, options: ClientOptions, interactive: bool, tell: Callable[[str], object]
) -> None:
    """Be in the room until the input is at its end, and all of it confirmed.

    Raises:
        SystemExit: With status 1, if the server was not there, would not have us, or has not
            confirmed everything; with 128 and its number for a signal.
    """
    signals = Signals(reactor)
    host, port = options["host"], options["port"]

    def show(line: Line) -> None:
        view.show(line)

    patience = float("inf") if interactive else PATIENCE
    link = Link(reactor, options["name"], show, tell, patience)
    signals.end = link.abandon
    view: Any
    if interactive:
        from twisted_lab.client import chat_terminal

        view = chat_terminal.Terminal(link, reactor.seconds)
    else:
        view = chat_pipe.Pipe(link)
    is_good = False
    try:
        wire = UDPWire(reactor, link, await resolve(reactor, host), port)
        wire.open()
        await view.run(reactor)
    except DNSLookupError:
        tell(f"no host has the name {host}; check how it is written")
    except NoAnswer as error:
        how = "" if link.has_session else f"; is it started? twistd -n netlab-chat --port {port}"
        tell(f"{host}:{port}: {error}{how}")
    except NotLetIn as error:
        tell(f"not let in: {escape(str(error))}")
    except (MessageError, OtherVersion, OutputLost) as error:
        tell(str(error))
    else:
        is_good = link.guest.has_been_in and not link.guest.refused
    if link.guest.pending and not signals.status:
        tell(f"messages not confirmed, and perhaps not said: {link.guest.pending}")
    if signals.status or link.guest.pending or not is_good:
        raise SystemExit(signals.status or 1)
