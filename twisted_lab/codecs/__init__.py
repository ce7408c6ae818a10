"""Framings: bytes to messages and back, independent of Twisted and of time."""

from twisted_lab.codecs.errors import MAX_INCOMING, MAX_MESSAGE, MessageError, decode, too_long
from twisted_lab.codecs.int32 import FrameDecoder, encode_frame, encode_text
from twisted_lab.codecs.lines import NEWLINES, LineDecoder, byte_length, line_encoder
from twisted_lab.codecs.padding import datagram_lines
from twisted_lab.codecs.stream import StreamDecoder
from twisted_lab.codecs.text import TextDecoder

__all__ = [
    "MAX_INCOMING",
    "MAX_MESSAGE",
    "NEWLINES",
    "FrameDecoder",
    "LineDecoder",
    "MessageError",
    "StreamDecoder",
    "TextDecoder",
    "byte_length",
    "datagram_lines",
    "decode",
    "encode_frame",
    "encode_text",
    "line_encoder",
    "too_long",
]
