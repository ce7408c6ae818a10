"""Channel of text lines, for peers with and without line endings."""

from __future__ import annotations

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from twisted_lab.channels.closing import cancel
from twisted_lab.channels.idleness import acknowledge
from twisted_lab.channels.outbox import Outbox, do_nothing
from twisted_lab.channels.phase import Phase
from twisted_lab.channels.stream import StreamChannel
from twisted_lab.codecs import MAX_MESSAGE, TextDecoder, line_encoder

# A character received alone may be the first key of a typed line. Then the wait for the second one
# is this many times the idle flush.
FIRST_KEY = 4
LONGEST_CHARACTER = 4  # bytes
# The silence, in seconds, that ends a message of a peer that has sent no newline. Programs send
# messages 50 ms apart and more, and the pieces of one at most 10 ms apart.
SHORT_SILENCE = 0.03
# A network may cut a line of this many bytes, and delay the rest: a TCP segment mostly has 1,220 to
# 1,460. Then the idle flush applies.
CAN_BE_CUT = 1024


def is_key(data: bytes) -> bool:
    """Tell whether `data` is a UTF-8 character or a part of one, which is not a message either."""
    is_short = len(data) <= LONGEST_CHARACTER and len(data.decode(errors="ignore")) <= 1
    return is_short and data != b"\0"


class TextChannel(StreamChannel):
    """Lines, ended by LF, CRLF, CR or NUL.

    Text without a newline is a message once the peer is silent for the idle flush. The same applies
    to text with a NUL, because a newline directly after a NUL belongs to it. After the first
    message without a newline the peer is *unterminated*: a NUL ends a message immediately, and
    messages to the peer have a delay between them, or those of a turn are sent together, because
    such a peer takes the result of one ``recv()`` for one message. While such a peer has never sent
    a newline, a short silence ends a message.

    A short silence within the first line of a connection decides nothing yet: the next bytes tell
    whether it was the end of a message.

    A telnet client, or another one that sends single characters, is in *character mode*: only the
    Enter key ends a line.

    Args:
        patience: The idle timeout, in seconds, after which `hear` raises PeerSilent.
        max_message: The most bytes of a message.
        newline: The line ending of sent messages.
        idle_flush: The silence, in seconds, that ends a message without a newline; 0 if only the
            end of the input does.
        pace: The delay between two messages to an unterminated peer, in seconds. With 0 the
            messages of one turn are sent in one write, with LF between them.
        is_strict: Whether text received together with a NUL before it is an error.
        paces_all: Whether the delay applies from the first message on, to every peer.
    """

    def __init__(
        self,
        patience: float,
        max_message: int = MAX_MESSAGE,
        newline: bytes = b"\n",
        idle_flush: float = 0.2,
        pace: float = 0.05,
        is_strict: bool = False,
        paces_all: bool = False,
    ) -> None:
        self._lines = TextDecoder(max_message, self._became_unterminated, is_strict)
        super().__init__(self._lines, patience)
        self.encode = line_encoder(newline)
        self._idle_flush = idle_flush
        self._short_silence = min(SHORT_SILENCE, idle_flush)
        self._pace = pace
        self._paces_all = paces_all
        self._separator = b"" if newline else b"\n"
        self._quiet_since = 0.0
        self._line_timer: IDelayedCall | None = None
        self._has_key = False  # whether the line so far is a single character
        self._had_key = False  # whether a line began so, before one ended without a newline
        self._by_character = False

    def _make_outbox(self) -> Outbox:
        outbox = super()._make_outbox()
        if self._paces_all or (self._separator and not self._pace):
            outbox.keep_apart(self._pace, self._separator)
        return outbox

    def dataReceived(self, data: bytes) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        StreamChannel.dataReceived(self, data)  # faster than super()
        if self._lines.mid_line:
            self._watch_keys(data)
            self._watch_line()
            if not self._idle_flush and data.endswith(b"\0") and self._is_due():
                self._end_unterminated()
        else:
            self._has_key = False

    def _watch_keys(self, data: bytes) -> None:
        # The rest of a character continues a key, but also the text of a segment.
        is_one = is_key(data) and (self._has_key or not b"\x80" <= data[:1] < b"\xc0")
        # A peer that has sent a whole message without a newline will not send Enter either.
        are_keys = self._has_key and is_one and not self._lines.is_unterminated
        is_typed = self._by_character or self._lines.is_telnet or are_keys
        self._by_character = is_typed and not data.endswith(b"\0")  # NUL is not a key
        self._has_key = is_one
        if is_one and not self._lines.is_unterminated and self._lines.size <= LONGEST_CHARACTER:
            self._had_key = True

    def _resume_reading(self) -> None:
        super()._resume_reading()
        if self._lines.mid_line:
            self._watch_line()

    def _watch_line(self) -> None:
        # One timer per line that checks the clock is cheaper than a reset for each piece.
        self._quiet_since = self._clock.seconds()
        if not self._lines.is_terminated:
            # The silence must not be that of a peer whose kernel waits.
            acknowledge(self.transport)
        if self._line_timer is None and not (
            self._phase is Phase.GONE
            or self._inbox.is_shut
            or self._by_character
            or not self._idle_flush
        ):
            self._look_in(self._needed_silence())

    def _look(self) -> None:
        self._line_timer = None
        if not self._is_due():
            return
        left = self._left()
        if left > 0:
            self._look_in(left)
        else:
            # A delayed process runs its timers before it reads: more of the line may have arrived.
            self._line_timer = self._clock.callLater(0.001, self._end_line, self._quiet_since)

    def _look_in(self, seconds: float) -> None:
        self._line_timer = self._clock.callLater(min(seconds, self._idle_flush), self._look)

    def _left(self) -> float:
        return self._quiet_since + self._needed_silence() - self._clock.seconds()

    def _needed_silence(self) -> float:
        """Return the silence, in seconds, that ends the current line, or may have ended it."""
        lines = self._lines
        is_raw = lines.is_unterminated and not lines.is_terminated
        may_be_typed = self._had_key and self._has_key
        if self._may_pause() or (is_raw and not may_be_typed and lines.size < CAN_BE_CUT):
            return self._short_silence
        is_first_key = self._has_key and not lines.is_unterminated
        return self._idle_flush * (FIRST_KEY if is_first_key else 1)

    def _may_pause(self) -> bool:
        """Tell whether a short silence leaves it to the next bytes whether the line has ended."""
        lines = self._lines
        is_known = lines.is_unterminated or lines.is_terminated
        return not (is_known or lines.has_paused or self._had_key) and lines.size < CAN_BE_CUT

    def _end_line(self, quiet_since: float) -> None:
        self._line_timer = None
        is_quiet = self._quiet_since == quiet_since and self._is_due()
        if is_quiet and self._may_pause():
            self._lines.has_paused = True
        if not is_quiet or self._left() > 0:
            self._look()
        else:
            self._end_unterminated()

    def _end_unterminated(self) -> None:
        self._has_key = False
        self._lines.end_unterminated()
        self._inbox.may_have_more = True
        self._work(self._clock.seconds())

    def _became_unterminated(self) -> None:
        # The timer of the earlier line may be too late for the next one.
        cancel(self._line_timer)
        self._line_timer = None
        self._outbox.keep_apart(self._pace, self._separator)

    def _is_due(self) -> bool:
        """Tell whether silence can end the current line."""
        is_heard = self._reading and not self._inbox.is_shut
        return self._lines.mid_line and is_heard and not self._by_character

    def readConnectionLost(self) -> None:
        """See `IHalfCloseableProtocol`; a last line without a newline is a message."""
        self._end_last_line()
        super().readConnectionLost()

    def _end_last_line(self) -> None:
        cancel(self._line_timer)
        if self._lines.mid_line and not self._inbox.is_shut:
            self._lines.end_line()
            self._inbox.may_have_more = True

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        if reason.check(ConnectionDone):
            self._end_last_line()  # TLS reports no half-close.
        cancel(self._line_timer)
        self._lines.became_unterminated = do_nothing  # It refers to the channel: a cycle.
        super().connectionLost(reason)
