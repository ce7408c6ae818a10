"""Int32 messages for blocking programs: a socket that sends and receives whole messages.

A server that repeats what it hears, for one client after the other:

    from twisted_lab.message_socket import MessageSocket

    with MessageSocket() as listening:
        listening.bind(("127.0.0.1", 9091))
        listening.listen()
        while True:
            connection, address = listening.accept()
            with connection:
                for text in connection.messages():
                    connection.send_message(text.upper())

And a client:

    from twisted_lab.message_socket import MessageSocket

    with MessageSocket() as server:
        server.connect(("127.0.0.1", 9091))
        server.send_message("hello")
        print(server.receive_message())

Several clients at once, with `select()`. It sees what waits in the kernel, not the whole messages
that a socket has received already, so `pending()` is asked first:

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
                    client.settimeout(5)  # seconds that half a message may keep the others waiting
                    clients.append(client)
                    continue
                try:
                    text = socket.receive_message()
                    if text is not None:
                        socket.send_message(text.upper())
                        continue
                except (MessageError, OSError):
                    pass  # it broke the rules, has gone, or is too slow
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

from twisted_lab.codecs import MAX_MESSAGE, FrameDecoder, MessageError, decode, encode_frame


class MessageSocket(socket.socket):
    """A stream socket for messages in Int32 framing: four bytes of length, then UTF-8.

    It is a `socket.socket` in everything else. Do not mix `receive_message` with `recv`: some bytes
    of the next message may have been received already.

    Attributes:
        max_message: The most bytes of a message; set it before the first message is received.
    """

    def __init__(self, *args: int, **kwargs: int) -> None:
        super().__init__(*args, **kwargs)
        self.max_message = MAX_MESSAGE
        self._decoder: FrameDecoder | None = None
        self._received: deque[bytes] = deque()

    def accept(self) -> tuple[MessageSocket, Any]:
        """Accept a connection, as `socket.socket.accept` does.

        Returns:
            The connection, with this socket's `max_message`, and the client's address.
        """
        accepted, address = super().accept()
        connection = type(self)(
            accepted.family, accepted.type, accepted.proto, fileno=accepted.detach()
        )
        connection.max_message = self.max_message
        return connection, address

    def send_message(self, text: str) -> None:
        """Send a message; a lone surrogate, which UTF-8 cannot have, is sent as ``?``.

        Raises:
            MessageError: It is over the limit; nothing is sent.
            OSError: As `socket.socket.sendall` does; TimeoutError among them. Part of the message
                may be sent then, so nothing more can be.
        """
        data = text.encode("utf-8", "replace")
        if len(data) > self.max_message:
            raise MessageError(
                f"message of {len(data)} bytes is over the limit of {self.max_message}"
            )
        self.sendall(encode_frame(data))

    def pending(self) -> int:
        """Return how many messages can be received without waiting, as `ssl.SSLSocket.pending`.

        `select.select` does not see them, because they are no longer in the kernel. A message that
        breaks the rules counts as well: `receive_message` raises what is wrong at once.
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
            The message, or None if the other side has closed after the last one.

        Raises:
            MessageError: It is not UTF-8, or over the limit; then nothing more can be received.
            ConnectionError: The other side has gone in the middle of a message.
            TimeoutError: It has not come within the socket's timeout, which counts for the whole
                message. The bytes received so far are kept: call again to go on.
        """
        if self._decoder is None:
            self._decoder = FrameDecoder(self.max_message)
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

    def _check_end(self, decoder: FrameDecoder, error: ConnectionError | None = None) -> None:
        if decoder.size:
            raise ConnectionError(
                f"connection {'lost' if error else 'closed'} in the middle of a message, after "
                f"{decoder.size} of {decoder.needed} bytes"
            ) from error

    def messages(self) -> Iterator[str]:
        """Iterate over the messages, up to the last one; raises what `receive_message` does."""
        while (text := self.receive_message()) is not None:
            yield text
