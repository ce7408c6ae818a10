"""Attacks on the chat."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.attacker import Attacker, Peer, message
from tests.hostile.attacks.catalogue import LINE, attack
from tests.hostile.crowd import plain_socket
from tests.hostile.process import MOST_PER_PEER
from twisted_lab.reliable.packets import NO_KEY, Hello, Side, seal

# A name that fits into a datagram: each mark takes two bytes.
MARKS = "\u0301" * 32_000
SECRET = "0123456789abcdef"
REFUSED = 130  # peers of one host over its limit


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
def marks_as_the_name_in_join(attacker: Attacker) -> Iterator[None]:
    """One datagram of 64 KB, before any answer."""
    stranger = attacker.stranger()
    yield
    stranger.send(f"/join {MARKS}".encode())


@attack()
def marks_as_names_in_a_stream(attacker: Attacker) -> Iterator[None]:
    """A line for each service that asks for a name."""
    peers = [attacker.stream(service) for service in ("chat-tcp", "ident", "auth")]
    yield
    for peer, text in zip(peers, (f"/join {MARKS}", MARKS, MARKS), strict=True):
        peer.send(f"{text}\n".encode())


# History


@attack(cpu=0.5, messages=1500, sent=2**17, logged=2**18, fan_out=3)
def history_before_joining(attacker: Attacker) -> Iterator[None]:
    """2 KB: 64 requests for the whole history, from a peer that is no member."""
    taken = attacker.plain_member()
    peer = attacker.stranger()
    peer.send(f"/join {attacker.name}".encode())
    peer.send(peer.socket.recv(2048)).hear(b"error")
    yield
    peer.send(f"/join other {SECRET} 0\n".encode() * 64)
    taken.send(b"/who")


# Up to 10,000 lines wait for the rate limit, each with a timer of its own: 120 us instead of 60.
@attack(cpu=2.1, messages=30_000, sent=2**21, logged=2**22, fan_out=3)
def history_for_many_under_one_name(attacker: Attacker) -> Iterator[None]:
    """The whole history for each connection of a host, before one of them gets the name."""
    peers = [attacker.stream("chat-tcp") for _ in range(attacker.target.size.some(24, 12))]
    yield
    for number, peer in enumerate(peers):
        peer.send(f"/join {attacker.name} {number:016x} 0\n".encode())


@attack(cpu=1.2, messages=55_000, sent=2**22, logged=2**21, fan_out=8)
def repeated_requests_for_history(attacker: Attacker) -> Iterator[None]:
    """The whole history for one client that leaves and returns repeatedly."""
    yield
    for _ in range(attacker.target.size.some(20, 12)):
        join = f"/join {attacker.name} {SECRET} 0\n1 /leave\n"
        attacker.stream("chat-tcp").send(join.encode()).end()


@attack(cpu=0.5, messages=1500, sent=2**17, logged=2**18)
def history_for_a_member(attacker: Attacker) -> Iterator[None]:
    """The last 100 messages, as often as fits into a datagram."""
    member = attacker.plain_member()
    yield
    member.send(b"/history %d\n" % attacker.target.size.some(100) * 64)


@attack(
    cpu=1.0,
    messages=1000,
    sent=2**16,
    logged=2**18,
)
def a_history_search_past_private_messages(attacker: Attacker) -> Iterator[None]:
    """``/history 1`` from the maximum of members of a host, while another host logs in."""
    members = attacker.stream_members(attacker.target.size.some(40, 10))
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
    """Long private messages of several members of one host to themselves."""
    members = attacker.stream_members(attacker.target.size.some(20))
    yield
    for name, member in members.items():
        member.send((f"/msg {name} ".encode() + b"x" * LINE + b"\n") * 8)


# A room of a thousand


@attack(cpu=0.3, messages=500, sent=2**18, logged=2**17)
def listing_members(attacker: Attacker) -> Iterator[None]:
    """The list of all names, as often as fits into a datagram."""
    member = attacker.plain_member()
    yield
    member.send(b"/who\n" * 64)


# Members of the previous attack may still be leaving.
@attack(
    fan_out=55,
    copy_sent=2100,
    stored=2**18,
    memory=2**23,
)
def a_long_message(attacker: Attacker) -> Iterator[None]:
    """60 KB to each member, in pieces of 1,024 bytes to plain members."""
    member = attacker.plain_member()
    yield
    member.send(b"x" * LINE)


@attack(fan_out=100, messages=1000, sent=2**19, logged=2**17)
def joining_and_leaving(attacker: Attacker) -> Iterator[None]:
    """From one socket, with one cookie, at full speed."""
    stranger = attacker.stranger()
    stranger.send(f"/join {attacker.name}".encode())
    join = stranger.socket.recv(2048)
    yield
    for _ in range(attacker.target.size.some(200, 60)):
        stranger.send(join).send(b"/leave")
    stranger.send(b"/leave")


@attack(fan_out=100, messages=1000, sent=2**19, logged=2**17)
def joining_and_leaving_by_stream(attacker: Attacker) -> Iterator[None]:
    """A connection for each join, at full speed."""
    yield
    for number in range(attacker.target.size.some(200, 60)):
        attacker.stream("chat-tcp").send(f"/join mallory{number}\n/leave\n".encode()).end()


# This causes a full garbage collection, which takes 50 ms with 2,000 peers.
@attack(fan_out=200, messages=1000, sent=2**20, logged=2**18, copy_cpu=1e-5, delay=0.1)
def repeated_returns(attacker: Attacker) -> Iterator[None]:
    """A client that has sent a message joins and leaves; it does not count as a new member."""
    stream = attacker.stream("chat-tcp")
    stream.send(f"/join {attacker.name} {SECRET}\n1 hello\n2 /leave\n".encode()).end()
    yield
    for _ in range(attacker.target.size.some(90)):
        stream = attacker.stream("chat-tcp")
        stream.send(f"/join {attacker.name} {SECRET}\n2 /leave\n".encode()).end()


@attack(fan_out=300, messages=1000, copy_cpu=5e-6, rows=320)
def thirty_speaking_members(attacker: Attacker) -> Iterator[None]:
    """Eight messages from each member."""
    members = attacker.stream_members(attacker.target.size.some(29))
    yield
    for member in members.values():
        member.send(b"x\n" * 8)


@attack(cpu=0.5, fan_out=3, messages=5000, sent=2**19, logged=2**20)
def answers_to_a_muted_client(attacker: Attacker) -> Iterator[None]:
    """A client with a secret gets an answer to each message that is too fast or has no count."""
    stream = attacker.stream("chat-tcp")
    stream.send(f"/join {attacker.name} {SECRET}\n".encode()).hear(b"welcome")
    yield
    count = attacker.target.size.some(2000)
    stream.send(b"x\n" * count + b"1 x\n" * count)


@attack(fan_out=11)
def changing_the_name(attacker: Attacker) -> Iterator[None]:
    """As often as fits into a datagram."""
    member = attacker.plain_member()
    yield
    member.send(b"".join(b"/nick mallory%d\n" % number for number in range(60)))


@attack(
    fan_out=5,
    messages=600,
    cpu=0.5,
    logged=2**23,
)
def empty_lines_and_datagrams(attacker: Attacker) -> Iterator[None]:
    """Empty lines and empty datagrams."""
    member, stream = attacker.plain_member(), attacker.stream("chat-tcp")
    yield
    stream.send(f"/join {attacker.name}-2\n".encode() + b"\n" * attacker.target.size.some(60_000))
    for _ in range(attacker.target.size.some(100)):
        member.send(b"\n" * 64).send(b"")


@attack(
    cpu=1.0,
    fan_out=31,
    copy_sent=2100,
    memory=2**24,
)
def members_that_never_acknowledge(attacker: Attacker) -> Iterator[None]:
    """The server has to store and retransmit each message to all for each of these sessions."""
    for number, session in enumerate(attacker.sessions(attacker.target.size.some(20))):
        session.data(message(f"/join {attacker.name}-{number}".encode()))
    member = attacker.plain_member()
    yield
    for _ in range(8):
        member.send(b"x" * 6000)
    attacker.wait(2.0)


# Peers that join by name, whose addresses may be forged


@attack(cpu=0.5, fan_out=40, messages=1000)
def amplification_by_name(attacker: Attacker) -> Iterator[None]:
    """A peer without a cookie requests the longest answers, while another member speaks."""
    member, stranger = attacker.plain_member(), attacker.stranger()
    before = attacker.sent
    yield
    for text in ("hello", "/who", "/history 100", "/help", "/nick *", "/join mallory", "") * 2:
        stranger.send(f"mallory: {text}".encode())
        attacker.wait(0.01)
    sent = attacker.sent - before
    for _ in range(8):
        member.send(b"x" * 100)
        attacker.wait(0.01)
    attacker.wait(0.2)
    heard = stranger.pending()
    assert 0 < heard <= 3 * sent, f"{heard} bytes answer {sent}"


@attack(cpu=0.5, fan_out=100, messages=1000, sent=2**19, logged=2**17)
def joining_by_name_from_many_addresses(attacker: Attacker) -> Iterator[None]:
    """Each address joins and leaves with one datagram; all have the limits of one address."""
    addresses = [f"127.0.98.{number}" for number in range(1, attacker.target.size.some(250, 60))]
    yield
    for number, address in enumerate(addresses):
        with plain_socket(attacker.target.ports["chat"], address) as own:
            Peer(attacker, own).send(f"mallory{number}: exit".encode()).send(b"exit")


# Sessions of the reliable protocol


@attack(cpu=0.3, messages=100)
def a_flood_of_hellos(attacker: Attacker) -> Iterator[None]:
    """Requests for a cookie, each of which gets an answer."""
    stranger = attacker.stranger()
    yield
    heard = 0
    for number in range(attacker.target.size.some(1000)):
        stranger.send(seal(Hello(number), NO_KEY, Side.CLIENT))
        attacker.wait(0.001)
        heard += stranger.pending()
    assert heard <= 3 * attacker.sent, f"{heard} bytes answer {attacker.sent}"


@attack(cpu=0.3, messages=1000)
def a_moving_session(attacker: Attacker) -> Iterator[None]:
    """One session that keeps changing its address."""
    [session] = attacker.sessions(1)
    sockets = [attacker.stranger().socket for _ in range(attacker.target.size.some(200))]
    yield
    for one in sockets:
        session.socket = one
        session.open()


@attack(cpu=0.3, messages=1000, memory=2**23)
def fragments_of_incomplete_messages(attacker: Attacker) -> Iterator[None]:
    """Fragments without the first one, in all sessions of a host."""
    sessions = attacker.sessions(attacker.target.size.some(40))
    yield
    for session in sessions:
        for sequence in range(1, 257):
            session.data(b"x" * 1174, sequence)


@attack(cpu=0.5, messages=1000)
def fragments_of_one_byte(attacker: Attacker) -> Iterator[None]:
    """A message with a packet for each byte."""
    [session] = attacker.sessions(1)
    yield
    for byte in message(b"/join " + b"x" * attacker.target.size.some(2000)):
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


# Refused peers come last: they may keep others out for a while.


def check_that_others_are_admitted(attacker: Attacker) -> None:
    """Let a member from another host join the chat by plain datagrams.

    Raises:
        AssertionError: The server does not admit it.
    """
    other = Attacker(attacker.target, f"127.0.99.{attacker.host.rpartition('.')[2]}")
    stranger = other.stranger()
    stranger.socket.settimeout(10)
    try:
        stranger.send(f"/join {other.name}".encode())
        stranger.send(stranger.socket.recv(2048)).hear(b"* welcome")
    except TimeoutError:
        raise AssertionError("the server does not admit a new member from another host") from None
    finally:
        other.leave()


@attack(
    cpu=0.3,
    messages=1000,
    logged=2**19,
    fan_out=5,
)
def refused_connections(attacker: Attacker) -> Iterator[None]:
    """More connections than a host may have, none of which reads; then another host joins."""
    yield
    for _ in range(MOST_PER_PEER + REFUSED):
        attacker.stream("chat-tcp")
    check_that_others_are_admitted(attacker)


@attack(
    cpu=0.3,
    messages=1000,
    logged=2**19,
    fan_out=5,
)
def refused_sessions(attacker: Attacker) -> Iterator[None]:
    """The same with sessions of the reliable protocol."""
    sessions = [attacker.reliable() for _ in range(MOST_PER_PEER + REFUSED)]
    yield
    for session in sessions:
        session.open()
    check_that_others_are_admitted(attacker)
