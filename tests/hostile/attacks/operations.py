"""Attacks on the log and the metrics port."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.attacker import Attacker
from tests.hostile.attacks.catalogue import LINE, attack
from twisted_lab.eventlog.event_budget import BURST_SECONDS, MOST_OF_NETWORK

GET = b"GET /metrics HTTP/1.1\r\n\r\n"

# The metrics


@attack(memory=2**23)
def request_bodies_to_the_metrics(attacker: Attacker) -> Iterator[None]:
    """60 KB each, of 16 MB that the header announces."""
    yield
    for _ in range(attacker.target.size.some(200)):
        peer = attacker.monitor()
        peer.send(b"POST /metrics HTTP/1.1\r\nContent-Length: 16000000\r\n\r\n" + b"x" * LINE)
        peer.hear(b" 405 ").end()


# Twisted accepts several connections at a time.
@attack(cpu=0.3, memory=2**22)
def connections_to_the_metrics(attacker: Attacker) -> Iterator[None]:
    """Many silent connections; the operator is still served."""
    yield
    for _ in range(attacker.target.size.some(500)):
        attacker.monitor()
    attacker.monitor().send(GET).hear(b"netlab_connections").end()


@attack(cpu=0.5)
def slow_headers_to_the_metrics(attacker: Attacker) -> Iterator[None]:
    """Ten endless requests in segments of one byte; the operator is still served."""
    slow = [attacker.monitor().send(GET[:-2]) for _ in range(10)]
    yield
    for _ in range(attacker.target.size.some(1000)):
        for peer in slow:
            peer.send(b"x")
    attacker.monitor().send(GET).hear(b"netlab_connections").end()


@attack(cpu=0.5)
def long_headers_to_the_metrics(attacker: Attacker) -> Iterator[None]:
    """Queries, cookies and folded lines of 8 KiB, which are slow to parse."""
    long = (
        b"GET /metrics?" + b"&" * 8000 + b" HTTP/1.1\r\n\r\n",
        GET[:-2] + b"Cookie: " + b";" * 8000 + b"\r\n\r\n",
        GET[:-2] + b"Cookie: x\r\n" + b" \r\n" * 8000 + b"\r\n",
    )
    yield
    for number in range(attacker.target.size.some(500)):
        attacker.monitor().send(long[number % len(long)]).hear(b"HTTP/1.1 ").end()


@attack(cpu=0.5)
def repeated_requests_for_the_metrics(attacker: Attacker) -> Iterator[None]:
    """One request after another, each followed by others that get no answer."""
    yield
    for _ in range(attacker.target.size.some(500)):
        attacker.monitor().send(GET * 3).hear(b"netlab_connections").end()


# The log. These attacks use up its budget, so they come last.


@attack(cpu=1.0, messages=2000, sent=2**17, logged=2**19)
def protocol_errors_beyond_the_log_budget(attacker: Attacker) -> Iterator[None]:
    """A byte that is not UTF-8 on each connection; the file of security events does not grow."""
    before = attacker.target.security_bytes()
    yield
    for _ in range(attacker.target.size.some(500, least=MOST_OF_NETWORK + 20)):
        attacker.stream("ident").send(b"\xff\n").hear(b"error").end()
    grown = attacker.target.security_bytes() - before
    assert grown < MOST_OF_NETWORK * 150, f"{grown} bytes of security events"


# The log takes 1,000 lines a second by design, 80 kB, and a busy machine needs seconds. Without the
# limit it would be twice this bound.
@attack(cpu=2.0, messages=600, logged=2**22)
def empty_lines_beyond_the_log_rate(attacker: Attacker) -> Iterator[None]:
    """100,000 empty lines, after the log's burst is used up."""
    join = f"/join {attacker.name}\n".encode()
    # The server has logged the burst once it closes.
    attacker.stream("chat-tcp").send(join + b"\n" * BURST_SECONDS * 1000).end()
    peer = attacker.stream("chat-tcp").send(join)
    peer.hear(b"* here: ")
    yield
    peer.send(b"\n" * attacker.target.size.some(100_000))
