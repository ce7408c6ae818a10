"""The same message to many."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from twisted_lab.channels.channel import Channel
from twisted_lab.channels.stream import StreamChannel


def say_to_all(channels: Iterable[Channel], text: str) -> None:
    """Say `text` to each, as its `say` would; for all streams of one framing it is encoded once."""
    encoded: dict[Callable[[str], bytes], bytes] = {}
    for channel in list(channels):
        if isinstance(channel, StreamChannel):
            encode = channel.encode
            if encode not in encoded:
                encoded[encode] = encode(text)
            channel.say(text, encoded[encode])
        else:
            channel.say(text)
