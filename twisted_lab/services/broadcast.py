"""netlab-broadcast: says to everybody what anybody says."""

from __future__ import annotations

from twisted_lab.channels import Channel, PeerSilent, say_to_all
from twisted_lab.serving import ConversationOptions, Lab, conversation_service


class Broadcast:
    """The peers that are connected, each of which hears what any of them says.

    Messages are passed on in the order in which they were heard, to all before the next: so all
    members get all messages in the same order. Nobody waits for a member that does not read: its
    channel holds what it is owed, and cuts it off when that becomes too much.
    """

    def __init__(self) -> None:
        self._members: dict[Channel, None] = {}

    async def converse(self, channel: Channel) -> None:
        """Have `channel` as a member, for as long as its peer is there."""
        channel.say("CONNECT")
        self._members[channel] = None
        try:
            while True:
                try:
                    text = await channel.hear()
                except PeerSilent:
                    continue  # One may well just listen.
                sender = (channel.peer.host, channel.peer.port)
                say_to_all(self._members, f"Message from client {sender}: {text.upper()}")
        finally:
            del self._members[channel]


class Options(ConversationOptions):
    """The options of netlab-broadcast."""

    command = "netlab-broadcast"
    default_port = 9094
    has_secrets = False
    one_process = "all members must be in one process to hear each other"


def makeService(options: Options) -> Lab:
    """Build the service that `options` describe."""
    return conversation_service(options, Broadcast().converse)
