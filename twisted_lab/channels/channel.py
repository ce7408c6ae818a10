"""Interface through which a conversation talks to its peer, over any transport."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from twisted_lab.disconnects import Disconnect, Reason
from twisted_lab.peers import Peer
from twisted_lab.text.language import N_


class PeerGone(Exception):
    """The peer has closed or the server has hung up, so no further message will come.

    The text gives the reason. A conversation need not catch it: its run then ends without an error.
    """


class PeerSilent(Exception):
    """The channel's idle timeout has expired.

    A conversation may catch it and hear again. Otherwise the server sends the text to the peer and
    hangs up.

    Args:
        reason: The input or progress that the peer failed to send, and the timeout.
    """

    def __init__(self, reason: Reason | str = Disconnect.SILENT.template) -> None:
        self.reason = Reason(Disconnect.SILENT, reason) if isinstance(reason, str) else reason
        super().__init__(self.reason)


class Refused(Exception):
    """The server refuses the peer; the text gives the reason, and the peer gets it.

    A conversation may raise it.
    """


TOO_LITTLE_MEMORY = N_("the server has too little memory now; try again later")


class Channel(Protocol):
    """The messages from and to one peer.

    Attributes:
        peer: The peer.
        patience: The idle timeout, in seconds, after which `hear` raises PeerSilent. A conversation
            may change it.
    """

    peer: Peer
    patience: float

    @property
    def is_gone(self) -> bool:
        """Tell whether the peer has gone or the server has hung up, so nothing more can be said."""
        ...

    async def hear(self) -> str:
        """Return the peer's next message.

        This waits for the message, and also until the peer has accepted most of its pending output.
        So a conversation that answers each message never runs ahead of its peer.

        Raises:
            PeerGone: No message will come any more; all earlier ones were returned.
            PeerSilent: No message has come within the idle timeout.
            twisted_lab.codecs.MessageError: The received bytes are not a message: too long, or not
                UTF-8. Do not catch it: the server tells the peer and hangs up.
        """
        ...

    def say(self, text: str) -> None:
        """Send a message without waiting; a lone surrogate is sent as ``?``.

        This never fails, does nothing once the peer has gone, and lets no other conversation run
        before it returns. The server cuts off a peer with 256 KiB of pending output, in addition
        to the output in the kernel; the peer's conversation learns of that in a later turn of the
        reactor. So a conversation with more output must call `hear` or `taken` in between.
        """
        ...

    async def taken(self) -> None:
        """Wait until at most about 64 KiB of output are pending for the peer.

        Call it after each message of a long output that is not interrupted by `hear`. It returns
        immediately if there is nothing to wait for. Over plain UDP the server does not learn what
        the peer has received, so this limits the rate instead.

        Raises:
            PeerGone: The peer has gone, so it will accept no more output.
            PeerSilent: The peer has accepted no output within the idle timeout.
        """
        ...

    def hang_up(self) -> None:
        """Send the pending output, and close; nothing more is heard.

        If another conversation calls it, the channel's own conversation learns of it in a later
        turn of the reactor. The channel also hangs up when its conversation ends.
        """
        ...


Conversation = Callable[[Channel], Coroutine[Deferred[object], Any, object]]
"""A conversation: any coroutine function that takes a channel."""
