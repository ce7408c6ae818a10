"""Messages for blocking programs: a socket that sends and receives whole messages.

A server that repeats messages in upper case, for one client at a time::

    from twisted_lab.message_socket import MessageSocket

    with MessageSocket() as listening:
        listening.bind(("127.0.0.1", 9091))
        listening.listen()
        while True:
            connection, address = listening.accept()
            with connection:
                for text in connection.messages():
                    connection.send_message(text.upper())

And a client::

    from twisted_lab.message_socket import MessageSocket

    with MessageSocket() as server:
        server.connect(("127.0.0.1", 9091))
        server.send_message("hello")
        print(server.receive_message())

Set `framing` for a peer whose lengths are not Int32 but digits: `server.framing = "decimal:10"`.

Several clients at once, with `select()`. It sees data in the kernel, but not the messages that a
socket has read from there already, so call `pending()` first::

    from twisted_lab.message_socket import MessageError, MessageSocket
    import select

    with MessageSocket() as listening:
        listening.bind(("127.0.0.1", 9091))
        listening.listen()
        clients = []
        while True:
            ready = [client for client in clients if client.pending()]
            for socket in ready or select.select([listening, *clients], [], [])[0]:
                if socket is listening:
                    client, address = listening.accept()
                    client.settimeout(5)  # seconds that half a message may block the others
                    clients.append(client)
                    continue
                try:
                    text = socket.receive_message()
                    if text is not None:
                        socket.send_message(text.upper())
                        continue
                except (MessageError, OSError):
                    pass  # the client sent an invalid message, disconnected, or is too slow
                clients.remove(socket)
                socket.close()
"""

from __future__ import annotations

import socket
import sys
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

from twisted_lab.codecs import (
    MAX_MESSAGE,
    FrameDecoder,
    HeaderDecoder,
    MessageError,
    TextHeader,
    decode,
    encode_frame,
    text_header,
)

__all__ = ["MessageError", "MessageSocket"]


class MessageSocket(socket.socket):
    """A stream socket for messages of UTF-8, each with its length before it.

    In all else it is a `socket.socket`. Do not mix `receive_message` with `recv`: it may already
    have received part of the next message.

    Attributes:
        max_message: The maximum length of a message, in bytes; set it before receiving.
        framing: The form of the length: ``int32`` (four bytes, big-endian), or ``decimal:N`` or
            ``hex:N`` (N digits); set it before sending or receiving.
        count: What a length in digits counts: ``bytes`` or ``characters``.
    """

    def __init__(self, *args: int, **kwargs: int) -> None:
        super().__init__(*args, **kwargs)
        self.max_message = MAX_MESSAGE
        self.framing = "int32"
        self.count = "bytes"
        self._decoder: FrameDecoder | HeaderDecoder | None = None
        self._received: deque[bytes] = deque()

    def accept(self) -> tuple[MessageSocket, Any]:
        """Accept a connection, as `socket.socket.accept` does.

        Returns:
            The connection, which has this socket's attributes, and the client's address.
        """
        accepted, address = super().accept()
        connection = type(self)(
            accepted.family, accepted.type, accepted.proto, fileno=accepted.detach()
        )
        connection.max_message = self.max_message
        connection.framing, connection.count = self.framing, self.count
        return connection, address

    def send_message(self, text: str) -> None:
        """Send a message, with ``?`` for lone surrogates, which UTF-8 cannot represent.

        Raises:
            MessageError: The message is over the limit, or too long for the header; nothing was
                sent.
            ValueError: There is no such `framing`.
            OSError: `socket.socket.sendall` failed, perhaps with TimeoutError. Part of the message
                may have been sent; do not send anything more.
        """
        data = text.encode("utf-8", "replace")
        if len(data) > self.max_message:
            raise MessageError(
                f"message of {len(data)} bytes is over the limit of {self.max_message}"
            )
        header = self._header()
        self.sendall(encode_frame(data) if header is None else header.frame(data))

    def _header(self) -> TextHeader | None:
        return None if self.framing == "int32" else text_header(self.framing, self.count)

    def pending(self) -> int:
        """Return how many messages can be received without waiting, like `ssl.SSLSocket.pending`.

        `select.select` does not see them, because they are no longer in the kernel. An invalid
        message counts as well: `receive_message` raises its error without waiting.
        """
        if self._decoder is not None:
            try:
                self._received += self._decoder.take(sys.maxsize)
            except MessageError:
                return len(self._received) + 1
        return len(self._received)

    def receive_message(self) -> str | None:
        """Receive the next message.

        Returns:
            The message, or None if the peer has closed the connection after a whole message.

        Raises:
            MessageError: The message is not UTF-8, or is over the limit, or its header is no
                number. After one of the last two nothing more can be received.
            ValueError: There is no such `framing`.
            ConnectionError: The connection ended in the middle of a message.
            TimeoutError: The whole message did not arrive within the socket's timeout. The bytes
                received so far are kept; call again to continue.
        """
        if self._decoder is None:
            header = self._header()
            self._decoder = (
                FrameDecoder(self.max_message)
                if header is None
                else HeaderDecoder(header, self.max_message)
            )
        if self._received:
            return decode(self._received.popleft())
        timeout = self.gettimeout()
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            while not (messages := self._decoder.take(1)):
                if deadline is not None and timeout:
                    self.settimeout(max(deadline - time.monotonic(), 1e-6))
                try:
                    piece = self.recv(65536)
                except ConnectionError as error:
                    self._check_end(self._decoder, error)
                    raise
                if not piece:
                    self._check_end(self._decoder)
                    return None
                self._decoder.feed(piece)
        finally:
            self.settimeout(timeout)
        return decode(messages[0])

    def _check_end(
        self, decoder: FrameDecoder | HeaderDecoder, error: ConnectionError | None = None
    ) -> None:
        if decoder.size:
            raise ConnectionError(
                f"connection {'lost' if error else 'closed'} in the middle of a message, after "
                f"{decoder.size} of {decoder.needed} bytes"
            ) from error

    def messages(self) -> Iterator[str]:
        """Yield messages until the peer closes the connection.

        Raises:
            MessageError, ConnectionError, TimeoutError: See `receive_message`.
        """
        while (text := self.receive_message()) is not None:
            yield text
