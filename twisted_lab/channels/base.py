"""Base class of all channels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from twisted_lab.channels.channel import Conversation, PeerGone, PeerSilent
from twisted_lab.channels.connections import Connections
from twisted_lab.channels.conversation_runner import ConversationRunner, unless_refused
from twisted_lab.channels.idleness import IdleTimer
from twisted_lab.channels.inbox import Inbox, bare
from twisted_lab.channels.outbox import PIECE_BYTES
from twisted_lab.channels.phase import Phase
from twisted_lab.channels.turn_budget import TurnBudget
from twisted_lab.disconnects import Disconnect, Reason
from twisted_lab.eventlog.counters import Traffic
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.peers import Peer

TALKING = Phase.TALKING


class Host(Protocol):
    """The maker of a service's channels: `ConversationFactory`, or `DatagramServer`."""

    clock: IReactorTime
    events: ServiceEvents
    connections: Connections
    converse: Conversation


class Output(Protocol):
    """The output side of a channel, such as an `Outbox`.

    Attributes:
        bytes_out: The number of bytes sent.
    """

    bytes_out: int

    @property
    def holding(self) -> bool:
        """Whether the peer must accept pending output before the conversation hears more."""
        ...

    @property
    def gathering(self) -> bytearray | None:
        """The buffer of a batch, for up to PIECE_BYTES; None while messages must use `add`."""
        ...

    def begin_batch(self) -> None:
        """Collect messages from here on, to send them together."""
        ...

    def end_batch(self) -> None:
        """Send the collected messages."""
        ...

    def add(self, data: bytes) -> None:
        """Send the bytes of a message."""
        ...

    def make_room(self) -> bool:
        """Tell whether there is room for more output; if not, call `_go_on` once there is."""
        ...

    def close(self, then: Callable[[], object]) -> None:
        """Call `then` once all output is sent."""
        ...

    def discard(self) -> None:
        """Drop pending output, and the callbacks: a reference to the channel would be a cycle."""
        ...


class BaseChannel:
    """A channel without the input and output of a particular transport.

    Args:
        inbox: The received messages.
    """

    # Returns the bytes of a message. Channels with the same encoding share one function object.
    encode: Callable[[str], bytes]

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._messages = inbox.messages
        self._phase = TALKING
        self._closed_by = Disconnect.CLOSED_BY_CLIENT
        self._taking: Deferred[None] | None = None
        self._bytes_in = self._messages_in = self._messages_out = 0

    def _begin(self, host: Host, peer: Peer, outbox: Output, idle: IdleTimer) -> None:
        """Start the conversation."""
        self._host = host
        self._clock = host.clock
        self._events = host.events
        self._turn = self._make_turn_budget()
        self._outbox = outbox
        self._idle = idle
        self.peer = peer
        self.since = self._clock.seconds()
        refusal = host.connections.add(self, peer.host)
        self._events.connected(peer.text)
        outbox.begin_batch()
        self._conversation = ConversationRunner(
            unless_refused(refusal, host.converse), self, self._events, self._conversation_ended
        )
        if refusal and not host.connections.is_told(self):
            self._cut_off()
        self._conversation.begin()
        outbox.end_batch()

    def _make_turn_budget(self) -> TurnBudget:
        return TurnBudget(self._clock)

    def _conversation_ended(self) -> None:
        self.hang_up()
        if self._phase is Phase.GONE:
            self._host.connections.remove(self)

    # Hearing

    async def hear(self) -> str:
        """See `twisted_lab.channels.Channel`."""
        if self._messages and not self._outbox.holding:
            return self._messages.popleft()
        message = self._take()
        if message is None:
            message = await self._conversation.next_message()
        return message

    def _take(self) -> str | None:
        """Return the next message; None if none has arrived, or the conversation must wait."""
        inbox = self._inbox
        if self._messages or inbox.may_have_more:
            if self._outbox.holding:
                return None
            if not self._messages:
                batch = self._turn.next_batch()
                if not batch:
                    self._turn.wait(self._begin_turn)
                    return None
                self._turn.count(self._fill(batch))
            if self._messages:
                return self._messages.popleft()
        if inbox.end is None or (self._outbox.holding and not inbox.is_shut):
            return None
        raise bare(inbox.end)

    def _fill(self, most: int) -> int:
        """Make at most `most` messages ready, and return their number."""
        raise NotImplementedError

    def _begin_turn(self, now: float) -> None:
        self._idle.heard = now
        self._work(now)

    def _work(self, now: float) -> None:
        """Pass the next message to the conversation if it waits for one, for at most a turn."""
        self._turn.renew(now)
        if not self._conversation.is_waiting:
            return
        self._outbox.begin_batch()
        try:
            try:
                message = self._take()
            except Exception as error:
                self._conversation.fail(error)
            else:
                if message is not None:
                    self._conversation.give(message)
        finally:
            self._outbox.end_batch()

    def _shut(self, reason: Reason) -> None:
        """Drop the input, and let `hear` raise PeerGone."""
        self._inbox.shut(PeerGone(reason))
        if self._conversation.is_waiting or self._taking is not None:
            # In a later turn, because another conversation's say() may be the caller.
            self._clock.callLater(0, self._go_on)

    def _go_on(self) -> None:
        """Resume the conversation if it waits in `taken`, or in `hear` and a message is ready."""
        self._end_taking(None)
        self._work(self._clock.seconds())

    # Idle timeout

    @property
    def patience(self) -> float:
        """See `twisted_lab.channels.Channel`."""
        return self._idle.patience

    @patience.setter
    def patience(self, seconds: float) -> None:
        self._idle.patience = seconds
        self._deadline_moved()

    def _deadline_moved(self) -> None:
        """Move the timer after a change of `patience`."""
        raise NotImplementedError

    def _report_silence(self) -> None:
        """Raise PeerSilent in the conversation, if it waits for the peer."""
        if self._conversation.is_waiting:
            heard = Disconnect.NOTHING_HEARD.reason(seconds=self.patience)
            self._conversation.fail(PeerSilent(heard))
        else:
            taken = Disconnect.NOTHING_TAKEN.reason(seconds=self.patience)
            self._end_taking(Failure(PeerSilent(taken)))

    # Saying

    def say(self, text: str) -> None:
        """See `twisted_lab.channels.Channel`."""
        if self._phase is not TALKING:
            return
        data = self.encode(text)
        self._messages_out += 1
        gathering = self._outbox.gathering
        if gathering is not None and len(gathering) < PIECE_BYTES:
            gathering += data
        else:
            self._outbox.add(data)
        if self._events.traffic and self._phase is TALKING:
            self._events.sent(self.peer.text, len(data), data)

    async def taken(self) -> None:
        """See `twisted_lab.channels.Channel`."""
        if not self.is_gone and not self._outbox.make_room():
            self._begin_taking()
            self._taking = Deferred()
            await self._taking
        if self.is_gone:
            raise bare(self._inbox.end or PeerGone(Disconnect.CLOSED_BY_SERVER.reason()))

    def _begin_taking(self) -> None:
        """Prepare for a wait until the peer accepts output."""

    def _end_taking(self, result: Failure | None) -> None:
        if self._taking is not None:
            taking, self._taking = self._taking, None
            taking.callback(result)

    @property
    def is_gone(self) -> bool:
        """See `twisted_lab.channels.Channel`."""
        return self._phase is not TALKING

    # Counting

    @property
    def label(self) -> str:
        """See `twisted_lab.channels.Connection`."""
        return self.peer.text

    def traffic(self) -> Traffic:
        """See `twisted_lab.channels.Connection`."""
        return Traffic(
            self._bytes_in, self._outbox.bytes_out, self._messages_in, self._messages_out
        )

    # Ending

    def hang_up(self) -> None:
        """See `twisted_lab.channels.Channel`."""
        if self._phase is TALKING:
            self._phase = Phase.FLUSHING
            self._idle.heard = self._clock.seconds()  # starts the idle timeout of the close
            self._end_talk()
            self._outbox.close(self._close)

    def _end_talk(self) -> None:
        if not self._has_peer_closed:
            self._closed_by = Disconnect.CLOSED_BY_SERVER
        self._shut(Disconnect.CLOSED_BY_SERVER.reason())

    @property
    def _has_peer_closed(self) -> bool:
        """Tell whether the peer has closed its sending side."""
        return False

    def _close(self) -> None:
        """Close the connection after all output is sent."""
        raise NotImplementedError

    def finish(self) -> None:
        """See `twisted_lab.channels.Connection`; the conversation may still send last messages."""
        self._end_talk()

    def abort(self) -> None:
        """See `twisted_lab.channels.Connection`; this also cancels the conversation."""
        self._cut_off()
        if self._conversation.is_running:
            self._clock.callLater(0, self._conversation.cancel)

    def _fell_behind(self, limit: int) -> None:
        self._events.behind(self.peer.text, limit)
        self._cut_off()

    def _cut_off(self) -> None:
        """Abort the connection, without the pending output."""
        raise NotImplementedError

    def _gone(self, reason: Reason) -> None:
        """Record that the connection has ended."""
        self._phase = Phase.GONE
        self._outbox.discard()
        self._inbox.close(PeerGone(reason))
        seconds = self._clock.seconds() - self.since
        self._events.disconnected(
            self.peer.text, self._bytes_in, self._outbox.bytes_out, seconds, reason
        )
        if not self._conversation.is_running:
            self._host.connections.remove(self)
