"""Running of a conversation over a channel, and handling of its end."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextvars import copy_context
from types import coroutine
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from twisted_lab.channels.channel import (
    TOO_LITTLE_MEMORY,
    Channel,
    Conversation,
    PeerGone,
    PeerSilent,
    Refused,
)
from twisted_lab.codecs import MessageError
from twisted_lab.disconnects import Disconnect, Reason
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.resources import Unable
from twisted_lab.text.language import message_of


def unless_refused(refusal: Reason | None, conversation: Conversation) -> Conversation:
    """Return a conversation that refuses the peer; without a `refusal` return `conversation`."""

    async def refuse(_: Channel) -> None:
        raise Refused(refusal)

    return conversation if refusal is None else refuse


def _reason(error: MessageError | PeerSilent | Refused) -> Reason:
    if isinstance(error, PeerSilent):
        return error.reason
    if isinstance(error, Refused):
        return Disconnect.REFUSED.reason(refusal=error)
    return Disconnect.NO_MESSAGE.reason(problem=error)


class ConversationRunner:
    """A running conversation.

    Args:
        conversation: The conversation to run.
        channel: The channel to run it over.
        events: The reporter of errors, which are also sent to the peer.
        ended: Called after every kind of end, when the channel can be hung up.

    Attributes:
        is_waiting: Whether a coroutine awaits the channel's next message.
        is_running: Whether the conversation has not ended.
    """

    def __init__(
        self,
        conversation: Conversation,
        channel: Channel,
        events: ServiceEvents,
        ended: Callable[[], object],
    ) -> None:
        self.is_waiting = False
        self.is_running = True
        self._channel = channel
        self._events = events
        self._ended = ended
        self._coroutine: Any = conversation(channel)
        self._send = self._coroutine.send
        self._run = copy_context().run
        # The Deferred behind `next_message`. The runner resumes the channel's own conversation
        # without firing it, so that it can be awaited again: to create, fire and chain a Deferred
        # for each message took a third of a channel's time per message. Any other coroutine awaits
        # it as usual.
        self._message: Deferred[str] = Deferred()
        self._waits_for: Deferred[Any] | None = None
        self._is_cancelled = False

    def begin(self) -> None:
        """Run the conversation up to its first wait."""
        self._resume(self._send, None)

    @coroutine
    def next_message(self) -> Generator[Deferred[str], str, str]:
        """Wait for the channel's next message.

        Raises:
            RuntimeError: Another coroutine awaits it already.
        """
        if self.is_waiting:
            raise RuntimeError("hear() is awaited already")
        self.is_waiting = True
        try:
            return (yield self._message)
        except CancelledError:
            self.is_waiting = False
            self._replace_message()
            raise

    def give(self, message: str) -> None:
        """Pass a message to the waiting coroutine."""
        self.is_waiting = False
        if self._waits_for is self._message:
            self._resume(self._send, message)
        else:
            self._replace_message().callback(message)

    def fail(self, error: Exception) -> None:
        """Raise `error` in the waiting coroutine."""
        self.is_waiting = False
        if self._waits_for is self._message:
            self._throw(error)
        else:
            self._replace_message().errback(error)

    def cancel(self) -> None:
        """Cancel what the conversation waits for; if that is impossible, cancel its next wait."""
        waits_for = self._waits_for
        if waits_for is self._message:
            self.fail(CancelledError())
        elif waits_for is not None:
            waits_for.cancel()
            self._is_cancelled = self._waits_for is waits_for

    def _replace_message(self) -> Deferred[str]:
        message, self._message = self._message, Deferred()
        return message

    def _resume(self, resume: Callable[[Any], Any], value: object) -> None:
        self._waits_for = None
        try:
            waits_for = self._run(resume, value)
        except StopIteration:
            self._end()
        except BaseException as error:
            try:
                self._explain(error)
            finally:
                self._end()
        else:
            self._waits_for = waits_for
            if waits_for is self._message:
                return
            if isinstance(waits_for, Deferred):
                waits_for.addCallbacks(self._go_on, self._go_on_with_failure)
                if self._is_cancelled:
                    self.cancel()
            else:
                mistake = TypeError(f"a conversation can await Deferreds, not {waits_for!r}")
                self._throw(mistake)

    def _throw(self, error: Any) -> None:
        before = error.__traceback__
        self._resume(self._coroutine.throw, error)
        if not self.is_running:
            # The rest of the traceback leads to frames that refer to `error`: a cycle.
            error.with_traceback(before)

    def _end(self) -> None:
        self.is_running = False
        ended = self._ended
        del self._channel, self._ended  # They refer to the runner: a cycle.
        ended()

    def _go_on(self, result: object) -> None:
        self._resume(self._send, result)

    def _go_on_with_failure(self, failure: Failure) -> None:
        self._throw(failure.value)

    def _explain(self, error: BaseException) -> None:
        peer = self._channel.peer.text
        if isinstance(error, MessageError | PeerSilent | Refused):
            self._events.hung_up(peer, _reason(error))
            self._channel.say(f"error: {error}")
        elif isinstance(error, Unable):
            self._events.unable(peer, message_of(error), error.reason, error.is_known)
            self._channel.say(f"error: {error}")
        elif isinstance(error, MemoryError):
            self._events.unable(peer, TOO_LITTLE_MEMORY, str(error) or "no memory")
            self._channel.say(f"error: {TOO_LITTLE_MEMORY}")
        elif not isinstance(error, PeerGone | CancelledError):
            self._events.conversation_failed(peer, Failure(error))
