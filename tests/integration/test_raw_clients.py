"""Clients as beginners write them: blocking sockets, no newlines, one recv() for each message."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from tests.processes import Server, connect, receive_all


def service(directory: Path, name: str, *arguments: str) -> Server:
    return Server(directory, name, "--port", "0", "--interface", "127.0.0.1", *arguments)


def ask(client: socket.socket, text: str) -> str:
    """Send a message and return the bytes of one recv()."""
    client.send(text.encode())
    return client.recv(1024).decode()


@pytest.mark.parametrize("gap", [0.05, 0.1, 0.15, 0.19, 0.25])
def test_three_messages_at_any_gap(tmp_path: Path, gap: float) -> None:
    with (
        service(tmp_path, "netlab-messages", "--framing", "text") as server,
        connect(server.wait_for_port()) as client,
    ):
        for text in (b"one", b"two", b"exit"):
            client.send(text)
            time.sleep(gap)
        answers = receive_all(client).decode().splitlines()[1::2]
        assert answers == ["Your message: ONE", "Your message: TWO"]


@pytest.mark.parametrize(("newline", "end"), [("lf", "\n"), ("none", "")])
def test_a_client_that_alternates_one_recv_and_one_input(
    tmp_path: Path, newline: str, end: str
) -> None:
    with (
        service(tmp_path, "netlab-messages", "--framing", "text", "--newline", newline) as server,
        connect(server.wait_for_port()) as client,
    ):
        assert client.recv(1024).decode() == f"Message 1:{end}"
        for number, text in enumerate(("one", "два", "three"), 1):
            expected = f"Your message: {text.upper()}\nMessage {number + 1}:{end}"
            assert ask(client, text) == expected
        assert ask(client, "exit") == ""


def test_the_same_client_logs_in(tmp_path: Path) -> None:
    with service(tmp_path, "netlab-auth") as server, connect(server.wait_for_port()) as client:
        assert client.recv(1024) == b"Name or token?\n"
        assert ask(client, "anna") == "New name. Choose a password:\n"
        assert ask(client, "open sesame") == "Repeat the password:\n"
        hello, token, end = ask(client, "open sesame").split("\n")
        assert (hello, token[:11], end) == ("Hello, anna", "Token: nlt_", "")
        assert ask(client, "whoami") == "anna\n"


@pytest.mark.parametrize(("newline", "end"), [("lf", "\n"), ("none", "")])
def test_a_client_that_calls_recv_for_the_reply_and_for_the_prompt(
    tmp_path: Path, newline: str, end: str
) -> None:
    # Messages far apart, so that each recv() gets one even on a slow machine.
    options = ("--framing", "text", "--newline", newline, "--pace", "400")
    with (
        service(tmp_path, "netlab-messages", *options) as server,
        connect(server.wait_for_port()) as client,
    ):
        for number, text in enumerate(("one", "два"), 1):
            assert client.recv(1024).decode() == f"Message {number}:{end}"
            assert ask(client, text) == f"Your message: {text.upper()}{end}"
        assert client.recv(1024).decode() == f"Message 3:{end}"
        assert ask(client, "exit") == ""


def test_a_client_that_sends_a_message_in_pieces(tmp_path: Path) -> None:
    # Nagle's algorithm keeps the second piece back until the first one is acknowledged.
    with (
        service(tmp_path, "netlab-messages", "--framing", "text") as server,
        connect(server.wait_for_port()) as client,
    ):
        client.recv(1024)
        for number in range(2, 8):
            client.send(b"hello ")
            client.send("миру".encode()[:3])
            client.send("миру".encode()[3:])
            assert client.recv(1024).decode() == f"Your message: HELLO МИРУ\nMessage {number}:\n"


def test_a_name_and_no_more_is_a_name(tmp_path: Path) -> None:
    with service(tmp_path, "netlab-ident") as server, connect(server.wait_for_port()) as client:
        client.send(b"Anna")
        time.sleep(0.1)
        client.send(b"hello")
        assert receive_all(client) == b"What's your name?\nHello, Anna\n"


def test_without_idle_flush_the_end_of_the_input_ends_a_message(tmp_path: Path) -> None:
    with (
        service(tmp_path, "netlab-ident", "--idle-flush", "0") as server,
        connect(server.wait_for_port()) as client,
    ):
        client.send(b"An")
        time.sleep(0.3)
        client.send(b"na")
        client.shutdown(socket.SHUT_WR)
        assert receive_all(client) == b"What's your name?\nHello, Anna\n"
