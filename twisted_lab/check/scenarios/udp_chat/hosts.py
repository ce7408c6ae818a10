"""Chat servers: clients that share a machine."""

from __future__ import annotations

import re
from dataclasses import replace

from twisted_lab.check.outcomes import Failed, NotOffered
from twisted_lab.check.trials.chat import open_chat
from twisted_lab.check.trials.chat_manners import ChatManners
from twisted_lab.check.trials.client import Client
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import _

# Not one of those that differ from client to client. Servers may take 127.0.0.1 for their own.
_ONE_SOURCE = "127.0.7.9"
_NUMBERS = re.compile(rb"\d+")  # of names, ports and members


async def serves_two_of_one_host(trial: Trial, manners: ChatManners) -> None:
    """UC-18."""
    chat = await open_chat(trial, replace(manners, source=_ONE_SOURCE))
    trial.step(_("clients 1 and 2 come from one address"))
    first = await chat.join(1)
    welcome = _words(first)
    second = await chat.join(2)
    news = _words(first) != welcome or _words(second) not in (b"", welcome)
    is_turned_away = news or second.peer.has_ended
    try:
        await chat.expect_talk(first, second)
    except Failed:
        if not is_turned_away or chat.server.program.has_ended:
            raise
        raise NotOffered(
            _(
                "Two clients of one address do not hear each other. The server treated the second "
                "one in another way when it joined: perhaps it takes one client of each address."
            )
        ) from None


def _words(client: Client) -> bytes:
    """Return what a client was told, without what differs from client to client."""
    return _NUMBERS.sub(b"", bytes(client.peer.received))
