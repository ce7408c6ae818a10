"""netlab-broadcast: relay of each message to all clients."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from twisted_lab.channels import Channel, FanOut, PeerSilent
from twisted_lab.defaults import DEFAULTS
from twisted_lab.services.lecture import LectureOptions, relay_first
from twisted_lab.serving import (
    ConversationOptions,
    NetworkService,
    ServiceProcess,
    conversation_service,
    in_own_process,
)
from twisted_lab.text.language import N_


class Broadcast:
    """The relay of messages between all connected clients, its members.

    All members get all messages in the same order. A member that does not read does not delay the
    others: its channel buffers its pending output, and aborts the connection if that grows too
    large.

    Args:
        members: Sends messages to all members.
    """

    def __init__(self, members: FanOut) -> None:
        self._members = members

    async def converse(self, channel: Channel) -> None:
        """Serve a client as a member until it disconnects."""
        channel.say("CONNECT")
        self._members.add(channel)
        sender = (channel.peer.host, channel.peer.port)
        try:
            async with self._members.heard_out():
                while True:
                    try:
                        text = await channel.hear()
                    except PeerSilent:
                        continue  # Members may just listen.
                    self._members.say(f"Message from client {sender}: {text.upper()}")
                    await self._members.has_room()
        finally:
            self._members.remove(channel)


class Options(LectureOptions):
    """Options of netlab-broadcast."""

    command = "netlab-broadcast"
    default_port = DEFAULTS["broadcast"].port
    has_secrets = False
    pace = replace(ConversationOptions.pace, default=50)
    why_one_process = N_("all members must be in one process to hear each other")


def build(process: ServiceProcess, options: Options) -> NetworkService:
    """Build the service that `options` describe."""
    members = FanOut(process.reactor, process.log.events_of(options.command))
    converse = partial(relay_first, members) if options.lecture else Broadcast(members).converse
    return conversation_service(process, options, converse)


makeService = in_own_process(build)
