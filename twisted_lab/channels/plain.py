"""A channel of plain datagrams."""

from __future__ import annotations

from twisted_lab.channels.datagram import INBOX_MESSAGES, DatagramChannel

# Scripts read with recvfrom(1024), which cuts what is longer.
LARGEST_PLAIN = 1024
CONTINUED = "… "


class PlainChannel(DatagramChannel):
    """A datagram a message; whatever is lost on the way is lost."""

    def received(self, data: bytes) -> None:
        """Take a datagram, which may have several lines."""
        for line in (data.splitlines() or [b""])[: INBOX_MESSAGES - len(self._inbox)]:
            super().received(line)

    def say(self, text: str) -> None:
        """See `twisted_lab.channels.Channel`."""
        if self._hung_up:
            return
        host = self._host
        if text is not host.said:
            data = text.encode(errors="replace") + b"\n"
            if len(data) > LARGEST_PLAIN:
                self._say_in_pieces(data[:-1])
                return
            host.begin(text, data)
        self._messages_out += 1
        if host.events.traffic:
            host.events.sent(self.peer.text, host.size)
        self._bytes_out += host.size
        host.addresses.append(self.address)
        if not host.in_turn:
            host.flush_soon()

    def _say_in_pieces(self, data: bytes) -> None:
        # A piece that began a datagram as it is could look like what somebody else has said.
        most = LARGEST_PLAIN - len(f"{CONTINUED}\n".encode())
        start, begin = 0, ""
        while start < len(data):
            # Not in the middle of a character.
            piece = data[start : start + most].decode(errors="ignore")
            self.say(begin + piece)
            start += len(piece.encode())
            begin = CONTINUED
