"""Clients that send more than text, and logs at level debug."""

from __future__ import annotations

import json
from pathlib import Path

from tests.processes import NETLAB, Server, connect, line, ports, receive_all


def ident(directory: Path) -> Server:
    return Server(directory, "netlab-ident", "--port", "0", "--interface", "127.0.0.1")


def test_padding_byte_order_marks_and_telnet_are_removed_from_names(tmp_path: Path) -> None:
    for number, sent in enumerate(
        (
            b"Anna\0",
            b"Anna\n" + bytes(1019),
            b"\xef\xbb\xbfAnna\r\n",
            b"Anna\r",
            b"\xff\xfd\x03\xff\xfa\x18\0\n\xff\xf0Anna\r\0",
        )
    ):
        directory = tmp_path / str(number)
        directory.mkdir()
        with ident(directory) as server, connect(server.wait_for_port()) as client:
            assert line(client) == "What's your name?\n"
            client.sendall(sent)
            assert line(client) == "Hello, Anna\n"


def test_a_message_may_arrive_one_key_at_a_time(tmp_path: Path) -> None:
    with ident(tmp_path) as server, connect(server.wait_for_port()) as client:
        line(client)
        client.sendall(b"A")
        # Longer than the pause that ends a message: no answer may arrive.
        client.settimeout(0.4)
        for key in b"nna":
            try:
                raise AssertionError(client.recv(1024))
            except TimeoutError:
                client.sendall(bytes([key]))
        client.settimeout(30)
        client.sendall(b"\r\n")
        assert line(client) == "Hello, Anna\n"


def test_nul_is_not_stored_and_no_password_becomes_a_name(tmp_path: Path) -> None:
    secret = "open sesame"
    with Server(tmp_path, *NETLAB) as server:
        port = ports(server)["auth"]
        for name in (b"An\0na", b"An\x1bna", b"", "Anna".encode("utf-16-le")):
            with connect(port) as client:
                client.sendall(b"\n".join((name, *[secret.encode()] * 3, b"")))
                client.shutdown(1)
                *_, last = receive_all(client).decode().splitlines()
                assert last.startswith("error: "), last
        assert server.stop() == 0
        assert secret not in "".join(server.lines)
    assert secret.encode() not in (tmp_path / "netlab.sqlite3").read_bytes()


def test_level_debug_shows_input_but_no_secrets(tmp_path: Path) -> None:
    log = tmp_path / "events.log"
    options = ("--log-level", "debug", "--log-format", "json", "--log-file", str(log))
    with Server(tmp_path, *NETLAB, *options, "--chat-tcp-port", "0") as server:
        places = ports(server)
        places["chat"] = places["chat-tcp"]
        for name, said in (
            ("echo", b"hello \x1b[2J\n"),
            ("messages", b"\0\0\0\x05hello"),
            ("broadcast", b"hello\n"),
            ("ident", b"hello\n"),
            ("auth", b"anna\nopen sesame\nopen sesame\nwhoami\n"),
            ("chat", b"/join anna 0123456789abcdef\n1 /msg anna open sesame\n2 hello\n"),
        ):
            with connect(places[name]) as client:
                client.sendall(said)
                client.shutdown(1)
                receive_all(client)
        assert server.stop() == 0
    shown: dict[str, str] = {}
    for event in map(json.loads, log.read_text().splitlines()):
        if event["event"] in ("received", "sent"):
            shown[event["service"]] = shown.get(event["service"], "") + event.get("data", "-")
    assert shown["netlab-echo"] == r"hello \x1b[2J\n" * 2
    for name in ("messages", "broadcast", "ident"):
        assert "hello" in shown[f"netlab-{name}"]
    for name in ("auth", "chat"):
        assert set(shown[f"netlab-{name}"]) == {"-"}
    for secret in ("sesame", "0123456789abcdef", "nlt_"):
        assert secret not in log.read_text()
