"""Messages as lines, for peers that end them and for those that do not."""

from __future__ import annotations

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from twisted_lab.channels.closing import cancel
from twisted_lab.channels.stream import StreamChannel
from twisted_lab.codecs import MAX_MESSAGE, LineDecoder, line_encoder


class TextChannel(StreamChannel):
    """Lines, ended by LF or CRLF.

    A peer that sends something without a newline and then falls silent has sent a message, too.
    From then on it is *unterminated*: it takes what one ``recv()`` gives for one message, so
    messages to it are kept apart in time.

    Args:
        patience: After so many seconds of silence `hear` raises PeerSilent.
        max_message: The most bytes of a message.
        newline: What to end messages with.
        idle_flush: The seconds of silence that end a message without a newline.
        pace: The seconds between two messages to an unterminated peer.
    """

    def __init__(
        self,
        patience: float,
        max_message: int = MAX_MESSAGE,
        newline: bytes = b"\n",
        idle_flush: float = 0.2,
        pace: float = 0.05,
    ) -> None:
        super().__init__(LineDecoder(max_message), patience)
        self.encode = line_encoder(newline)
        self._idle_flush = idle_flush
        self._pace = pace
        self._mid_line = False
        self._quiet_since = 0.0
        self._idle: IDelayedCall | None = None

    def dataReceived(self, data: bytes) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        self._mid_line = not data.endswith(b"\n")
        super().dataReceived(data)
        if self._mid_line:
            self._watch_line()

    def _resume_reading(self) -> None:
        super()._resume_reading()
        if self._mid_line:
            self._watch_line()

    def _watch_line(self) -> None:
        # One timer a line, which looks at the clock, rather than one for each piece of it.
        self._quiet_since = self._clock.seconds()
        if self._idle is None and self._connected and not self._deaf:
            self._idle = self._clock.callLater(self._idle_flush, self._look)

    def _look(self) -> None:
        self._idle = None
        if not self._mid_line or not self._reading or self._deaf:
            return
        left = self._quiet_since + self._idle_flush - self._clock.seconds()
        # A process that was held up runs its timers first: the rest of the line may have come.
        self._idle = (
            self._clock.callLater(left, self._look)
            if left > 0
            else self._clock.callLater(0.001, self._end_line, self._quiet_since)
        )

    def _end_line(self, quiet_since: float) -> None:
        self._idle = None
        if self._quiet_since != quiet_since:
            self._look()
        elif self._mid_line and self._reading and not self._deaf:
            self._mid_line = False
            self._outbox.keep_apart(self._pace)
            self._decoder.feed(b"\n")
            self._may_have_more = True
            self._work()

    def readConnectionLost(self) -> None:
        """The peer says no more; a last line without an end is a message."""
        self._end_last_line()
        super().readConnectionLost()

    def _end_last_line(self) -> None:
        cancel(self._idle)
        if self._mid_line and not self._deaf:
            self._mid_line = False
            self._decoder.feed(b"\n")
            self._may_have_more = True

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        if reason.check(ConnectionDone):
            self._end_last_line()  # TLS has no other end.
        cancel(self._idle)
        super().connectionLost(reason)
