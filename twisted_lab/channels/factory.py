"""A factory that joins channels to a conversation."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Factory

from twisted_lab.channels.channel import Conversation
from twisted_lab.channels.connections import Connections
from twisted_lab.channels.stream import StreamChannel
from twisted_lab.channels.turn_budget import TurnBudget
from twisted_lab.eventlog.events import ServiceEvents


class ConversationFactory(Factory):
    """Has a conversation with each peer that connects, and hangs up when it returns.

    A conversation that raises is logged, with its peer; the others go on.

    Args:
        clock: Waits, and tells how long a connection has lasted.
        events: Events are reported here.
        converse: The conversation.
        make_channel: Makes a channel for a connection.
        connections: Counts the connections and limits their number.
        turns: The work that all channels of the process may do in one turn of the reactor.
    """

    noisy = False

    def __init__(
        self,
        clock: IReactorTime,
        events: ServiceEvents,
        converse: Conversation,
        make_channel: Callable[[], StreamChannel],
        connections: Connections | None = None,
        turns: TurnBudget | None = None,
    ) -> None:
        self.clock = clock
        self.events = events
        self.converse = converse
        self.connections = Connections() if connections is None else connections
        self.turns = TurnBudget(clock) if turns is None else turns
        self._make_channel = make_channel

    def buildProtocol(self, addr: IAddress | None) -> StreamChannel:  # type: ignore[override]
        """See `twisted.internet.interfaces.IProtocolFactory`."""
        channel = self._make_channel()
        channel.factory = self
        return channel
