"""The catalogue: each attack prepares, yields, and sends what is measured.

It raises AssertionError if others are not served any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.hostile.attacker import Attacker, message
from tests.hostile.lab import MOST_PER_PEER, Cost, Size
from twisted_lab.reliable.packets import NO_KEY, Hello, Side, seal

Script = Callable[[Attacker], Iterator[None]]

# A name of this many bytes fits a datagram: each mark has two.
MARKS = "\u0301" * 32_000
LINE = 60_000  # bytes of a long line, which fits a datagram, too
SECRET = "0123456789abcdef"
REFUSED = 130  # peers that one host has too many


@dataclass(frozen=True)
class Attack:
    """One line of the catalogue.

    Attributes:
        name: Its name.
        script: What it does.
        bounds: What it may cost a lab of that size.
        broken: What is known to be wrong today; "" if it keeps its bounds.
    """

    name: str
    script: Script
    bounds: Callable[[Size], Cost]
    broken: str


CATALOGUE: list[Attack] = []


# What an attack may cost in any case, as far as nothing else is given.
LEAST = Cost(
    cpu=0.1,
    delay=0.02,
    lookup=0.1,
    memory=2**22,
    messages=100,
    sent=2**15,
    logged=2**15,
    stored=2**16,
    rows=20,
)


def within(
    *,
    fan_out: float = 0,
    copy_cpu: float = 15e-6,
    copy_sent: float = 100,
    copy_logged: float = 100,
    **given: float,
) -> Callable[[Size], Cost]:
    """Return what an attack may cost.

    Args:
        fan_out: How many messages to all may be said; each is one more for every member.
        copy_cpu: CPU time of each of them, in seconds.
        copy_sent: Bytes of each of them.
        copy_logged: Bytes of the log for each of them.
        **given: What it may cost beside them in the full size, as attributes of `Cost`.
    """

    def bounds(size: Size) -> Cost:
        most = {
            name: least + (given.get(name, least) - least) * size.part
            for name, least in vars(LEAST).items()
        }
        # One peer can take as much memory as many.
        most["memory"] = given.get("memory", LEAST.memory)
        copies = fan_out * size.members
        most["cpu"] += copies * copy_cpu
        most["messages"] += copies
        most["sent"] += copies * copy_sent
        most["logged"] += copies * copy_logged
        return Cost(**most)

    return bounds


def attack(broken: str = "", **bounds: float) -> Callable[[Script], Script]:
    """Put a script into the catalogue; see `Attack` and `within`."""

    def add(script: Script) -> Script:
        name = script.__name__.replace("_", " ")
        CATALOGUE.append(Attack(name, script, within(**bounds), broken))
        return script

    return add


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
    """2 KB: 64 lines that ask for all that was ever said."""
    taken = attacker.plain_member()
    peer = attacker.stranger()
    peer.send(f"/join {attacker.name}".encode())
    peer.send(peer.socket.recv(2048)).hear(b"error")
    yield
    peer.send(f"/join other {SECRET} 0\n".encode() * 64)
    taken.send(b"/who")


@attack(
    "each connection of a host gets the whole history, and together they hold up others",
    cpu=0.5,
    messages=3000,
    sent=2**18,
    logged=2**19,
    fan_out=3,
)
def history_for_many_under_one_name(attacker: Attacker) -> Iterator[None]:
    """All that was ever said, for each connection of a host, before one of them gets the name."""
    peers = [attacker.stream("chat-tcp") for _ in range(attacker.lab.size.some(40, 20))]
    yield
    for number, peer in enumerate(peers):
        peer.send(f"/join {attacker.name} {number:016x} 0\n".encode())


@attack(
    "one host gets the whole history as often as it joins",
    cpu=0.5,
    messages=3000,
    sent=2**18,
    logged=2**19,
    fan_out=8,
)
def history_again_and_again(attacker: Attacker) -> Iterator[None]:
    """All that was ever said, for one client that leaves and comes back."""
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
    "a search for the last message to all passes each private one, in the only thread",
    cpu=1.0,
    messages=1000,
    sent=2**16,
    logged=2**18,
)
def a_search_behind_private_messages(attacker: Attacker) -> Iterator[None]:
    """``/history 1``, from all members that a host may have, while another host logs in."""
    members = [attacker.stream_member(f"-{n}") for n in range(attacker.lab.size.some(40, 10))]
    yield
    for member in members:
        member.send(b"/history 1\n" * 10)


@attack(
    "what is said is kept for ever, and no rate limits its bytes",
    cpu=0.5,
    messages=400,
    sent=2**25,
    stored=2**20,
    rows=200,
    logged=2**17,
)
def storing_as_fast_as_allowed(attacker: Attacker) -> Iterator[None]:
    """Long private messages to oneself, from several members of one host."""
    count = attacker.lab.size.some(20)
    members = [attacker.stream_member(f"-{number}") for number in range(count)]
    yield
    for number, member in enumerate(members):
        member.send((f"/msg {attacker.name}-{number} ".encode() + b"x" * LINE + b"\n") * 8)


# A room of a thousand


@attack(cpu=0.3, messages=500, sent=2**18, logged=2**17)
def who(attacker: Attacker) -> Iterator[None]:
    """The list of all names, as often as a datagram has room for."""
    member = attacker.plain_member()
    yield
    member.send(b"/who\n" * 64)


@attack(
    "a turn sends all of it, however long that takes",
    fan_out=31,
    copy_sent=2100,
    stored=2**18,
    memory=2**23,
)
def one_long_line(attacker: Attacker) -> Iterator[None]:
    """60 KB to each member, in pieces of 1,024 bytes to those of plain datagrams."""
    member = attacker.plain_member()
    yield
    member.send(b"x" * LINE)


@attack(
    "nothing limits how often a host joins", fan_out=45, messages=1000, sent=2**19, logged=2**17
)
def joining_and_leaving(attacker: Attacker) -> Iterator[None]:
    """From one socket, with one cookie, as fast as it can be sent."""
    stranger = attacker.stranger()
    stranger.send(f"/join {attacker.name}".encode())
    join = stranger.socket.recv(2048)
    yield
    for _ in range(attacker.lab.size.some(200, 60)):
        stranger.send(join).send(b"/leave")
    stranger.send(b"/leave")


@attack(
    "nothing limits how often a host joins", fan_out=45, messages=1000, sent=2**19, logged=2**17
)
def joining_and_leaving_by_stream(attacker: Attacker) -> Iterator[None]:
    """A connection for each, as fast as they can be made."""
    yield
    for number in range(attacker.lab.size.some(200, 60)):
        attacker.stream("chat-tcp").send(f"/join mallory{number}\n/leave\n".encode()).end()


@attack("a turn sends all of it, however long that takes", fan_out=11)
def changing_the_name(attacker: Attacker) -> Iterator[None]:
    """As often as a datagram has room for."""
    member = attacker.plain_member()
    yield
    member.send(b"".join(b"/nick mallory%d\n" % number for number in range(60)))


@attack(
    "each empty line makes a line of the log, which is 77 times as long",
    fan_out=5,
    messages=600,
    cpu=0.5,
    logged=2**20,
)
def nothing_at_all(attacker: Attacker) -> Iterator[None]:
    """Empty lines and empty datagrams."""
    member, stream = attacker.plain_member(), attacker.stream_member("2")
    yield
    stream.send(b"\n" * 60_000)
    for _ in range(100):
        member.send(b"\n" * 64).send(b"")


@attack(
    "a turn sends all of it, however long that takes",
    cpu=1.0,
    fan_out=31,
    copy_sent=2100,
    memory=2**24,
)
def members_that_never_acknowledge(attacker: Attacker) -> Iterator[None]:
    """Sessions that let what is said to all be kept, and sent again, for each of them."""
    for number in range(attacker.lab.size.some(20)):
        session = attacker.reliable().open().welcomed()
        session.data(message(f"/join {attacker.name}-{number}".encode()))
    member = attacker.plain_member()
    yield
    for _ in range(8):
        member.send(b"x" * 6000)
    attacker.wait(2.0)


# Connections and sessions


@attack(cpu=0.3, messages=100)
def a_flood_of_hellos(attacker: Attacker) -> Iterator[None]:
    """Packets that ask for a cookie, each of which is answered by one."""
    stranger = attacker.stranger()
    yield
    heard = 0
    for number in range(attacker.lab.size.some(1000)):
        stranger.send(seal(Hello(number), NO_KEY, Side.CLIENT))
        heard += len(stranger.socket.recv(2048))
    assert heard <= 3 * attacker.sent, f"{heard} bytes answer {attacker.sent}"


@attack(cpu=0.3, messages=1000)
def a_session_that_moves(attacker: Attacker) -> Iterator[None]:
    """One session, at a new address again and again."""
    session = attacker.reliable().open().welcomed()
    sockets = [attacker.stranger().socket for _ in range(attacker.lab.size.some(200))]
    yield
    for one in sockets:
        session.socket = one
        session.open()


@attack(cpu=0.3, messages=1000, memory=2**23)
def fragments_of_nothing_whole(attacker: Attacker) -> Iterator[None]:
    """Pieces out of order, the first of which never comes, in all sessions of a host."""
    sessions = [attacker.reliable().open().welcomed() for _ in range(attacker.lab.size.some(40))]
    yield
    for session in sessions:
        for sequence in range(1, 257):
            session.data(b"x" * 1174, sequence)


@attack(cpu=0.5, messages=1000)
def fragments_of_one_byte(attacker: Attacker) -> Iterator[None]:
    """A message byte by byte, in a packet each."""
    session = attacker.reliable().open().welcomed()
    yield
    for byte in message(b"/join " + b"x" * 2000):
        session.data(bytes((byte,)))
        session.socket.recv(2048)


@attack(cpu=0.5, messages=1000, fan_out=3)
def thousands_of_messages_in_a_packet(attacker: Attacker) -> Iterator[None]:
    """Empty messages, 290 to a packet."""
    session = attacker.reliable().open().welcomed()
    yield
    for _ in range(100):
        session.data(message(b"") * 290)


@attack(cpu=0.5, logged=2**19, messages=1500, sent=2**17, memory=2**23)
def connections_that_say_nothing(attacker: Attacker) -> Iterator[None]:
    """As many as come, to each service by stream."""
    yield
    for service in ("echo", "messages", "ident", "auth", "broadcast", "chat-tcp"):
        for _ in range(attacker.lab.size.some(200)):
            attacker.stream(service)


@attack(cpu=0.5, logged=2**18)
def connections_that_come_and_go(attacker: Attacker) -> Iterator[None]:
    """As fast as they can be made."""
    yield
    for _ in range(attacker.lab.size.some(500)):
        attacker.stream("echo")
        attacker.leave()


# The broadcast


@attack(
    "a turn sends all of it, however long that takes; each copy makes a line of the log",
    fan_out=2100,
    copy_cpu=5e-6,
    copy_logged=0,
    logged=2**20,
    memory=2**24,
)
def newlines_to_the_broadcast(attacker: Attacker) -> Iterator[None]:
    """2,048 bytes, each of which is a message to all."""
    peer = attacker.stream("broadcast").hear(b"CONNECT")
    yield
    peer.send(b"\n" * attacker.lab.size.some(2048))


@attack(fan_out=3, copy_sent=LINE / 2, memory=2**23)
def a_long_line_to_the_broadcast(attacker: Attacker) -> Iterator[None]:
    """60 KB to all."""
    peer = attacker.stream("broadcast").hear(b"CONNECT")
    yield
    peer.send(b"x" * LINE + b"\n")


@attack(
    "as with newlines to the broadcast",
    fan_out=530,
    copy_cpu=5e-6,
    copy_logged=0,
    logged=2**20,
    memory=2**24,
)
def listeners_that_never_read(attacker: Attacker) -> Iterator[None]:
    """As many as a host may have, while one of them speaks."""
    for _ in range(MOST_PER_PEER - 1):
        slow = attacker.stream("broadcast")
        slow.send(b"no newline")
    attacker.wait(0.5)  # From here on the server paces what it says to them.
    peer = attacker.stream("broadcast").hear(b"CONNECT")
    yield
    peer.send(b"\n" * attacker.lab.size.some(500))


# Other services


@attack(cpu=0.5, messages=2500, sent=2**17, logged=2**19)
def newlines_to_each_service(attacker: Attacker) -> Iterator[None]:
    """2,048 bytes to each service that asks."""
    peers = [attacker.stream(service) for service in ("ident", "auth", "chat-tcp")]
    yield
    for peer in peers:
        peer.send(b"\n" * attacker.lab.size.some(2048))


@attack(cpu=0.5, messages=2500, sent=2**17, logged=2**19)
def empty_frames(attacker: Attacker) -> Iterator[None]:
    """Frames of four bytes, each of which is answered."""
    peer = attacker.stream("messages")
    yield
    peer.send(b"\0\0\0\0" * attacker.lab.size.some(1000))


@attack(cpu=1.5, sent=2**17, logged=2**21, messages=2000)
def one_byte_at_a_time(attacker: Attacker) -> Iterator[None]:
    """A segment for each byte, to the echo."""
    peer = attacker.character("echo")
    yield
    for _ in range(attacker.lab.size.some(4000)):
        peer.send(b"x")
        peer.socket.recv(1)


@attack(cpu=1.5)
def a_line_one_byte_at_a_time(attacker: Attacker) -> Iterator[None]:
    """A segment for each byte of a line that grows."""
    peer = attacker.character("auth")
    yield
    for _ in range(attacker.lab.size.some(4000)):
        peer.send(b"x")


# Two hashes are made at a time, in 19 MiB each.
@attack(cpu=6.0, messages=2000, sent=2**17, logged=2**18, stored=2**19, rows=250, memory=48 * 2**20)
def registering(attacker: Attacker) -> Iterator[None]:
    """A new account from each connection."""
    yield
    for number in range(attacker.lab.size.some(100)):
        lines = (f"{attacker.name}-{number}", *["correct horse"] * 2, "exit", "")
        attacker.stream("auth").send("\n".join(lines).encode()).end()


@attack(cpu=0.5)
def telnet_that_never_ends(attacker: Attacker) -> Iterator[None]:
    """Negotiations without an end: one in small pieces, and many at once."""
    slow, fast = attacker.character("auth"), attacker.stream("auth")
    yield
    fast.send(b"\xff\xfax" * 20_000 + b"\xff" * 20_000)
    slow.send(b"\xff\xfa")
    for _ in range(attacker.lab.size.some(2000)):
        slow.send(b"\xef\xff")


@attack(cpu=1.0, messages=2000, sent=2**17, logged=2**18, rows=30, memory=48 * 2**20)
def guessing_passwords(attacker: Attacker) -> Iterator[None]:
    """A wrong password for a name of its own from each connection."""
    name = attacker.name.encode()
    attacker.stream("auth").send(name + b"\n" + b"correct horse\n" * 2).hear(b"Token")
    yield
    for number in range(attacker.lab.size.some(100)):
        attacker.stream("auth").send(b"%s\nwrong horse %d\n" % (name, number))


# Peers that are refused come last: they may keep others out for a while.


def see_that_others_are_let_in(attacker: Attacker) -> None:
    """Have somebody from another host join the chat by plain datagrams.

    Raises:
        AssertionError: The server does not let it in.
    """
    other = Attacker(attacker.lab, f"127.0.99.{attacker.host.rpartition('.')[2]}")
    stranger = other.stranger()
    stranger.socket.settimeout(2)
    try:
        stranger.send(f"/join {other.name}".encode())
        stranger.send(stranger.socket.recv(2048)).hear(b"* welcome")
    except TimeoutError:
        raise AssertionError("a new member from another host is not let in") from None
    finally:
        other.leave()


@attack(
    "a peer that is refused is kept for a while, and 101 of them keep everybody out",
    cpu=0.3,
    messages=1000,
    logged=2**17,
    fan_out=5,
)
def connections_that_are_refused(attacker: Attacker) -> Iterator[None]:
    """More connections than a host may have, of which nothing is read; then somebody else comes."""
    yield
    for _ in range(MOST_PER_PEER + REFUSED):
        attacker.stream("chat-tcp")
    see_that_others_are_let_in(attacker)


@attack(
    "a peer that is refused is kept for a while, and 101 of them keep everybody out",
    cpu=0.3,
    messages=1000,
    logged=2**17,
    fan_out=5,
)
def sessions_that_are_refused(attacker: Attacker) -> Iterator[None]:
    """The same with sessions of the reliable protocol."""
    sessions = [attacker.reliable() for _ in range(MOST_PER_PEER + REFUSED)]
    yield
    for session in sessions:
        session.open()
    see_that_others_are_let_in(attacker)
