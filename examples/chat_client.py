"""A client of netlab-chat written from docs/protocols.md alone, with only the standard library.

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
from time import monotonic

HELLO, COOKIE, OPEN, WELCOME, DATA, ACK, PING, CLOSE = range(1, 9)
SIZES = {2: [12], 4: [12], 5: range(8, 1183), 6: range(8, 265, 8), 7: [4], 8: [1]}
LINE = re.compile(r"(?:([0-9]{1,20}) )?(?:/(done|not) ([0-9]{1,18})(?: |$))?(.*)", re.DOTALL)


def _pack(*numbers: int) -> bytes:
    return b"".join((n % 2**32).to_bytes(4) for n in numbers)


class Client:
    """A member of the room. It has one packet on its way at a time: no window is smaller."""

    def __init__(self, name: str, host: str = "127.0.0.1", port: str = "9095") -> None:
        self.name, self.status, self.failed = name, None, False
        self.number, self.key = secrets.randbits(64), secrets.token_bytes(16)
        self.secret, self.place, self.count, self.bucket = secrets.token_hex(8), 0, 0, 0.0
        self.lines, self.unanswered = list[str](), dict[int, str]()
        self.input, self.leaving, self.closes, self.closing = True, False, 0, 0.0
        self.family, *_, self.server = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        self.stage, self.tries, self.due, self.attempt, self.cookie = HELLO, 0, 0.0, 0, b""
        self.heard = self.moved = monotonic()
        self.socket = socket.socket(self.family, socket.SOCK_DGRAM)
        self._begin(0)

    def _begin(self, session: int) -> None:
        self.session, self.joined, self.timeout, self.trip = session, False, 1.0, None
        self.backlog, self.flying, self.sequence, self.sent = b"", b"", 0, 0.0  # what we say
        self.stream, self.next, self.early = b"", 0, dict[int, bytes]()  # what we hear

    def _send(self, kind: int, body: bytes) -> None:
        number = self.session if kind >= DATA else self.number
        packet = bytes([0xC1, kind]) + number.to_bytes(8) + body
        with contextlib.suppress(OSError):  # nobody is there: it is sent again
            key = self.key if kind > HELLO else b""
            self.socket.sendto(packet + hmac.digest(key, packet, "sha256")[:8], self.server)

    def _say(self, text: str) -> None:
        self.backlog += _pack(len(text.encode())) + text.encode()

    def _on_packet(self, packet: bytes) -> None:
        kind, number, body = packet[1], int.from_bytes(packet[2:10]), packet[10:-8]
        seal = hmac.digest(b"" if kind == COOKIE else self.key, packet[:-8], "sha256")[:8]
        ours = number in ((self.session,) if kind >= DATA else (self.number, self.session))
        if not ours or len(body) not in SIZES.get(kind, []) or seal != packet[-8:]:
            return
        words = [int.from_bytes(body[i : i + 4]) for i in range(0, len(body), 4)]
        if kind == COOKIE and (self.stage != OPEN or body != self.cookie):
            self.cookie, self.attempt = body, self.attempt + 1
            self.stage, self.tries, self.due = OPEN, 0, 0.0
        elif kind == WELCOME and (self.stage, self.attempt) == (OPEN, words[2]):
            self.heard, self.stage = monotonic(), DATA
            if self.session != (session := int.from_bytes(body[:8])):
                self._begin(session)
                self._say(f"/join {self.name} {self.secret}" + f" {self.place}" * (self.place > 0))
                self.status = self.failed if self.leaving else None
            self.sent = 0.0  # what was on its way is sent again at once
        elif kind == CLOSE and self.stage != OPEN:
            self._send(CLOSE, b"\0")
            if self.leaving or not body[0]:
                self.status = self.failed if self.leaving else "the server has closed"
            elif self.stage == DATA:
                self.stage, self.tries, self.due = HELLO, 0, 0.0
        elif self.stage == DATA and kind == ACK:
            self.heard = monotonic()
            if self.flying and len(words) == 2 and words[0] == (self.sequence + 1) % 2**32:
                self.sequence, self.flying = words[0], b""
                trip = (int(self.heard * 1000) - words[1]) % 2**32 / 1000
                mean, var = self.trip or (trip, trip * 2 / 3)  # so RFC 6298's var is trip / 2
                self.trip = mean * 7 / 8 + trip / 8, var * 3 / 4 + abs(mean - trip) / 4
                self.timeout = min(10, max(0.2, self.trip[0] + max(0.01, 4 * self.trip[1])))
        elif self.stage == DATA and kind in (DATA, PING):
            self.heard = monotonic()
            if kind == DATA and (words[0] - self.next) % 2**32 < 256:
                self.early[self.next + (words[0] - self.next) % 2**32] = body[8:]
            while self.next in self.early:
                self.stream, self.next = self.stream + self.early.pop(self.next), self.next + 1
            edges = sorted(set(self.early) ^ {s + 1 for s in self.early})[:64]
            self._send(ACK, _pack(self.next, words[kind == DATA], *edges))
            while len(self.stream) >= 4 + (n := int.from_bytes(self.stream[:4])) and self.stream:
                message, self.stream = self.stream[4 : 4 + n], self.stream[4 + n :]
                self._hear(*LINE.fullmatch(message.decode(errors="replace")).groups())

    def _hear(self, place: str, how: str, count: str, text: str) -> None:
        self.place = max(self.place, int(place or 0))
        if how:
            self.bucket += self.unanswered.pop(int(count), None) is not None
            self.failed |= how == "not"
        if how != "done":  # escaped, so that a server cannot steer the terminal
            shown = (c if c.isprintable() else ascii(c)[1:-1] for c in text)
            os.write(1, "".join([*shown, "\n"]).encode())
        if not self.joined and text.startswith("error: "):
            self.status = "the server does not let us in"
        elif not self.joined and text.startswith("* welcome, "):
            self.joined = True
            for number, line in self.unanswered.items():
                self._say(f"{number} {line}")
        elif text.startswith(renamed := f"* {self.name} is now called "):
            self.name = text.removeprefix(renamed)

    def _tick(self, now: float) -> None:
        silent = now - self.heard
        if silent > (15 if not self.session or self.leaving else 60):
            self.status = self.failed if self.leaving else "the server does not answer"
        if self.stage == OPEN and self.tries == 4 and now >= self.due:
            self.stage, self.tries = HELLO, 0
        if now >= self.due and (self.stage != DATA or silent >= 5):
            if self.stage == DATA and silent >= 9 and now - self.moved >= 5:
                # our address may be another one by now
                self.socket, self.moved = socket.socket(self.family, socket.SOCK_DGRAM), now
            opening = self.cookie + self.key + _pack(self.attempt)
            bodies = {HELLO: b"", OPEN: opening, DATA: _pack(int(now * 1000))}
            self._send(PING if self.stage == DATA else self.stage, bodies[self.stage])
            self.due = now + (1 if self.stage == DATA else min(2, 0.5 * 2**self.tries))
            self.tries += 1
        if self.stage != DATA:
            return
        if not self.flying and self.backlog:
            self.flying, self.backlog, self.sent = self.backlog[:1174], self.backlog[1174:], 0.0
        if self.flying and now - self.sent >= self.timeout:
            self.timeout = min(10, self.timeout * (2 if self.sent else 1))
            self.sent = now
            self._send(DATA, _pack(self.sequence, int(now * 1000)) + self.flying)
        if self.leaving and not self.flying and now >= self.closing:
            self.status = self.failed if self.closes == 6 else None
            self._send(CLOSE, b"\0")
            self.closing, self.closes = now + self.timeout, self.closes + 1

    def run(self) -> str | bool:
        """Say what comes from standard input; return False, or what went wrong."""
        before, rest = monotonic(), b""
        while self.status is None:
            inputs = [self.socket, *([0] if self.input and not self.lines else [])]
            ready = select.select(inputs, [], [], 0.02)[0]
            packet, sender = self.socket.recvfrom(65536) if self.socket in ready else (b"", None)
            if sender == self.server and len(packet) >= 18 and packet[0] == 0xC1:
                self._on_packet(packet)
            if 0 in ready:
                self.input = bool(data := os.read(0, 65536))
                *lines, rest = (rest + (data or b"\n")).split(b"\n")
                self.lines = [line.decode(errors="replace") for line in lines if line.strip()]
            now = monotonic()
            self.bucket, before = max(0, self.bucket - 3.9 * (now - before)), now
            while self.joined and self.lines and len(self.unanswered) + self.bucket <= 9:
                self.count += 1
                self.unanswered[self.count] = self.lines.pop(0)
                self._say(f"{self.count} {self.unanswered[self.count]}")
            more = self.input or self.lines or self.unanswered or self.leaving or self.bucket > 9
            if self.joined and not more:
                self.leaving = True
                self._say(f"{self.count + 1} /leave")
            self._tick(now)
        return self.status


if __name__ == "__main__":
    outcome = Client(*sys.argv[1:4]).run()
    sys.exit(outcome or 0)  # a text goes to standard error, and the status is 1
