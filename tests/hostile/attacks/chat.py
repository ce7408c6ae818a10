"""Attacks on the chat."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.attacker import Attacker, message
from tests.hostile.attacks.catalogue import LINE, attack
from tests.hostile.lab import MOST_PER_PEER
from twisted_lab.reliable.packets import NO_KEY, Hello, Side, seal

# A name of this many bytes fits a datagram: each mark has two.
MARKS = "\u0301" * 32_000
SECRET = "0123456789abcdef"
REFUSED = 130  # peers that one host has too many


# Names


@attack()
def marks_as_the_name_in_msg(attacker: Attacker) -> Iterator[None]:
    """One datagram of 64 KB."""
    member = attacker.plain_member()
    yield
    member.send(f"/msg {MARKS} x".encode())


@attack()
def marks_as_a_nickname(attacker: Attacker) -> Iterator[None]:
    """One datagram of 64 KB."""
    member = attacker.plain_member()
    yield
    member.send(f"/nick {MARKS}".encode())


@attack()
def marks_as_the_name_of_a_stranger(attacker: Attacker) -> Iterator[None]:
    """One datagram of 64 KB, before any answer."""
    stranger = attacker.stranger()
    yield
    stranger.send(f"/join {MARKS}".encode())


@attack()
def marks_as_names_in_a_stream(attacker: Attacker) -> Iterator[None]:
    """A line to each service that asks for a name."""
    peers = [attacker.stream(service) for service in ("chat-tcp", "ident", "auth")]
    yield
    for peer, text in zip(peers, (f"/join {MARKS}", MARKS, MARKS), strict=True):
        peer.send(f"{text}\n".encode())


# History


@attack(cpu=0.5, messages=1500, sent=2**17, logged=2**18, fan_out=3)
def history_for_one_who_is_no_member(attacker: Attacker) -> Iterator[None]:
    """2 KB: 64 lines that ask for the whole history."""
    taken = attacker.plain_member()
    peer = attacker.stranger()
    peer.send(f"/join {attacker.name}".encode())
    peer.send(peer.socket.recv(2048)).hear(b"error")
    yield
    peer.send(f"/join other {SECRET} 0\n".encode() * 64)
    taken.send(b"/who")


@attack(cpu=1.5, messages=30_000, sent=2**21, logged=2**22, fan_out=3)
def history_for_many_under_one_name(attacker: Attacker) -> Iterator[None]:
    """The whole history, for each connection of a host, before one of them gets the name."""
    peers = [attacker.stream("chat-tcp") for _ in range(attacker.lab.size.some(24, 12))]
    yield
    for number, peer in enumerate(peers):
        peer.send(f"/join {attacker.name} {number:016x} 0\n".encode())


@attack(cpu=1.2, messages=55_000, sent=2**22, logged=2**21, fan_out=8)
def history_again_and_again(attacker: Attacker) -> Iterator[None]:
    """The whole history, for one client that leaves and comes back."""
    yield
    for _ in range(attacker.lab.size.some(20, 12)):
        join = f"/join {attacker.name} {SECRET} 0\n1 /leave\n"
        attacker.stream("chat-tcp").send(join.encode()).end()


@attack(cpu=0.5, messages=1500, sent=2**17, logged=2**18)
def history_for_a_member(attacker: Attacker) -> Iterator[None]:
    """The last 100 messages, as often as a datagram has room for."""
    member = attacker.plain_member()
    yield
    member.send(b"/history %d\n" % attacker.lab.size.some(100) * 64)


@attack(
    cpu=1.0,
    messages=1000,
    sent=2**16,
    logged=2**18,
)
def a_search_behind_private_messages(attacker: Attacker) -> Iterator[None]:
    """``/history 1``, from all members that a host may have, while another host logs in."""
    members = attacker.stream_members(attacker.lab.size.some(40, 10))
    yield
    for member in members.values():
        member.send(b"/history 1\n" * 10)


@attack(
    cpu=0.5,
    memory=2**24,
    messages=400,
    sent=2**25,
    stored=2**20,
    rows=200,
    logged=2**17,
)
def storing_as_fast_as_allowed(attacker: Attacker) -> Iterator[None]:
    """Long private messages from several members of one host, each to itself."""
    members = attacker.stream_members(attacker.lab.size.some(20))
    yield
    for name, member in members.items():
        member.send((f"/msg {name} ".encode() + b"x" * LINE + b"\n") * 8)


# A room of a thousand


@attack(cpu=0.3, messages=500, sent=2**18, logged=2**17)
def who(attacker: Attacker) -> Iterator[None]:
    """The list of all names, as often as a datagram has room for."""
    member = attacker.plain_member()
    yield
    member.send(b"/who\n" * 64)


# Members of the attack before it may still be leaving.
@attack(
    fan_out=55,
    copy_sent=2100,
    stored=2**18,
    memory=2**23,
)
def one_long_line(attacker: Attacker) -> Iterator[None]:
    """60 KB to each member, in pieces of 1,024 bytes to those of plain datagrams."""
    member = attacker.plain_member()
    yield
    member.send(b"x" * LINE)


@attack(fan_out=100, messages=1000, sent=2**19, logged=2**17)
def joining_and_leaving(attacker: Attacker) -> Iterator[None]:
    """From one socket, with one cookie, as fast as it can be sent."""
    stranger = attacker.stranger()
    stranger.send(f"/join {attacker.name}".encode())
    join = stranger.socket.recv(2048)
    yield
    for _ in range(attacker.lab.size.some(200, 60)):
        stranger.send(join).send(b"/leave")
    stranger.send(b"/leave")


@attack(fan_out=100, messages=1000, sent=2**19, logged=2**17)
def joining_and_leaving_by_stream(attacker: Attacker) -> Iterator[None]:
    """A connection for each, as fast as they can be made."""
    yield
    for number in range(attacker.lab.size.some(200, 60)):
        attacker.stream("chat-tcp").send(f"/join mallory{number}\n/leave\n".encode()).end()


# This causes a full garbage collection, which takes 50 ms with 2,000 peers.
@attack(fan_out=200, messages=1000, sent=2**20, logged=2**18, copy_cpu=1e-5, delay=0.1)
def coming_back_again_and_again(attacker: Attacker) -> Iterator[None]:
    """A client that has said something joins and leaves; it counts as no new member."""
    stream = attacker.stream("chat-tcp")
    stream.send(f"/join {attacker.name} {SECRET}\n1 hello\n2 /leave\n".encode()).end()
    yield
    for _ in range(attacker.lab.size.some(90)):
        stream = attacker.stream("chat-tcp")
        stream.send(f"/join {attacker.name} {SECRET}\n2 /leave\n".encode()).end()


@attack(fan_out=300, messages=1000, copy_cpu=5e-6, rows=320)
def thirty_members_that_speak(attacker: Attacker) -> Iterator[None]:
    """Eight words from each."""
    members = attacker.stream_members(attacker.lab.size.some(29))
    yield
    for member in members.values():
        member.send(b"x\n" * 8)


@attack(cpu=0.5, fan_out=3, messages=5000, sent=2**19, logged=2**20)
def answers_to_one_that_is_mute(attacker: Attacker) -> Iterator[None]:
    """A client with a secret gets an answer for each message that is too fast, or not counted."""
    stream = attacker.stream("chat-tcp")
    stream.send(f"/join {attacker.name} {SECRET}\n".encode()).hear(b"welcome")
    yield
    count = attacker.lab.size.some(2000)
    stream.send(b"x\n" * count + b"1 x\n" * count)


@attack(fan_out=11)
def changing_the_name(attacker: Attacker) -> Iterator[None]:
    """As often as a datagram has room for."""
    member = attacker.plain_member()
    yield
    member.send(b"".join(b"/nick mallory%d\n" % number for number in range(60)))


@attack(
    fan_out=5,
    messages=600,
    cpu=0.5,
    logged=2**23,
)
def nothing_at_all(attacker: Attacker) -> Iterator[None]:
    """Empty lines and empty datagrams."""
    member, stream = attacker.plain_member(), attacker.stream("chat-tcp")
    yield
    stream.send(f"/join {attacker.name}-2\n".encode() + b"\n" * attacker.lab.size.some(60_000))
    for _ in range(attacker.lab.size.some(100)):
        member.send(b"\n" * 64).send(b"")


@attack(
    cpu=1.0,
    fan_out=31,
    copy_sent=2100,
    memory=2**24,
)
def members_that_never_acknowledge(attacker: Attacker) -> Iterator[None]:
    """For each of these sessions the server has to keep each message to all, and send it again."""
    for number, session in enumerate(attacker.sessions(attacker.lab.size.some(20))):
        session.data(message(f"/join {attacker.name}-{number}".encode()))
    member = attacker.plain_member()
    yield
    for _ in range(8):
        member.send(b"x" * 6000)
    attacker.wait(2.0)


# Sessions of the reliable protocol


@attack(cpu=0.3, messages=100)
def a_flood_of_hellos(attacker: Attacker) -> Iterator[None]:
    """Packets that ask for a cookie, each of which is answered by one."""
    stranger = attacker.stranger()
    yield
    heard = 0
    for number in range(attacker.lab.size.some(1000)):
        stranger.send(seal(Hello(number), NO_KEY, Side.CLIENT))
        attacker.wait(0.001)
        heard += stranger.pending()
    assert heard <= 3 * attacker.sent, f"{heard} bytes answer {attacker.sent}"


@attack(cpu=0.3, messages=1000)
def a_session_that_moves(attacker: Attacker) -> Iterator[None]:
    """One session, at a new address again and again."""
    [session] = attacker.sessions(1)
    sockets = [attacker.stranger().socket for _ in range(attacker.lab.size.some(200))]
    yield
    for one in sockets:
        session.socket = one
        session.open()


@attack(cpu=0.3, messages=1000, memory=2**23)
def fragments_of_nothing_whole(attacker: Attacker) -> Iterator[None]:
    """Pieces out of order, the first of which never comes, in all sessions of a host."""
    sessions = attacker.sessions(attacker.lab.size.some(40))
    yield
    for session in sessions:
        for sequence in range(1, 257):
            session.data(b"x" * 1174, sequence)


@attack(cpu=0.5, messages=1000)
def fragments_of_one_byte(attacker: Attacker) -> Iterator[None]:
    """A message byte by byte, in a packet each."""
    [session] = attacker.sessions(1)
    yield
    for byte in message(b"/join " + b"x" * attacker.lab.size.some(2000)):
        session.data(bytes((byte,)))
        attacker.wait(0.001)
        session.pending()


@attack(cpu=0.5, messages=1000, fan_out=3)
def thousands_of_messages_in_a_packet(attacker: Attacker) -> Iterator[None]:
    """Empty messages, 290 to a packet."""
    [session] = attacker.sessions(1)
    yield
    for _ in range(100):
        session.data(message(b"") * 290)


# Peers that are refused come last: they may keep others out for a while.


def see_that_others_are_let_in(attacker: Attacker) -> None:
    """Have a member from another host join the chat by plain datagrams.

    Raises:
        AssertionError: The server does not let it in.
    """
    other = Attacker(attacker.lab, f"127.0.99.{attacker.host.rpartition('.')[2]}")
    stranger = other.stranger()
    stranger.socket.settimeout(10)
    try:
        stranger.send(f"/join {other.name}".encode())
        stranger.send(stranger.socket.recv(2048)).hear(b"* welcome")
    except TimeoutError:
        raise AssertionError("a new member from another host is not let in") from None
    finally:
        other.leave()


@attack(
    cpu=0.3,
    messages=1000,
    logged=2**19,
    fan_out=5,
)
def connections_that_are_refused(attacker: Attacker) -> Iterator[None]:
    """More connections than a host may have, none of which reads; then another host comes."""
    yield
    for _ in range(MOST_PER_PEER + REFUSED):
        attacker.stream("chat-tcp")
    see_that_others_are_let_in(attacker)


@attack(
    cpu=0.3,
    messages=1000,
    logged=2**19,
    fan_out=5,
)
def sessions_that_are_refused(attacker: Attacker) -> Iterator[None]:
    """The same with sessions of the reliable protocol."""
    sessions = [attacker.reliable() for _ in range(MOST_PER_PEER + REFUSED)]
    yield
    for session in sessions:
        session.open()
    see_that_others_are_let_in(attacker)
