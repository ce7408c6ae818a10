"""A client of netlab-chat, written from docs/protocols.md alone, with only the standard library.

Usage: python examples/chat_client.py NAME [HOST [PORT]]
"""

import contextlib
import hmac
import os
import re
import secrets
import select
import socket
import sys
from struct import pack, unpack
from time import monotonic

VERSION = b"\1"
HELLO, COOKIE, OPEN, WELCOME, DATA, ACK, PING, CLOSE = range(1, 9)
SIZES = {2: [13], 4: [12], 5: range(8, 1183), 6: range(8, 265, 8), 7: [4], 8: [1]}  # of bodies
PLACED = re.compile(r"([0-9]{1,18}) [0-9]+ (?:/(done|not) ([0-9]{1,18})(?: |$))?(.*)", re.DOTALL)


class Client:
    """A member of the room, with one packet and one line on their way at a time."""

    def __init__(self, name: str, host: str = "127.0.0.1", port: str = "9095") -> None:
        self.name, self.secret = name, secrets.token_hex(8)
        self.number, self.key = secrets.randbits(64), secrets.token_bytes(16)
        self.server = socket.gethostbyname(host), int(port)
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.heard = self.moved = self.pause = monotonic()
        self.rest, self.lines, self.dropped = b"", list[str](), False
        self.cookie, self.attempt, self.count, self.place = b"", 0, 1, 0
        self.outcome: str | None = "the server does not answer, or has hung up"
        self.stage, self.tries, self.due = HELLO, 0, 0.0
        self._begin(-1)

    def _begin(self, session: int) -> None:
        self.session, self.joined, self.said = session, False, False
        self.outgoing, self.flying, self.sequence = b"", b"", 0
        self.incoming, self.expected = b"", 0
        self.timeout, self.expires, self.trip = 1.0, 0.0, (0.0, 0.0)

    def _send(self, kind: int, body: bytes) -> None:
        packet = pack(">BBQ", 0xC1, kind, self.session if kind >= DATA else self.number) + body
        seal = hmac.digest(self.key if kind > HELLO else b"", b"\0" + packet, "sha256")[:8]
        with contextlib.suppress(OSError):  # no way there, at present: it is sent again
            self.socket.sendto(packet + seal, self.server)

    def _send_what_is_due(self, now: float) -> None:
        stamp, silence = pack(">I", int(now * 1000) % 2**32), now - self.heard
        if silence > (15 if self.session < 0 else 60):
            sys.exit(self.outcome)
        if self.stage != DATA and now >= self.due:
            if self.stage == OPEN and self.tries == 4:
                self.stage, self.tries = HELLO, 0
            opening = self.cookie + self.key + pack(">I", self.attempt)
            self._send(self.stage, opening if self.stage == OPEN else VERSION)
            self.tries, self.due = self.tries + 1, now + min(2, 2**self.tries / 2)
        elif self.stage == DATA and now >= self.due and silence >= 5:
            if silence >= 9 and now - self.moved >= 10:
                self.socket, self.moved = socket.socket(type=socket.SOCK_DGRAM), now
            self._send(PING, stamp)
            self.due = now + 1
        if not self.flying:
            self.flying, self.outgoing = self.outgoing[:1174], self.outgoing[1174:]
        if self.stage == DATA and self.flying and now >= self.expires:
            self.timeout = min(10, self.timeout * (2 if self.expires else 1))
            self._send(DATA, pack(">I", self.sequence) + stamp + self.flying)
            self.expires = now + self.timeout

    def _receive(self, packet: bytes) -> None:
        kind, number = unpack(">BQ", packet[1:10].ljust(9))
        body, key = packet[10:-8], self.key if kind > COOKIE else b""
        seal = hmac.digest(key, b"\1" + packet[:-8], "sha256")[:8]
        if not hmac.compare_digest(seal, packet[-8:]) or len(body) not in SIZES.get(kind, []):
            return
        session, attempt = unpack(">QI", body) if kind == WELCOME else (0, 0)
        if kind == COOKIE and number in (self.number, self.session):
            if body[:1] != VERSION:
                sys.exit(f"the server speaks version {body[0]} of the protocol")
            if (self.stage, self.cookie) != (OPEN, body[1:]):
                self.cookie, self.attempt = body[1:], self.attempt + 1
                self.stage, self.tries, self.due = OPEN, 0, 0.0
        elif (self.stage, number, attempt) == (OPEN, self.number, self.attempt):
            self.stage, self.heard, self.expires = DATA, monotonic(), 0.0
            if session != self.session:
                self._begin(session)
                self._say(f"/join {self.name} {self.secret} {self.place or ''}".strip())
        elif kind >= DATA and number == self.session and self.stage != OPEN:
            self.heard = monotonic()
            self._take(kind, int.from_bytes(body[:4]), body)

    def _take(self, kind: int, sequence: int, body: bytes) -> None:
        if kind == CLOSE and body <= b"\1":
            self._send(CLOSE, b"\0")
            if body == b"\0":
                sys.exit(self.outcome)
            self.stage, self.tries, self.due = HELLO, 0, 0.0  # it is being stopped: ask again
        elif kind == ACK and self.flying and sequence == (self.sequence + 1) % 2**32:
            self.sequence, self.flying, self.expires = sequence, b"", 0.0
            trip = (int(self.heard * 1000) - int.from_bytes(body[4:8])) % 2**32 / 1000
            mean, deviation = self.trip if any(self.trip) else (trip, trip * 2 / 3)  # then trip / 2
            self.trip = mean * 7 / 8 + trip / 8, deviation * 3 / 4 + abs(mean - trip) / 4
            self.timeout = min(10, max(0.2, self.trip[0] + max(0.01, 4 * self.trip[1])))
        elif kind in (DATA, PING):
            if kind == DATA and sequence == self.expected:  # else it comes again, or early
                self.incoming, self.expected = self.incoming + body[8:], (sequence + 1) % 2**32
            self._send(ACK, pack(">I", self.expected) + (body[4:8] or body))
        while len(self.incoming) >= (end := 4 + int.from_bytes(self.incoming[:4])):
            message, self.incoming = self.incoming[4:end], self.incoming[end:]
            self._hear(message.decode(errors="replace"))
        if len(self.incoming) > 2**20:
            sys.exit("the server says too much at once")

    def _say(self, text: str) -> None:
        self.outgoing += pack(">I", len(text.encode())) + text.encode()

    def _hear(self, message: str) -> None:
        placed = PLACED.fullmatch(message)
        place, how, count, text = placed.groups() if placed else (0, None, 0, message)
        self.place = max(self.place, int(place))
        if how and self.said and int(count) == self.count:
            self.lines, self.said, self.count = self.lines[1:], False, self.count + 1
            self.pause, self.dropped = monotonic() + 0.26, self.dropped or how == "not"  # < 4/s
        if how != "done":  # nothing is shown that could steer the terminal
            print("".join(c if c.isprintable() else "\ufffd" for c in text), flush=True)
        if not placed and not self.joined and text.startswith("error: "):
            sys.exit("the server does not let us in")
        self.joined |= text.startswith("* welcome, ")
        if text.startswith(renamed := f"* {self.name} is now called "):
            self.name = text.removeprefix(renamed)

    def run(self) -> None:
        """Say what standard input has, print what is heard; in the end, exit."""
        while True:
            ready = select.select([self.socket.fileno()] + [0] * (not self.lines), [], [], 0.05)[0]
            if self.socket.fileno() in ready and (packet := self.socket.recv(65536))[:1] == b"\xc1":
                self._receive(packet)
            if 0 in ready:
                *parts, self.rest = (self.rest + (os.read(0, 65536) or b"\n/leave\n")).split(b"\n")
                self.lines = [part.decode(errors="replace") for part in parts if part.strip()]
            now = monotonic()
            if self.joined and self.lines and not self.said and now >= self.pause:
                self.said = True
                if self.lines[0] in ("exit", "/leave"):
                    self.outcome = "not everything was said" if self.dropped else None
                self._say(f"{self.count} {self.lines[0]}")
            self._send_what_is_due(now)


if __name__ == "__main__":
    usage = str(__doc__).splitlines()[-1]
    if {"-h", "--help"} & {*sys.argv[1:]}:
        print(__doc__)
        sys.exit()
    if not 2 <= len(sys.argv) <= 4 or sys.argv[1].startswith("-"):
        print(usage, file=sys.stderr)
        sys.exit(2)
    try:
        Client(*sys.argv[1:]).run()
    except (
        OSError,
        OverflowError,
        ValueError,
    ) as error:  # the host or the port, or there is no network
        sys.exit(f"chat_client.py: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
