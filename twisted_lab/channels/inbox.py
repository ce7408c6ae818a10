"""Received messages of a channel, until the conversation hears them."""

from __future__ import annotations

from collections import deque

from twisted_lab.codecs import MessageError, StreamDecoder, decode


def bare(error: Exception) -> Exception:
    """Return a copy of `error` without its traceback, which leads back to the channel: a cycle.

    `copy.copy` would call the constructor, but `args` need not be its arguments.
    """
    kind = type(error)
    bare_error = kind.__new__(kind, *error.args)
    bare_error.__dict__.update(error.__dict__)
    return bare_error


class Inbox:
    """The received messages of a channel.

    An inbox is first open. Then it is ended (the peer sends no more, and the conversation still
    hears the received messages) or shut (further input is dropped).

    Attributes:
        messages: A batch of messages that are ready to be heard.
        may_have_more: Whether another batch may be available.
        end: The exception of which `hear` raises a copy after the last message; None while the
            inbox is open.
        is_shut: Whether further input is dropped.
    """

    __slots__ = ("end", "is_shut", "may_have_more", "messages")

    def __init__(self) -> None:
        self.messages: deque[str] = deque()
        self.may_have_more = False
        self.end: Exception | None = None
        self.is_shut = False

    def close(self, end: Exception) -> None:
        """Let `hear` raise `end` after all received messages."""
        self.end = self.end or end

    def fail(self, error: MessageError) -> None:
        """Drop further input, which cannot be decoded; the messages before it are still heard."""
        self.is_shut = True
        self.end = bare(error)

    def shut(self, end: Exception) -> None:
        """Drop all input, received messages included."""
        self.is_shut = True
        self.end = end
        self.clear()

    def clear(self) -> None:
        """Drop the received messages."""
        self.messages.clear()
        self.may_have_more = False


class StreamInbox(Inbox):
    """Messages of a stream, kept as bytes until the conversation asks for them.

    Args:
        decoder: Splits the received bytes into messages.
    """

    __slots__ = ("decoder",)

    def __init__(self, decoder: StreamDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def fill(self, most: int) -> list[bytes]:
        """Make the next batch ready; return its bytes."""
        taken: list[bytes] = []
        try:
            taken = self.decoder.take(most)
            # A batch smaller than requested may also mean that the next message is too long.
            self.may_have_more = bool(taken) and self.decoder.size > 0
            try:
                self.messages.extend([*map(bytes.decode, taken)])
            except UnicodeDecodeError:
                # Slower, but it keeps the messages before the error, and raises a MessageError.
                for message in taken:
                    self.messages.append(decode(message))
        except MessageError as error:
            self.may_have_more = False
            self.fail(error)
        return taken


class DatagramInbox(Inbox):
    """Messages of datagrams; the caller drops further ones while the inbox has no room."""

    # Limits of unheard messages; a peer of the reliable protocol retransmits dropped ones.
    MESSAGES = 64
    CHARACTERS = 65_536

    def __init__(self) -> None:
        super().__init__()
        self._received: deque[str] = deque()
        self._characters = 0  # in _received
        self._batch_characters = 0

    def __len__(self) -> int:
        return len(self._received) + len(self.messages)

    def put(self, message: str) -> None:
        """Keep a message until it is heard."""
        self._received.append(message)
        self._characters += len(message)
        self.may_have_more = True

    @property
    def has_room(self) -> bool:
        """Tell whether one more message fits."""
        # The characters of a batch count until all of it is heard.
        characters = self._characters + (self._batch_characters if self.messages else 0)
        return len(self) < self.MESSAGES and characters < self.CHARACTERS

    def fill(self, most: int) -> int:
        """Make the next batch ready; return its number of messages."""
        count = min(most, len(self._received))
        self.messages.extend([self._received.popleft() for _ in range(count)])
        self._batch_characters = sum(map(len, self.messages))
        self._characters -= self._batch_characters
        self.may_have_more = bool(self._received)
        return count

    def clear(self) -> None:
        """Drop the received messages."""
        super().clear()
        self._received.clear()
        self._characters = 0
