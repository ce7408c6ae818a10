"""Channel of plain datagrams to an address that may be forged."""

from __future__ import annotations

from typing import Protocol

from twisted_lab.channels import plain
from twisted_lab.channels.datagram import Address
from twisted_lab.channels.plain import LARGEST_PLAIN, NEWLINE, PlainChannel, datagrams_of
from twisted_lab.codecs import datagram_lines
from twisted_lab.reliable import AMPLIFICATION, AddressValidator
from twisted_lab.text.chat_messages import Join, read_join_with_cookie, read_named
from twisted_lab.text.user_names import is_nickname

ERROR = "error: "


def _first_line(data: bytes) -> str:
    # No name or request to join is longer. A datagram can have 65,000 lines, which take 3 ms.
    return datagram_lines(data[:LARGEST_PLAIN])[0].decode(errors="replace")


def name_in(data: bytes) -> str:
    """Return NAME if a datagram begins with ``NAME: ``; empty if not, or if NAME is invalid."""
    named = read_named(_first_line(data))
    return named[0] if named and is_nickname(named[0]) else ""


class Host(plain.Host, Protocol):
    """The creator of unproven channels: `DatagramServer`."""

    validator: AddressValidator
    over_limit: int


class UnprovenChannel(PlainChannel):
    """A plain channel whose peer speaks in the form ``NAME: TEXT``, and joins by it.

    Until the peer has echoed a cookie it gets at most three times the bytes and three times the
    datagrams that it has sent (RFC 9000, section 8.1). The limit of datagrams bounds their headers.
    Further messages are dropped; an error is cut instead.

    Args:
        host: The server that creates the channel.
        address: The peer's address.
        name: The name in its first message.
    """

    _host: Host

    def __init__(self, host: Host, address: Address, name: str) -> None:
        super().__init__(host, address)
        del self.relay_to_all  # It sends without a look at the limits.
        self._is_proven = self._has_joined = self._is_lossy = self._is_told = False
        self._bytes_left = self._datagrams_left = 0
        self._name = name  # the prefix of its messages
        self._first = ""  # the message that asks to join

    # Hearing

    def received(self, data: bytes) -> None:
        """Handle a datagram; see `PlainChannel`."""
        if not self._is_proven:
            self._bytes_left += AMPLIFICATION * len(data)
            self._datagrams_left += AMPLIFICATION
            text = self._without_name(_first_line(data))
            if read_join_with_cookie(text):
                message, answer = self._validate(text)
                if message is None:
                    self.say(answer)
                    return
                self._is_proven = True
                data = message.encode()
            elif self._is_lossy and not self._is_told:
                _, answer = self._validate(str(Join(self._name)))
                hint = f"* messages lost; send {answer}"
                self._is_told = self._fits(hint)
                if self._is_told:
                    self.say(hint)
        super().received(data)

    def _validate(self, text: str) -> tuple[str | None, str]:
        now = self._clock.seconds()
        message, answer = self._host.validator.hear(text.encode(), *self.address[:2], now)
        return message, answer.decode().rstrip()

    async def hear(self) -> str:
        """Return the next message, without the name that the peer has joined by.

        Before it has joined, ``NAME: TEXT`` becomes the request to join. `joined` lets the text be
        heard next.
        """
        self._first = ""  # A refused request can be long.
        text = await super().hear()
        while not self._has_joined and text.startswith(ERROR):
            # The peer may be a server that refuses requests, too: answers would never end.
            text = await super().hear()
        if self._has_joined:
            return self._without_name(text)
        if named := read_named(text):
            self._first = text
            return str(Join(named[0]))
        return text

    def _without_name(self, text: str) -> str:
        # Not without any name: two servers would take "error: /join NAME" for a request.
        return text.removeprefix(f"{self._name}: ")

    def joined(self) -> None:
        """Handle the success of a request to join."""
        self._has_joined = True
        if self._first:
            self._name = self._first.partition(": ")[0]
            self._messages.appendleft(self._first)

    # Saying

    def say(self, text: str) -> None:
        """See `twisted_lab.channels.Channel`; this drops what exceeds the limits."""
        if self.is_gone or (self._first and not text.startswith(ERROR)):
            # A script expects its own first message as the answer, and no welcome before that.
            return
        if not self._is_proven:
            most = self._bytes_left - len(NEWLINE)
            if text.startswith(ERROR) and most > len(ERROR):
                text = text.encode()[:most].decode(errors="ignore")
            if not self._fits(text):
                self._is_lossy = True
                self._host.over_limit += 1
                return
            pieces = datagrams_of(self.encode(text))
            self._bytes_left -= sum(map(len, pieces))
            self._datagrams_left -= len(pieces)
        super().say(text)

    def _fits(self, text: str) -> bool:
        pieces = datagrams_of(self.encode(text))
        size = sum(map(len, pieces))
        return size <= self._bytes_left and len(pieces) <= self._datagrams_left
