"""Client's end of the protocol: address validation, sessions, reconnection."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from enum import Enum, auto

from twisted_lab.codecs import MAX_INCOMING
from twisted_lab.reliable.packets import (
    KEY_BYTES,
    MODULUS,
    NO_KEY,
    VERSION,
    BadPacket,
    Cookie,
    Hello,
    Open,
    Refusal,
    Side,
    Welcome,
    decode,
    is_sealed,
    seal,
)
from twisted_lab.reliable.session import Session, State
from twisted_lab.reliable.timer import RetransmissionTimer
from twisted_lab.text.language import N_

FIRST_WAIT = 0.5  # seconds, before the second try
REFUSED_WAIT = 5.0  # seconds until a refused client tries again
LONGEST_WAIT = 1.0
# After this many failed tries a cookie may be too old.
COOKIE_TRIES = 4
# The client pings the server after PING_AFTER seconds without a packet, and considers it gone after
# LOST_AFTER more.
PING_AFTER = 5.0
LOST_AFTER = 4.0


class OtherVersion(Exception):
    """The server speaks another version of the protocol; the text says which."""


class NotServed(Exception):
    """The server refuses this client; the text says why."""


class Stage(Enum):
    """The stage of a client.

    ASKING -- cookie --> OPENING -- welcome --> TALKING
                         OPENING -- four tries --> ASKING
                         OPENING -- refusal --> ASKING, after a delay, unless the client gives up
                         OPENING <-- cookie -- TALKING: the server does not know the session any
                                                        more, or this address
    ASKING <-- the server has closed because it is shutting down -- TALKING
    ASKING <-- the client moves to another server -- any
    """

    ASKING = auto()
    OPENING = auto()
    TALKING = auto()


class ClientEndpoint:
    """The client's end.

    Args:
        now: The time, in seconds.
        opened: Called when a session begins that does not continue an earlier one: the first one,
            and one with a server that has forgotten the client. Earlier messages may be lost.
        random: Returns random bytes.

    Attributes:
        stage: The stage.
        session: The session; None before the first one with a server.
        has_talked: Whether there has ever been a session.
        heard: The time of the last packet of the session, in seconds.
        began: The time of the first request, in seconds.
    """

    def __init__(
        self,
        now: float,
        opened: Callable[[], object],
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.stage = Stage.ASKING
        self.session: Session | None = None
        self.has_talked = False
        self._random = random
        self._opened = opened
        self._number = int.from_bytes(random(8))
        self._key = random(KEY_BYTES)
        self._cookie = b""
        self._attempt = 0
        self.heard = self.began = now
        self._next_try = now
        self._refused_until = now
        self._wait = FIRST_WAIT
        self._tries = 0
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """Tell whether this end has closed."""
        return self._is_closed

    @property
    def is_over(self) -> bool:
        """Tell whether an end has closed; a server that is shutting down does not count."""
        if self.session is None or self.session.peer_stops:
            return self._is_closed
        return self.session.state in (State.ANSWERING, State.OVER)

    def is_lost(self, now: float) -> bool:
        """Tell whether the server has not answered for too long."""
        return now >= self.heard + PING_AFTER + LOST_AFTER

    def extend_timeouts(self, seconds: float) -> None:
        """Exclude `seconds`, in which the process was paused, from the timeouts."""
        self.heard += seconds
        self.began += seconds
        if self.session is not None:
            self.session.heard += seconds

    def move(self, when: float) -> None:
        """Leave the server, and open a session with another one from `when` on.

        A new number and key make the session a new one also for a server that the client has left
        before, and that still knows the old one.
        """
        self.session = None
        self._number = int.from_bytes(self._random(8))
        self._key = self._random(KEY_BYTES)
        self._refused_until = when
        self._try_again(Stage.ASKING, when)

    def say(self, message: bytes) -> None:
        """Send a message, if there is a session."""
        if self.session is not None:
            self.session.say(message)

    def close(self) -> None:
        """Close once all messages are acknowledged."""
        self._is_closed = True
        if self.session is not None:
            self.session.close()

    def abort(self) -> list[bytes]:
        """Close immediately, and return the datagrams to send."""
        self._is_closed = True
        return [self.session.abort()] if self.session is not None else []

    def receive(self, data: bytes, now: float) -> Iterable[bytes]:
        """Handle a datagram.

        Returns:
            The messages that are complete now. After them, the iterator raises
            `twisted_lab.codecs.MessageError` if a message is too long.

        Raises:
            NotServed: The server refuses this client.
            OtherVersion: The server speaks another version of the protocol.
        """
        try:
            packet = decode(data)
        except BadPacket:
            return ()
        session = self.session
        if isinstance(packet, Cookie):
            ours = (self._number, session.number if session else self._number)
            if packet.number in ours and is_sealed(data, NO_KEY, Side.SERVER):
                if packet.version != VERSION:
                    raise OtherVersion(
                        N_(
                            "the server speaks version {version} of the chat's protocol, and this "
                            "client version {own}; use one of the same release",
                            version=packet.version,
                            own=VERSION,
                        )
                    )
                if now >= self._refused_until:
                    self._take_cookie(packet.cookie, now)
        elif is_sealed(data, self._key, Side.SERVER):
            if isinstance(packet, Welcome) and packet.number == self._number:
                self._take_welcome(packet, now)
            elif isinstance(packet, Refusal):
                self._take_refusal(packet, now)
            elif session is not None and packet.number == session.number:
                self.heard = now
                messages = session.receive(packet, now)
                if session.peer_stops and self.stage is Stage.TALKING:
                    self._try_again(Stage.ASKING, now + FIRST_WAIT)
                return messages
        return ()

    def _take_cookie(self, cookie: bytes, now: float) -> None:
        if cookie != self._cookie or self.stage is not Stage.OPENING:
            self._attempt = (self._attempt + 1) % MODULUS
            self._cookie = cookie
        if self.stage is not Stage.OPENING:
            self._try_again(Stage.OPENING, now)

    def _take_welcome(self, packet: Welcome, now: float) -> None:
        if self.stage is not Stage.OPENING or packet.attempt != self._attempt:
            return
        self.stage = Stage.TALKING
        self.has_talked = True
        self.heard = now
        before = self.session
        if before is not None and before.number == packet.session:
            before.resume(now)
            return
        timer = before.sender.timer if before is not None else RetransmissionTimer()
        timer.forget_backoff()
        self.session = Session(
            packet.session, self._key, Side.CLIENT, MAX_INCOMING, now, PING_AFTER, timer
        )
        if self._is_closed:
            self.session.close()
        else:
            self._opened()

    def _take_refusal(self, packet: Refusal, now: float) -> None:
        answers = packet.number == self._number and packet.attempt == self._attempt
        if self.stage is Stage.OPENING and answers:
            self._refused_until = now + REFUSED_WAIT
            self._try_again(Stage.ASKING, self._refused_until)
            raise NotServed(packet.reason.decode(errors="replace"))

    def _try_again(self, stage: Stage, when: float) -> None:
        self.stage = stage
        self._next_try = when
        self._wait = FIRST_WAIT
        self._tries = 0

    def datagrams_to_send(self, now: float) -> list[bytes]:
        """Return the datagrams to send now."""
        datagrams = []
        if now < self._refused_until:
            return []
        if self.session is not None and self.stage is not Stage.OPENING:
            datagrams = self.session.datagrams_to_send(now)
        if self.stage is Stage.TALKING or now < self._next_try:
            return datagrams
        if self.stage is Stage.OPENING and self._tries == COOKIE_TRIES:
            self._try_again(Stage.ASKING, now)
        self._next_try = now + self._wait
        self._wait = min(self._wait * 2, LONGEST_WAIT)
        self._tries += 1
        if self.stage is Stage.ASKING:
            return [*datagrams, seal(Hello(self._number), NO_KEY, Side.CLIENT)]
        opening = Open(self._number, self._cookie, self._key, self._attempt)
        return [seal(opening, self._key, Side.CLIENT)]

    def deadline(self) -> float | None:
        """Return when to call `datagrams_to_send` if no packet is received before."""
        if self.stage is Stage.TALKING:
            return self.session.deadline() if self.session else None
        return self._next_try
