"""Messages with a length prefix."""

from __future__ import annotations

from twisted.protocols.basic import Int32StringReceiver

from twisted_lab.channels.stream import StreamChannel
from twisted_lab.codecs import MAX_MESSAGE, FrameDecoder, encode_frame, encode_text


class Int32Channel(StreamChannel, Int32StringReceiver):
    """An `Int32StringReceiver` whose strings are heard, as text, instead of received.

    Of what it inherits it uses MAX_LENGTH and the interface of `sendString` alone. Twisted's
    `dataReceived` joins its whole buffer for each piece that comes, so that a large message in
    small pieces costs quadratic time, and it cannot stop between two strings (back-pressure).
    Twisted's `sendString` writes to the transport, past the messages that wait in the outbox.

    Args:
        patience: Idle timeout: after this many seconds of silence `hear` raises PeerSilent.
        max_message: The most bytes of a message.
    """

    def __init__(self, patience: float, max_message: int = MAX_MESSAGE) -> None:
        super().__init__(FrameDecoder(max_message), patience)
        self.MAX_LENGTH = max_message

    # Without a method in between: it is called for each message.
    encode = staticmethod(encode_text)

    def sendString(self, string: bytes) -> None:
        """See `twisted.protocols.basic.IntNStringReceiver`; it keeps its place in the output."""
        if not self.is_gone:
            self._outbox.add(encode_frame(string))
