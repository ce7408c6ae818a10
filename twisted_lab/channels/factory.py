"""Factory that runs a conversation over each new channel."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Factory

from twisted_lab.channels.channel import Conversation
from twisted_lab.channels.connections import Connections
from twisted_lab.channels.stream import StreamChannel
from twisted_lab.eventlog.events import ServiceEvents


class ConversationFactory(Factory):
    """Runs a conversation with each peer that connects, and hangs up when it returns.

    An exception in a conversation is logged with its peer; the other conversations continue.

    Args:
        clock: The clock for timers and durations.
        events: The reporter of the service's events.
        converse: The conversation.
        make_channel: Creates a channel for a connection.
        connections: The container for open connections, with their limits.
    """

    noisy = False

    def __init__(
        self,
        clock: IReactorTime,
        events: ServiceEvents,
        converse: Conversation,
        make_channel: Callable[[], StreamChannel],
        connections: Connections | None = None,
    ) -> None:
        self.clock = clock
        self.events = events
        self.converse = converse
        self.connections = Connections() if connections is None else connections
        self._make_channel = make_channel

    def buildProtocol(self, addr: IAddress | None) -> StreamChannel:  # type: ignore[override]
        """See `twisted.internet.interfaces.IProtocolFactory`."""
        channel = self._make_channel()
        channel.factory = self
        return channel
