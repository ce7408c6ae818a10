"""Messages as lines, for peers that end them and for those that do not."""

from __future__ import annotations

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from twisted_lab.channels.stream import BEHIND_BYTES, StreamChannel
from twisted_lab.codecs import MAX_MESSAGE, LineDecoder


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
        self._newline = newline
        self._idle_flush = idle_flush
        self._pace = pace
        self._mid_line = False
        self._unterminated = False
        self._idle: IDelayedCall | None = None
        self._pacing: IDelayedCall | None = None

    def encode(self, text: str) -> bytes:
        """See `StreamChannel.encode`."""
        return text.encode() + self._newline

    def dataReceived(self, data: bytes) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        self._mid_line = not data.endswith(b"\n")
        super().dataReceived(data)
        self._watch_line()

    def _resume_reading(self) -> None:
        super()._resume_reading()
        self._watch_line()

    def _watch_line(self) -> None:
        _cancel(self._idle)
        if self._mid_line and self._reading and not self._deaf:
            self._idle = self._clock.callLater(self._idle_flush, self._look_once_more)

    def _look_once_more(self) -> None:
        # A process that was held up runs its timers first: the rest of the line may have come.
        self._idle = self._clock.callLater(0.001, self._end_line)

    def _end_line(self) -> None:
        if self._mid_line and self._reading and not self._deaf:
            self._mid_line = False
            self._unterminated = True
            self._batches = False
            self._work_on(b"\n")

    def readConnectionLost(self) -> None:
        """The peer says no more; a last line without an end is a message."""
        _cancel(self._idle)
        if self._mid_line and not self._deaf:
            self._mid_line = False
            self._decoder.feed(b"\n")
        super().readConnectionLost()

    def _flush(self) -> None:
        if not self._unterminated:
            super()._flush()
        elif self._owed > BEHIND_BYTES:
            self._drop()
        elif self._outbox:
            if self._pacing is None and not self._congested:
                data = self._outbox.popleft()
                self._owed -= len(data)
                self._pacing = self._clock.callLater(self._pace, self._paced)
                self.transport.write(data)
            self._holding = self._congested or bool(self._outbox)
        elif self._hung_up:
            self._close()

    def _paced(self) -> None:
        self._pacing = None
        self._holding = self._congested
        self._flush()
        self._advance()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        _cancel(self._idle)
        _cancel(self._pacing)
        super().connectionLost(reason)


def _cancel(timer: IDelayedCall | None) -> None:
    if timer is not None and timer.active():
        timer.cancel()
