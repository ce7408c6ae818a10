"""``python -m twisted_lab.client chat``: our own client of netlab-chat, over UDP."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import DNSLookupError

from twisted_lab.client import chat_pipe
from twisted_lab.client.chat_client import ChatClient, NoAnswer, NotLetIn
from twisted_lab.client.options import ClientOptions
from twisted_lab.client.pipe import OutputLost
from twisted_lab.client.resolving import Resolver
from twisted_lab.client.signals import Signals
from twisted_lab.client.udp import UDPWire
from twisted_lab.codecs import MessageError
from twisted_lab.reliable import OtherVersion
from twisted_lab.rooms import Line
from twisted_lab.text.escaping import escape

# A program that talks to a server that has gone waits for this many seconds; a person can decide.
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
    link = ChatClient(reactor, options["name"], show, tell, patience)
    view: Any
    if interactive:
        from twisted_lab.client import chat_terminal

        view = chat_terminal.Terminal(link, time.time)
    else:
        view = chat_pipe.Pipe(link)
    try:
        resolving = Deferred.fromCoroutine(Resolver(reactor).find(host))
        signals.end = resolving.cancel
        hosts = await resolving
        signals.end = link.abort
        UDPWire(reactor, link, hosts, port).open()
        await view.run(reactor)
    except CancelledError:
        raise SystemExit(signals.status) from None
    except DNSLookupError as error:
        tell(f"could not connect to {host}:{port}: {error.args[0]}")
        raise SystemExit(1) from None
    except NoAnswer as error:
        how = "" if link.has_session else f"; is it started? twistd -n netlab-chat --port {port}"
        tell(f"{host}:{port}: {error}{how}")
    except NotLetIn as error:
        tell(f"not let in: {escape(str(error))}")
    except (MessageError, OtherVersion, OutputLost) as error:
        tell(str(error))
        raise SystemExit(1) from None
    finally:
        if (pending := link.guest.pending) and link.guest.has_been_in:
            were = "message was" if pending == 1 else "messages were"
            tell(f"{pending} {were} not confirmed, and perhaps not said")
    is_incomplete = link.guest.pending or link.guest.refused or (link.refused and not interactive)
    if signals.status or is_incomplete or not link.guest.has_been_in:
        raise SystemExit(signals.status or 1)
