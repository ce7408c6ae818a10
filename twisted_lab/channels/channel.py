"""The interface that a conversation talks to, whatever carries its messages."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from twisted_lab.disconnects import Disconnect, Reason
from twisted_lab.peers import Peer


class PeerGone(Exception):
    """The peer has closed, or the server has hung up: no message follows. The text says how.

    A conversation need not catch it; an end by it is an ordinary end.
    """


class PeerSilent(Exception):
    """The peer was silent for as long as the channel waits.

    A conversation may catch it and hear again; if it does not, the server tells the peer and hangs
    up.

    Args:
        reason: What the peer did not do, and for how long.
    """

    def __init__(self, reason: Reason | None = None) -> None:
        self.reason = reason or Disconnect.SILENT.reason()
        super().__init__(self.reason)


class Refused(Exception):
    """The peer is not served; the text, which the peer gets, says why.

    A conversation may raise it.
    """


TOO_LITTLE_MEMORY = "the server has too little memory for that now; try again later"


class Channel(Protocol):
    """One peer's messages, in and out.

    Attributes:
        peer: Who is at the other end.
        patience: Idle timeout: after this many seconds of silence `hear` raises PeerSilent. A
            conversation may change it.
    """

    peer: Peer
    patience: float

    @property
    def is_gone(self) -> bool:
        """Tell whether the peer takes nothing more: it has gone, or the server has hung up."""
        ...

    async def hear(self) -> str:
        """Return the peer's next message.

        It waits for the message, and also until the peer has taken most of its pending output: so a
        conversation that says something for each message never runs ahead of a peer.

        Raises:
            PeerGone: No message will come any more. All earlier ones were heard.
            PeerSilent: No message has come for too long.
            twisted_lab.codecs.MessageError: The received bytes are no message: too long, or not
                UTF-8. Let it pass: the server tells the peer and hangs up.
        """
        ...

    def say(self, text: str) -> None:
        """Send a message. It never waits and never fails; a lone surrogate is sent as ``?``.

        No other conversation runs before it returns. To a peer that has gone it does nothing. A
        peer with 256 KiB of pending output, in addition to the output in the kernel, is cut off.
        Its own conversation learns of that in a later turn of the reactor. So a conversation with
        more to say than that hears, or waits until it is `taken`, in between.
        """
        ...

    async def taken(self) -> None:
        """Wait until at most about 64 KiB of output are pending for the peer.

        A conversation that says more than that without hearing anything awaits it after each
        message. It costs nothing if there is nothing to wait for. Over plain UDP, where nothing
        tells what the peer has taken, it keeps to a rate instead.

        Raises:
            PeerGone: The peer will take nothing more, because it has gone.
            PeerSilent: The peer has taken nothing for too long.
        """
        ...

    def hang_up(self) -> None:
        """Send the pending output, and close; nothing more is heard.

        If that is another conversation's channel, its conversation learns of it in a later turn.
        The end of a conversation does the same.
        """
        ...


Conversation = Callable[[Channel], Coroutine[Deferred[object], Any, object]]
"""A conversation is any coroutine function that takes a channel."""
