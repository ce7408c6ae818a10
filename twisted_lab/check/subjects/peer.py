"""The checker's end of a TCP connection."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import Any

from twisted_lab.check.subjects.descriptor import READ_BYTES, Descriptor

MOST_RECEIVED = 500_000  # bytes; the longest text that is sent has 100,000
_LINGER_NONE = struct.pack("ii", 1, 0)


class Peer(Descriptor):
    """A connection that says exactly what it is told, and notes exactly what it hears.

    Args:
        reactor: Watches the socket.
        connection: A connected socket that does not block; it belongs to this object from now on.
        changed: Called whenever something was received, and at the end.

    Attributes:
        received: All bytes that have come.
        borders: Where each datagram ends there; a stream has none.
        has_ended: Whether nothing more will come: the other side has sent FIN, or a reset.
        was_reset: Whether the other side has reset the connection.
    """

    def __init__(
        self, reactor: Any, connection: socket.socket, changed: Callable[[], object]
    ) -> None:
        super().__init__(reactor, connection.fileno())
        self.received = bytearray()
        self.borders: list[int] = []
        self.has_ended = False
        self.was_reset = False
        self._socket = connection
        self._changed = changed
        self._has_finished = self._has_sent_fin = False
        self._tune()
        self._reactor.addReader(self)

    def _tune(self) -> None:
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Without delayed acknowledgements, what the other side still has unsent is seen at once.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    @property
    def address(self) -> tuple[str, int]:
        """The host and port of this end, which is not closed."""
        host, port = self._socket.getsockname()[:2]
        return str(host), int(port)

    @property
    def port(self) -> int:
        """The port of this end; 0 once this end is closed, as for a program that says too much."""
        return int(self._socket.getsockname()[1]) if self._number >= 0 else 0

    def write_some(self, data: bytes | bytearray) -> int:
        """Send a part of `data`."""
        return self._socket.send(data)

    def failed(self, error: OSError) -> None:
        """Note that the other side has gone; what it had sent before is still read."""
        self.was_reset = True
        self.resume()

    def doRead(self) -> None:
        """Receive what has come."""
        try:
            data = self._socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            self._end(was_reset=True)
            return
        self._tune()
        self.received += data
        if not data:
            self._end(was_reset=False)
        elif len(self.received) > MOST_RECEIVED:
            self.reset()
        self._changed()

    def _end(self, was_reset: bool) -> None:
        self.has_ended = True
        self.was_reset |= was_reset
        self._reactor.removeReader(self)
        self._changed()

    def pause(self) -> None:
        """Stop reading, so that the other side meets back-pressure."""
        self._reactor.removeReader(self)

    def resume(self) -> None:
        """Go on reading."""
        if not self.has_ended:
            self._reactor.addReader(self)

    def finish(self) -> None:
        """Send FIN behind all that was said: nothing more follows, but replies are still heard."""
        self._has_finished = True
        if not self.unwritten:
            self._send_fin()

    def doWrite(self) -> None:
        """Write what waits, and FIN behind it."""
        super().doWrite()
        if self._has_finished and not self.unwritten:
            self._send_fin()

    def _send_fin(self) -> None:
        # Once both sides have ended, the kernel refuses another FIN as it does after a reset.
        if not (self.was_reset or self._has_sent_fin):
            self._has_sent_fin = True
            try:
                self._socket.shutdown(socket.SHUT_WR)
            except OSError:
                self._end(was_reset=True)

    def reset(self) -> None:
        """Reset the connection (RST), as a crash does."""
        if self._number >= 0:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
            self.close()

    def close(self) -> None:
        """Close the socket; what was received and not read makes the kernel send a reset."""
        self.stop()
        self.has_ended = True
        self._number = -1
        self._socket.close()
