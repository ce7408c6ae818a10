"""Messages with a length prefix."""

from __future__ import annotations

from twisted.protocols.basic import Int32StringReceiver

from twisted_lab.channels.stream import StreamChannel
from twisted_lab.codecs import MAX_MESSAGE, FrameDecoder, encode_frame, encode_text


class Int32Channel(StreamChannel, Int32StringReceiver):
    """An `Int32StringReceiver` whose strings are heard, as text, instead of received.

    Its time and memory grow linearly with the received bytes, which Twisted's own does not do.

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
        if not self._hung_up:
            self._outbox.add(encode_frame(string))
