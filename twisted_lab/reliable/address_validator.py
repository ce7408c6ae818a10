"""Address validation (RFC 9000, section 8): short answers to unknown addresses, without state."""

from __future__ import annotations

from twisted_lab.reliable.cookies import Cookies, CookieSecrets, OwnSecrets
from twisted_lab.reliable.packets import (
    NO_KEY,
    VERSION,
    Ack,
    Close,
    Cookie,
    Data,
    Hello,
    Open,
    Packet,
    Ping,
    Side,
    is_sealed,
    seal,
)
from twisted_lab.text.chat_messages import JOIN_FIRST, read_join_with_cookie
from twisted_lab.text.user_names import is_nickname

# Most bytes sent to an unverified address for each byte received from it.
AMPLIFICATION = 3
# This begins with "error:", and a datagram that does so gets no answer. Otherwise two servers could
# answer each other forever.
HINT = f"{JOIN_FIRST}\n".encode()


class AddressValidator:
    """Admits a client once it has echoed a cookie sent to its address.

    Args:
        source: The secrets of its cookies; by default its own.
    """

    def __init__(self, source: CookieSecrets | None = None) -> None:
        self._cookies = Cookies(source or OwnSecrets())

    def hear(self, data: bytes, host: str, port: int, now: float) -> tuple[str | None, bytes]:
        """Handle a plain datagram from an unknown address.

        Returns:
            The first message, or None if the client is not admitted; and the answer, which may be
            empty.
        """
        text = data.decode(errors="replace").removeprefix("\ufeff").rstrip("\0\r\n")
        answer = b"" if text.startswith("error:") else HINT
        if found := read_join_with_cookie(text):
            join, cookie = found
            if cookie and self._cookies.is_good(cookie, host, port, now):
                return str(join), b""
            if not cookie and is_nickname(join.name):
                answer = f"{join} {self._cookies.make(host, port, now)}\n".encode()
        return None, answer if len(answer) <= AMPLIFICATION * len(data) else b""

    def receive(
        self, packet: Packet, data: bytes, host: str, port: int, now: float
    ) -> tuple[Open | None, bytes]:
        """Handle a packet from an address that is not its session's.

        Args:
            packet: The decoded packet.
            data: The datagram.
            host: The sender's IP address.
            port: The sender's port.
            now: The time, in seconds.

        Returns:
            The packet, or None if it opens no session; and the answer, which may be empty.
        """
        if isinstance(packet, Open):
            if not is_sealed(data, packet.key, Side.CLIENT):
                return None, b""
            cookie = packet.cookie.decode(errors="replace")
            if self._cookies.is_good(cookie, host, port, now):
                return packet, b""
        elif isinstance(packet, Hello):
            if not is_sealed(data, NO_KEY, Side.CLIENT):
                return None, b""
        elif not isinstance(packet, Data | Ack | Ping | Close):
            return None, b""
        cookie = self._cookies.make(host, port, now)
        # The answer has 31 bytes; the smallest answered packet has 19.
        answer = Cookie(packet.number, VERSION, cookie.encode())
        return None, seal(answer, NO_KEY, Side.SERVER)
