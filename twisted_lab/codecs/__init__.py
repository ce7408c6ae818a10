"""Framings: bytes to messages and back, independent of Twisted and of time."""

from twisted_lab.codecs.errors import MAX_INCOMING, MAX_MESSAGE, MessageError, decode, too_long
from twisted_lab.codecs.int32 import FrameDecoder, encode_frame, encode_text
from twisted_lab.codecs.lines import NEWLINES, LineDecoder, byte_length, line_encoder
from twisted_lab.codecs.padding import datagram_lines
from twisted_lab.codecs.stream import StreamDecoder
from twisted_lab.codecs.text import TextDecoder
from twisted_lab.codecs.text_header import (
    COUNTS,
    HeaderDecoder,
    TextHeader,
    framing_name,
    header_encoder,
    text_header,
)

__all__ = [
    "COUNTS",
    "MAX_INCOMING",
    "MAX_MESSAGE",
    "NEWLINES",
    "FrameDecoder",
    "HeaderDecoder",
    "LineDecoder",
    "MessageError",
    "StreamDecoder",
    "TextDecoder",
    "TextHeader",
    "byte_length",
    "datagram_lines",
    "decode",
    "encode_frame",
    "encode_text",
    "framing_name",
    "header_encoder",
    "line_encoder",
    "text_header",
    "too_long",
]
