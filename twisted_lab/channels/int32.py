"""Channel of messages with a length prefix."""

from __future__ import annotations

from twisted.protocols.basic import Int32StringReceiver

from twisted_lab.channels.stream import StreamChannel
from twisted_lab.codecs import MAX_MESSAGE, FrameDecoder, encode_frame, encode_text


class Int32Channel(StreamChannel, Int32StringReceiver):
    """An `Int32StringReceiver` whose strings are heard, as text, instead of received.

    It uses only MAX_LENGTH and the interface of `sendString` of its base class. Twisted's
    `dataReceived` joins its whole buffer for each received piece, so that a large message in small
    pieces takes quadratic time, and it cannot stop between two strings (back-pressure). Twisted's
    `sendString` would overtake messages in the outbox.

    Args:
        patience: The idle timeout, in seconds, after which `hear` raises PeerSilent.
        max_message: The most bytes of a message.
    """

    def __init__(self, patience: float, max_message: int = MAX_MESSAGE) -> None:
        super().__init__(FrameDecoder(max_message), patience)
        self.MAX_LENGTH = max_message

    # Called for each message, so there is no method around it.
    encode = staticmethod(encode_text)

    def sendString(self, string: bytes) -> None:
        """See `twisted.protocols.basic.IntNStringReceiver`; output stays in order."""
        if not self.is_gone:
            self._outbox.add(encode_frame(string))
