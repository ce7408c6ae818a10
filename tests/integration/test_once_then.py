"""Blocking clients of netlab-echo --once and of netlab-ident --then."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from tests.processes import Server, connect, line, receive_all

LOCAL = ("--port", "0", "--interface", "127.0.0.1")


def echo_once(directory: Path, *options: str) -> Server:
    return Server(directory, "netlab-echo", "--once", *LOCAL, *options)


def ident_then(directory: Path, word: str) -> Server:
    return Server(directory, "netlab-ident", "--then", word, *LOCAL)


def says(connection: socket.socket, *lines: str) -> None:
    """Check the next lines that the server sends."""
    assert [line(connection) for _ in lines] == [f"{each}\n" for each in lines]


@pytest.mark.parametrize("options", [(), ("--upper",), ("--transport", "stock")])
def test_a_client_sends_once_and_reads_until_the_end(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    with echo_once(tmp_path, *options) as server:
        port = server.wait_for_port()
        for data in (b"HELLO", bytes(300_000)):
            with connect(port) as client:
                client.settimeout(5)
                client.sendall(data)
                assert receive_all(client) == data
            server.wait_for(r"client disconnected: .*, closed by the server$")


def test_a_stopped_server_answers_what_came_meanwhile(tmp_path: Path) -> None:
    with echo_once(tmp_path) as server, connect(server.wait_for_port()) as client:
        client.sendall(b"before, ")
        assert client.recv(100) == b"before, "
        os.kill(server.process.pid, signal.SIGSTOP)
        client.sendall(b"meanwhile")
        time.sleep(0.5)
        os.kill(server.process.pid, signal.SIGCONT)
        assert receive_all(client) == b"meanwhile"


def test_a_slow_reader_gets_everything(tmp_path: Path) -> None:
    size = 8_000_000  # more than the kernel holds
    with echo_once(tmp_path) as server, connect(server.wait_for_port()) as client:
        sender = threading.Thread(target=client.sendall, args=(bytes(size),))
        sender.start()
        time.sleep(1)  # The server has stopped reading.
        assert len(receive_all(client)) == size
        sender.join()


def test_an_echo_follows_the_greeting(tmp_path: Path) -> None:
    with ident_then(tmp_path, "echo") as server, connect(server.wait_for_port()) as client:
        says(client, "What's your name?")
        client.sendall(b"Anna\nfirst\n")
        says(client, "Hello, Anna", "first")
        client.sendall(b"second\nexit\nthird\n")
        assert receive_all(client) == b"second\n"


def test_numbered_messages_follow_the_greeting(tmp_path: Path) -> None:
    with ident_then(tmp_path, "messages") as server, connect(server.wait_for_port()) as client:
        says(client, "What's your name?")
        client.sendall(b"Anna\n")
        says(client, "Hello, Anna", "Message 1:")
        client.sendall(b"hi\n")
        says(client, "Your message: HI", "Message 2:")
        client.sendall(b"exit\n")
        assert receive_all(client) == b""


def test_a_broadcast_follows_the_greeting(tmp_path: Path) -> None:
    with ident_then(tmp_path, "broadcast") as server:
        port = server.wait_for_port()
        with connect(port) as one, connect(port) as other:
            says(one, "What's your name?")
            one.sendall(b"Anna\n")
            says(one, "Hello, Anna", "CONNECT")
            says(other, "What's your name?")
            other.sendall(b"Boris\n")
            # Both come from one address, so they have one name.
            says(other, "Hello, Anna", "CONNECT")
            one.sendall(b"hi\n")
            for client in (one, other):
                says(client, f"Message from client {one.getsockname()}: HI")
