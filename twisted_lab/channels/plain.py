"""A channel of plain datagrams."""

from __future__ import annotations

from functools import lru_cache

from twisted.internet.interfaces import IDelayedCall

from twisted_lab.channels.closing import cancel
from twisted_lab.channels.datagram import INBOX_MESSAGES, DatagramChannel
from twisted_lab.codecs import datagram_lines, line_encoder

# Scripts read with recvfrom(1024), which truncates longer datagrams.
LARGEST_PLAIN = 1024
CONTINUED = "… "
# Rate limit: a peer can send a full inbox of lines at once, then this many lines a second; further
# lines are lost. Each line may have an answer, also one of a peer that has not joined: 64 empty
# lines had 64 answers, with 17 times their bytes.
LINES_PER_SECOND = 16
# Nothing tells how fast the peer reads, so a conversation that has much to say waits PAUSE seconds
# after each BURST bytes. With one of the largest messages, which may be the last of a burst, that
# still fits into the receive buffer that Linux gives a socket (212,992 bytes, overhead included).
BURST = 16_384
PAUSE = 0.1


@lru_cache(maxsize=4)  # A text for many peers is cut once.
def _pieces(text: str) -> tuple[str, ...]:
    # A piece that began a datagram unmarked could look like another member's message.
    most = LARGEST_PLAIN - len(f"{CONTINUED}\n".encode())
    data = text.encode(errors="replace")
    pieces: list[str] = []
    start = 0
    while start < len(data):
        # No cut in the middle of a character.
        piece = data[start : start + most].decode(errors="ignore")
        start += len(piece.encode())
        pieces.append(CONTINUED + piece if pieces else piece)
    return tuple(pieces)


class PlainChannel(DatagramChannel):
    """One datagram per message; a lost datagram is not sent again."""

    encode = staticmethod(line_encoder(b"\n"))

    _allowance = float(INBOX_MESSAGES)  # lines
    _counted = 0.0
    _paused_at = 0  # how many bytes had been said before the last pause
    _pause: IDelayedCall | None = None

    def received(self, data: bytes) -> None:
        """Take a datagram, which may have several lines."""
        now = self._host.clock.seconds()
        gained = max(now - self._counted, 0.0) * LINES_PER_SECOND
        self._allowance = min(self._allowance + gained, float(INBOX_MESSAGES))
        self._counted = now
        for line in datagram_lines(data)[: int(self._allowance)]:
            if self._has_room():
                self._allowance -= 1
                super().received(line)

    def _say(self, text: str, data: bytes) -> None:
        if len(data) <= LARGEST_PLAIN:
            self._send(text, data)
        else:
            for piece in _pieces(text):
                self._send(piece)

    def _send(self, text: str, data: bytes | None = None) -> None:
        host = self._host
        if text is not host.said:
            host.begin(text, data or self.encode(text))
        self._messages_out += 1
        self._bytes_out += host.size
        host.addresses.append(self.address)
        if not host.in_turn:
            host.flush_soon()

    def _is_behind(self) -> bool:
        if self._bytes_out - self._paused_at < BURST:
            return False
        self._paused_at = self._bytes_out
        # One long answer at a time: requests received meanwhile are lost, as datagrams may be.
        self._clear_inbox()
        self._pause = self._host.clock.callLater(PAUSE, self._go_on)
        return True

    def _deafen(self, reason: Exception) -> None:
        super()._deafen(reason)
        cancel(self._pause)
