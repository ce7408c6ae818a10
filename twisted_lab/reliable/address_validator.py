"""What a server answers to strangers: little, and without keeping anything of them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from twisted_lab.reliable.cookies import Cookies
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
from twisted_lab.text.user_names import BadName, nickname

# For each byte that came from an address that may be forged at most so many go there.
AMPLIFICATION = 3
# Nothing that begins like this is answered, so that two servers never go on answering each other.
HINT = b"error: /join NAME\n"
_JOIN = re.compile(r"(/join +(\S+))(?: +([\w-]{12}))? *")


class AddressValidator:
    """Lets in who has shown, by sending a cookie back, that it is where it says it is.

    Args:
        random: Makes random bytes.
    """

    def __init__(self, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._cookies = Cookies(random)

    def hear(self, data: bytes, host: str, port: int, now: float) -> tuple[str | None, bytes]:
        """Take a plain datagram of a stranger.

        Returns:
            Its first message, if it may come in; and what to answer, perhaps nothing.
        """
        text = data.decode(errors="replace").removeprefix("\ufeff").rstrip("\0\r\n")
        answer = b"" if text.startswith("error:") else HINT
        if join := _JOIN.fullmatch(text):
            message, name, cookie = join.groups()
            if cookie and self._cookies.is_good(cookie, host, port, now):
                return message, b""
            if not cookie and _can_be_name(name):
                answer = f"/join {name} {self._cookies.make(host, port, now)}\n".encode()
        return None, answer if len(answer) <= AMPLIFICATION * len(data) else b""

    def take(
        self, packet: Packet, data: bytes, host: str, port: int, now: float
    ) -> tuple[Open | None, bytes]:
        """Take a packet from an address that its session does not have.

        Args:
            packet: What `data` was decoded to.
            data: The datagram.
            host: Where it came from.
            port: Likewise.
            now: The time, in seconds.

        Returns:
            The packet, if it opens a session; and what to answer, perhaps nothing.
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
        # 31 bytes; the smallest packet that is answered has 19.
        answer = Cookie(packet.number, VERSION, cookie.encode())
        return None, seal(answer, NO_KEY, Side.SERVER)


def _can_be_name(text: str) -> bool:
    try:
        nickname(text)
    except BadName:
        return False
    return True
