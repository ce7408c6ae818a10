"""Servers stopped for longer than their idle timeout while peers send input."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.processes import (
    DEADLINE,
    NETLAB,
    Server,
    connect,
    line,
    ports,
    receive,
    suspend,
)
from twisted_lab.codecs import encode_frame
from twisted_lab.reliable.packets import (
    KEY_BYTES,
    NO_KEY,
    Ack,
    Cookie,
    Hello,
    Open,
    Packet,
    Ping,
    Side,
    Welcome,
    decode,
    seal,
)

IDLE = ("--idle-timeout", "2")
LONGER = 3.0
MANY = 600  # more than one turn of the reactor reads
KEY = bytes(KEY_BYTES)


@contextmanager
def paused(server: Server) -> Iterator[None]:
    """Stop a server for longer than its idle timeout."""
    suspend(server.process.pid)
    began = time.monotonic()
    yield
    time.sleep(max(began + LONGER - time.monotonic(), 0))
    server.process.send_signal(signal.SIGCONT)


def says(connection: socket.socket) -> bytes:
    """Read one frame."""
    return receive(connection, int.from_bytes(receive(connection, 4), "big"))


def is_answered(connection: socket.socket) -> bool:
    """Return whether the question and then the answer to ``here`` arrive."""
    return [says(connection) for _ in range(2)] == [b"Message 1:", b"Your message: HERE"]


def datagrams(port: int) -> socket.socket:
    udp = socket.socket(type=socket.SOCK_DGRAM)
    udp.settimeout(DEADLINE)
    udp.connect(("127.0.0.1", port))
    return udp


def ask(udp: socket.socket, packet: Packet, key: bytes = KEY) -> Packet:
    udp.send(seal(packet, key, Side.CLIENT))
    return decode(udp.recv(2048))


def join(udp: socket.socket, name: str) -> None:
    udp.send(f"/join {name}".encode())
    udp.send(udp.recv(2048))
    while not udp.recv(2048).startswith(b"* here:"):
        pass


def open_session(udp: socket.socket) -> int:
    cookie = ask(udp, Hello(7), NO_KEY)
    assert isinstance(cookie, Cookie)
    welcome = ask(udp, Open(7, cookie.cookie, KEY, 1))
    assert isinstance(welcome, Welcome)
    return welcome.session


def test_a_peer_that_sent_input_during_a_pause_is_served(tmp_path: Path) -> None:
    with Server(tmp_path, *NETLAB, *IDLE) as server, ExitStack() as stack:
        at = ports(server)
        many = [stack.enter_context(connect(at["messages"])) for _ in range(MANY)]
        echo, ident, silent = (
            stack.enter_context(connect(at[name])) for name in ("echo", "ident", "messages")
        )
        assert line(ident) == "What's your name?\n"
        plain, reliable = (stack.enter_context(datagrams(at["chat"])) for _ in range(2))
        join(plain, "plain")
        session = open_session(reliable)
        with paused(server):
            for client in many:
                client.sendall(encode_frame(b"here"))
            echo.sendall(b"here")
            ident.sendall(b"Ann\n")
            plain.send(b"/who")
            reliable.send(seal(Ping(session, 5), KEY, Side.CLIENT))
        assert [says(silent) for _ in range(2)][1] == b"error: nothing heard for 2 s"
        assert receive(echo, 4) == b"here"
        assert line(ident) == "Hello, Ann\n"
        assert plain.recv(2048).startswith(b"* here: plain")
        answer = decode(reliable.recv(2048))
        assert isinstance(answer, Ack)
        assert (answer.number, answer.echo) == (session, 5)
        for client in many:
            assert is_answered(client)


def test_dropped_datagrams_do_not_count_as_silence(tmp_path: Path) -> None:
    service = ("netlab-chat", "--port", "0", "--interface", "127.0.0.1", *IDLE)
    with Server(tmp_path, *service) as server, ExitStack() as stack:
        port = server.wait_for_port()
        members = [stack.enter_context(datagrams(port)) for _ in range(10)]
        for number, member in enumerate(members):
            join(member, f"n{number}")
        with paused(server):
            for _ in range(1000):
                members[0].send(b"/who")
            for member in members[1:]:
                member.send(b"/who")
        time.sleep(0.5)
        for member in members[1:]:
            member.send(b"/who")
        time.sleep(1)
        assert server.stop() == 0
    assert not any("hung up" in text for text in server.lines)


def test_a_tls_peer_that_sent_input_during_a_pause_is_served(
    tmp_path: Path, certificate: Path
) -> None:
    options = ("--port", "0", "--interface", "127.0.0.1", *IDLE, "--handshake-timeout", "2")
    files = ("--tls", "--certificate", str(certificate), "--key", str(certificate))
    context = ssl.create_default_context(cafile=certificate)
    with (
        Server(tmp_path, "netlab-messages", *options, *files) as server,
        connect(port := server.wait_for_port()) as first,
        context.wrap_socket(first, server_hostname="localhost") as agreed,
        connect(port) as second,  # only now, because its time for the handshake begins
        connect(port) as silent,
        context.wrap_socket(
            second, server_hostname="localhost", do_handshake_on_connect=False
        ) as beginning,
    ):
        with paused(server):
            agreed.sendall(encode_frame(b"here"))
            beginning.setblocking(False)
            with pytest.raises(ssl.SSLWantReadError):
                beginning.do_handshake()
        assert is_answered(agreed)
        beginning.settimeout(DEADLINE)
        beginning.do_handshake()
        with pytest.raises(ConnectionResetError):
            silent.recv(1)


def test_stopped_workers_serve_peers_when_continued(tmp_path: Path) -> None:
    service = ("netlab-messages", "--port", "0", "--interface", "127.0.0.1", "--workers", "2")
    with Server(tmp_path, *service, *IDLE) as server, ExitStack() as stack:
        workers = [int(server.wait_for(r"worker started: process (\d+)")[1]) for _ in range(2)]
        port = server.wait_for_port()
        clients = [stack.enter_context(connect(port)) for _ in range(20)]
        for client in clients:
            assert says(client) == b"Message 1:"
        for worker in workers:
            suspend(worker)
        for client in clients:
            client.sendall(encode_frame(b"here"))
        time.sleep(LONGER)
        for worker in workers:
            os.kill(worker, signal.SIGCONT)
        for client in clients:
            assert says(client) == b"Your message: HERE"
