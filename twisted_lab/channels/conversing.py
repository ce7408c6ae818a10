"""Has a conversation over a channel, and deals with how it ends."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from twisted_lab.channels.channel import Channel, Conversation, PeerGone, PeerSilent, Unable
from twisted_lab.codecs import MessageError
from twisted_lab.events import ServiceEvents


def have(conversation: Conversation, channel: Channel, events: ServiceEvents) -> Deferred[object]:
    """Begin a conversation.

    Returns:
        A Deferred that fires when it has ended, in whichever way; the peer and the log have been
        told if it was not by itself, and the channel can be hung up.
    """
    peer = channel.peer.text

    def failed(failure: Failure) -> None:
        error = failure.value
        if isinstance(error, MessageError | PeerSilent):
            events.hung_up(peer, str(error))
            channel.say(f"error: {error}")
        elif isinstance(error, Unable):
            events.unable(peer, str(error), error.reason)
            channel.say(f"error: {error}")
        elif not isinstance(error, PeerGone | CancelledError):
            events.conversation_failed(peer, failure)

    conversing: Deferred[object] = Deferred.fromCoroutine(conversation(channel))
    return conversing.addErrback(failed)
