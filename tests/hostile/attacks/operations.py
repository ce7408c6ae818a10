"""Attacks on the log and on the port of the metrics."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.attacker import Attacker
from tests.hostile.attacks.catalogue import LINE, attack
from twisted_lab.eventlog.event_budget import BURST_SECONDS, MOST_OF_NETWORK

GET = b"GET /metrics HTTP/1.1\r\n\r\n"

# The metrics


@attack(memory=2**23)
def bodies_for_the_metrics(attacker: Attacker) -> Iterator[None]:
    """60 KB each, of 16 MB that are announced."""
    yield
    for _ in range(attacker.lab.size.some(200)):
        peer = attacker.monitor()
        peer.send(b"POST /metrics HTTP/1.1\r\nContent-Length: 16000000\r\n\r\n" + b"x" * LINE)
        peer.hear(b" 405 ").end()


# Twisted accepts some of them at a time.
@attack(cpu=0.3, memory=2**22)
def connections_to_the_metrics(attacker: Attacker) -> Iterator[None]:
    """As many as come, and say nothing; the operator is served meanwhile."""
    yield
    for _ in range(attacker.lab.size.some(500)):
        attacker.monitor()
    attacker.monitor().send(GET).hear(b"netlab_connections").end()


@attack(cpu=0.5)
def slow_headers_to_the_metrics(attacker: Attacker) -> Iterator[None]:
    """Ten requests that do not end, in segments of one byte; the operator is served meanwhile."""
    slow = [attacker.monitor().send(GET[:-2]) for _ in range(10)]
    yield
    for _ in range(attacker.lab.size.some(1000)):
        for peer in slow:
            peer.send(b"x")
    attacker.monitor().send(GET).hear(b"netlab_connections").end()


@attack(cpu=0.5)
def long_headers_to_the_metrics(attacker: Attacker) -> Iterator[None]:
    """Queries, cookies and folded lines of 8 KiB, which would take milliseconds to parse."""
    long = (
        b"GET /metrics?" + b"&" * 8000 + b" HTTP/1.1\r\n\r\n",
        GET[:-2] + b"Cookie: " + b";" * 8000 + b"\r\n\r\n",
        GET[:-2] + b"Cookie: x\r\n" + b" \r\n" * 8000 + b"\r\n",
    )
    yield
    for number in range(attacker.lab.size.some(500)):
        attacker.monitor().send(long[number % len(long)]).hear(b"HTTP/1.1 ").end()


@attack(cpu=0.5)
def asking_for_the_metrics(attacker: Attacker) -> Iterator[None]:
    """One request after the other, and others behind each that are not answered."""
    yield
    for _ in range(attacker.lab.size.some(500)):
        attacker.monitor().send(GET * 3).hear(b"netlab_connections").end()


# The log. These use up its budget, so they come last.


@attack(cpu=1.0, messages=2000, sent=2**17, logged=2**19)
def strangers_that_are_hung_up_on(attacker: Attacker) -> Iterator[None]:
    """A byte that is no text from each connection: the file of security events does not grow."""
    before = attacker.lab.security_bytes()
    yield
    for _ in range(attacker.lab.size.some(500, least=MOST_OF_NETWORK + 20)):
        attacker.stream("ident").send(b"\xff\n").hear(b"error").end()
    grown = attacker.lab.security_bytes() - before
    assert grown < MOST_OF_NETWORK * 150, f"{grown} bytes of security events"


@attack(cpu=2.0, messages=600, logged=2**20)
def newlines_beyond_the_rate(attacker: Attacker) -> Iterator[None]:
    """100,000 empty lines, after the log has taken all that it takes at once."""
    peer = attacker.stream("chat-tcp").send(f"/join {attacker.name}\n".encode())
    peer.send(b"\n" * BURST_SECONDS * 1000)
    yield
    peer.send(b"\n" * attacker.lab.size.some(100_000))
