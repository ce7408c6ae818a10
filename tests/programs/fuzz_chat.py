"""Sends random and modified packets to a chat, some from a hostile member.

    python -m tests.programs.fuzz_chat [--count N] [--seed N]

No packet causes an exception, no member can send in the name of another one, the other members get
their messages, and no table grows. The seed reproduces a failing run.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import deque
from unittest.mock import patch

from tests.doubles.chat_network import Address, Net
from twisted_lab.codecs import encode_frame
from twisted_lab.reliable import BadPacket, decode
from twisted_lab.reliable.packets import (
    Ack,
    Close,
    Cookie,
    Data,
    Hello,
    Open,
    Packet,
    Ping,
    Side,
    seal,
)

BATCH = 200  # packets between two checks
EVIL, PLAIN = "m2", ("192.0.2.9", 9)
EDGES = (0, 1, 2, 9, 255, 256, 257, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1)


class Attack:
    """A chat with two honest members, a hostile one and a plain one, and packets to them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.net = Net(seed)
        self.seen: deque[tuple[bytes, Address]] = deque(maxlen=500)
        self.members = [self.net.join(f"m{number}") for number in range(3)]
        self.said = 0
        self._watch()
        self.net.run(lambda: all(member.client.room.is_in for member in self.members))
        self.join_plain()

    def join_plain(self) -> None:
        """Let the plain member join, as `nc -u` would."""
        server = self.net.server
        answers: list[bytes] = []
        with patch.object(server, "send", lambda data, _: answers.append(data)):
            server.datagramReceived(b"/join plain", PLAIN)
        server.datagramReceived(answers[0], PLAIN)

    def _watch(self) -> None:
        receive = self.net.server.datagramReceived

        def watch(data: bytes, addr: Address) -> None:
            self.seen.append((data, addr))
            receive(data, addr)

        vars(self.net.server)["datagramReceived"] = watch

    def _own_packet(self, number: int) -> Packet:
        """Return a packet that the hostile member is entitled to send."""
        chance = self.chance

        def edge() -> int:
            return chance.choice((*EDGES, chance.getrandbits(32), chance.getrandbits(3)))

        words = chance.choice(
            (b"9 /nick m0", b"1 x", b"/leave", b"7 /msg m0 x", b"\xff", b"8 \x1b[2J")
        )
        stream = (
            encode_frame(words)
            if chance.random() < 0.5
            else chance.randbytes(chance.randint(0, 50))
        )
        kinds: list[Packet] = [
            Data(number, edge(), edge(), stream),
            Ack(
                number, edge(), edge(), tuple((edge(), edge()) for _ in range(chance.randint(0, 4)))
            ),
            Ping(number, edge()),
        ]
        if chance.random() < 0.01:
            kinds.append(Close(number, chance.random() < 0.5))
        return chance.choice(kinds)

    def throw(self) -> None:
        """Send one packet to the server, or to a member as if from the server."""
        chance, net = self.chance, self.net
        evil = self.members[2].client.endpoint
        evil_session = evil.session.number if evil.session else 0
        data, address = chance.choice(self.seen)
        match chance.randrange(7):
            case 0:
                data = chance.randbytes(chance.randint(0, 60))
            case 1:
                data = bytes((0xC1, chance.randint(0, 9))) + chance.randbytes(chance.randint(0, 60))
            case 2 | 3:
                changed = bytearray(data or b"x")
                for _ in range(chance.randint(1, 3)):
                    changed[chance.randrange(len(changed))] = chance.randrange(256)
                data = bytes(
                    changed[: chance.choice((len(changed), chance.randint(0, len(changed))))]
                )
            case 4:
                # An entitled packet, in its own session or in that of another member.
                numbers = [evil_session]
                numbers += [
                    p.client.endpoint.session.number
                    for p in self.members
                    if p.client.endpoint.session
                ]
                packet = self._own_packet(chance.choice(numbers))
                data, address = seal(packet, evil._key, Side.CLIENT), self.members[2].address
            case 5:
                try:
                    number = decode(data).number
                except BadPacket:
                    number = 0
                opening = Open(number, chance.randbytes(12), evil._key, chance.getrandbits(32))
                kinds: list[Packet] = [Hello(number), Cookie(number, 1, b"x" * 12), opening]
                data = seal(chance.choice(kinds), chance.choice((b"", evil._key)), Side.CLIENT)
            case 6:
                pass  # an unchanged replay
        if chance.random() < 0.3:
            address = chance.choice((PLAIN, ("192.0.2.8", chance.randint(1, 65535))))
        if chance.random() < 0.2:
            self.members[chance.randrange(2)].client.receive(data)
        elif address == PLAIN or data[:1] == b"\xc1" or address not in self._honest():
            # (An attacker that forges the address of a plain member can send in its name.)
            net.server.datagramReceived(data, address)

    def _honest(self) -> set[Address]:
        return {member.address for member in self.members[:2]}

    def check(self) -> None:
        """Check that the honest members get their messages, and that no table has grown."""
        net, (anna, boris, evil) = self.net, self.members
        if evil.client.ended.called:
            evil.client = net.join(EVIL).client
        if PLAIN not in net.server._peers:
            self.join_plain()
        self.said += 1
        for member in (anna, boris):
            member.client.say(f"{self.said}")
        net.run(lambda: not (anna.client.room.pending or boris.client.room.pending), 300)
        net.clock.advance(0.5)
        for member in (anna, boris):
            for name in ("m0", "m1"):
                heard = [text for text in member.texts if text.startswith(f"{name}: ")]
                assert heard == [f"{name}: {self.said}"], f"the room has messages {heard} by {name}"
            member.heard.clear()
        server = net.server
        assert len(server._peers) <= 8, server._peers
        assert len(server._sessions) <= 16, server._sessions
        assert len(server._deadlines._heap) <= 1000, "deadlines accumulate"
        assert "conversation failed" not in net.log.names, net.log.messages


def main() -> None:
    """Send `--count` packets."""
    parser = argparse.ArgumentParser(prog="python -m tests.programs.fuzz_chat")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=time.time_ns())
    arguments = parser.parse_args()
    attack = Attack(arguments.seed)
    for number in range(arguments.count):
        try:
            attack.throw()
            if number % BATCH == BATCH - 1:
                attack.check()
        except BaseException:
            print(f"failed: --seed {arguments.seed} --count {number + 1}")
            raise
    print(f"{arguments.count} packets with seed {arguments.seed}: no exception, no lost message")


if __name__ == "__main__":
    main()
