"""Reliable packets with netlab-chat."""

from __future__ import annotations

from twisted_lab.check.profiles.netlab.scenarios.room import HELP, ChatRoom
from twisted_lab.check.profiles.netlab.scenarios.session import Session
from twisted_lab.check.profiles.netlab.talk.packets import Kind, Packet, sealed

_BACKWARDS_SECONDS = 2.5  # a first retransmission comes after 1 s


async def _open(room: ChatRoom) -> Session:
    session = Session(room, await room.datagrams())
    await session.open()
    return session


async def opens_sessions(room: ChatRoom) -> None:
    """NC-20."""
    session = await _open(room)
    session.party.send(session.packet(Kind.CLOSE, b"\0"))
    await session.receive(Kind.CLOSE, session.key)


async def acknowledges(room: ChatRoom) -> None:
    """NC-21."""
    anna, session = await room.join("Anna"), await _open(room)
    session.party.send(session.data("/join Boris"))
    await session.expect_acknowledged(1)
    await anna.expect("* Boris has joined")
    await session.expect(f"* welcome, Boris; {HELP}")
    session.party.send(session.data("one", "два"))
    await anna.expect("Boris: one", "Boris: два")
    await session.expect_acknowledged(2)
    session.party.send(session.packet(Kind.CLOSE, b"\0"))
    await anna.expect("* Boris has left")


async def drops_wrong_seals(room: ChatRoom) -> None:
    """NC-22."""
    session = await _open(room)
    good = session.packet(Kind.PING, bytes(4))
    for bad in (
        good[:-1] + bytes([good[-1] ^ 1]),
        good[:5],
        sealed(Packet(Kind.PING, session.session, bytes(4)), b"another key"),
    ):
        session.party.send(bad)
        await session.party.expect_silence()
    session.party.send(good)
    await session.receive(Kind.ACK, session.key)
    session.party.send(session.packet(Kind.CLOSE, b"\0"))


async def repairs_losses(room: ChatRoom) -> None:
    """NC-23."""
    anna, session = await room.join("Anna"), await _open(room)
    join, one, two = session.data("/join Boris"), session.data("one"), session.data("two")
    for packet in (two, two, join, join, one, one, two):
        session.party.send(packet)
    await anna.expect("* Boris has joined", "Boris: one", "Boris: two")
    await session.expect_acknowledged(3)
    anna.say("end")
    await anna.expect("Anna: end")
    await room.lab.trial.activity.pause(_BACKWARDS_SECONDS)
    texts = ("* welcome, Boris; " + HELP, "* here: Anna, Boris", "Boris: one", "Boris: two")
    await session.expect(*texts, "Anna: end")
    session.party.send(session.packet(Kind.CLOSE, b"\0"))
    await anna.expect("* Boris has left")


SCENARIOS = {
    "NC-20": opens_sessions,
    "NC-21": acknowledges,
    "NC-22": drops_wrong_seals,
    "NC-23": repairs_losses,
}
