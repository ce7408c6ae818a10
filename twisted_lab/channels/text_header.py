"""Channel of messages with a length in text."""

from __future__ import annotations

from twisted_lab.channels.stream import StreamChannel
from twisted_lab.codecs import MAX_MESSAGE, HeaderDecoder, MessageError, TextHeader, header_encoder
from twisted_lab.disconnects import Disconnect


class TextHeaderChannel(StreamChannel):
    """Messages after a text header, which limits their length in both directions.

    A message that is too long for the header is replaced by an error message. If the conversation
    has said it, the channel then hangs up. If it is a message of another peer, from a fan-out, the
    connection stays: no peer can end that of another one.

    Args:
        patience: The idle timeout, in seconds, after which `hear` raises PeerSilent.
        header: The form of the header.
        max_message: The most bytes of a received message.
        has_secrets: Whether errors must not quote what the peer sends.
    """

    def __init__(
        self,
        patience: float,
        header: TextHeader,
        max_message: int = MAX_MESSAGE,
        has_secrets: bool = False,
    ) -> None:
        super().__init__(HeaderDecoder(header, max_message, has_secrets), patience)
        self._header = header
        self.encode = header_encoder(header)

    def pass_on(self, text: str) -> None:
        """Send a message of another peer; see `FanOut.add`."""
        super().say(text)

    def say(self, text: str) -> None:
        """See `twisted_lab.channels.Channel`."""
        super().say(text)
        try:
            self._header.check(text.encode(errors="replace"))
        except MessageError as error:
            if not self.is_gone:
                reason = Disconnect.NO_MESSAGE.reason(problem=error)
                self._events.hung_up(self.peer.text, reason)
                self.hang_up()
