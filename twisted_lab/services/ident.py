"""netlab-ident: greets peers by name, whom it knows by their IP addresses."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from twisted_lab.accounts import DEFAULT_FILE, BadName, Store, clean_name, remember
from twisted_lab.channels import Channel
from twisted_lab.serving import ConversationOptions, Lab, conversation_service, lab_of
from twisted_lab.serving.storage import shared_storage

TRIES = 3


class Identification:
    """Greets whom it knows, and asks for the names of the others.

    Args:
        storage: Where names are kept.
        now: Tells the time, in seconds of Unix time.
    """

    def __init__(self, storage: Store, now: Callable[[], float]) -> None:
        self._storage = storage
        self._now = now

    async def converse(self, channel: Channel) -> None:
        """Greet one peer. Those of a unix socket have no address, and are all the same one."""
        address = channel.peer.host or "unix"
        name = await self._storage.run(lambda queries: queries.peer_name(address))
        if name is None:
            name = await self._ask(channel, address)
        if name is not None:
            channel.say(f"Hello, {name}")

    async def _ask(self, channel: Channel, address: str) -> str | None:
        for _ in range(TRIES):
            channel.say("What's your name?")
            try:
                name = clean_name(await channel.hear())
            except BadName as error:
                channel.say(f"error: {error}")
            else:
                return await self._storage.run(
                    partial(remember, address=address, name=name, now=self._now())
                )
        return None


class Options(ConversationOptions):
    """The options of netlab-ident."""

    command = "netlab-ident"
    default_port = 9092
    has_secrets = False
    optParameters: ClassVar = [
        ["database", None, DEFAULT_FILE, "The SQLite file that keeps the names."],
    ]


def makeService(options: Options) -> Lab:
    """Build the service that `options` describe."""
    lab = lab_of(options)
    storage = shared_storage(lab, options["database"])
    return conversation_service(options, Identification(storage, lab.now).converse)
