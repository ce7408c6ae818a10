"""netlab-messages and netlab-broadcast as real processes, with all kinds of clients."""

from __future__ import annotations

import resource
import socket
import sys
from pathlib import Path

import pytest

from tests.clients import client_at, run, scripted_server
from tests.processes import ROOT, Server, connect, receive, receive_all, resident_kib
from twisted_lab.codecs import encode_frame
from twisted_lab.message_socket import MessageSocket


def messages(directory: Path, *arguments: str) -> Server:
    return Server(
        directory, "netlab-messages", "--port", "0", "--interface", "127.0.0.1", *arguments
    )


def broadcast(directory: Path, *arguments: str) -> Server:
    return Server(
        directory, "netlab-broadcast", "--port", "0", "--interface", "127.0.0.1", *arguments
    )


def message_socket(port: int) -> MessageSocket:
    connection = MessageSocket()
    connection.settimeout(30)
    connection.connect(("127.0.0.1", port))
    return connection


def test_a_message_socket_client_works(tmp_path: Path) -> None:
    with messages(tmp_path) as server, message_socket(server.wait_for_port()) as client:
        assert client.receive_message() == "Message 1:"
        client.send_message("привет")
        client.send_message("exit")
        assert list(client.messages()) == ["Your message: ПРИВЕТ", "Message 2:"]


def test_messages_up_to_the_limit_are_accepted(tmp_path: Path) -> None:
    with messages(tmp_path) as server:
        port = server.wait_for_port()
        with message_socket(port) as client:
            client.max_message = 100_000
            client.send_message("x" * 65_536)
            client.send_message("y" * 70_000)
            assert list(client.messages()) == [
                "Message 1:",
                "Your message: " + "X" * 65_536,
                "Message 2:",
                "error: message of 70000 bytes is over the limit of 65536",
            ]
        server.wait_for("disconnecting .*: message of 70000 bytes is over the limit")
        with connect(port) as client:
            client.sendall(encode_frame(b"0123456789abcdefg\xff"))
            assert receive_all(client).endswith(encode_frame(b"error: not UTF-8 at byte 17"))


def test_one_large_answer_is_sent(tmp_path: Path) -> None:
    with messages(tmp_path, "--log-level", "warn", "--max-message", "4000000") as server:
        with connect(server.wait_for_port()) as client:
            client.sendall(encode_frame(b"x" * 4_000_000) + encode_frame(b"exit"))
            assert len(receive_all(client)) == 4_000_000 + 18 + 15 + 13
        assert server.stop() == 0


def test_an_answer_arrives_despite_unread_input(tmp_path: Path) -> None:
    with messages(tmp_path) as server, connect(server.wait_for_port()) as client:
        client.sendall(encode_frame(b"exit") + encode_frame(b"more") * 100_000)
        client.shutdown(socket.SHUT_WR)
        assert receive_all(client) == encode_frame(b"Message 1:")


def test_three_scripts_get_each_others_lines(tmp_path: Path) -> None:
    with broadcast(tmp_path) as server:
        port = server.wait_for_port()
        with connect(port) as one, connect(port) as two, connect(port) as three:
            clients = (one, two, three)
            for client in clients:
                assert client.recv(1024) == b"CONNECT\n"
            for speaker, text in ((one, "from one"), (two, "from two"), (three, "from three")):
                speaker.send(text.encode())
                expected = f"Message from client {speaker.getsockname()}: {text.upper()}\n"
                for client in clients:
                    assert client.recv(1024).decode() == expected


def test_a_member_that_does_not_read_is_dropped_without_delay_for_others(tmp_path: Path) -> None:
    with broadcast(tmp_path, "--log-level", "warn") as server:
        port = server.wait_for_port()
        with connect(port) as rude, connect(port) as polite:
            for client in (rude, polite):
                assert receive(client, 8) == b"CONNECT\n"
            line = b"x" * 60_000 + b"\n"
            prefix = len(f"Message from client {polite.getsockname()}: ")
            for _ in range(400):
                polite.sendall(line)
                assert len(receive(polite, prefix + len(line))) == prefix + len(line)
            dropped = f"127.0.0.1:{rude.getsockname()[1]}"
            server.wait_for(f"client dropped: {dropped} is more than 256 KiB behind")


def test_a_thousand_members_get_all_messages_in_one_order(tmp_path: Path) -> None:
    with broadcast(tmp_path, "--log-level", "warn", "--framing", "int32") as server:
        port = server.wait_for_port()
        members = [message_socket(port) for _ in range(1000)]
        try:
            for member in members:
                assert member.receive_message() == "CONNECT"
            for number in range(0, 1000, 100):
                members[number].send_message(f"from {number}")
            heard = [[member.receive_message() for _ in range(10)] for member in members]
        finally:
            for member in members:
                member.close()
    assert len(set(map(tuple, heard))) == 1
    assert {str(text).rpartition(": ")[2] for text in heard[0]} == {
        f"FROM {number}" for number in range(0, 1000, 100)
    }


def test_ten_thousand_incomplete_frames_take_little_memory(tmp_path: Path) -> None:
    count = min(10_000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200)
    limits = ("--max-connections", "20000", "--max-per-peer", "20000")
    with messages(tmp_path, "--log-level", "warn", *limits) as server:
        port = server.wait_for_port()
        halves = []
        try:
            for _ in range(count):
                half = connect(port)
                half.sendall(b"\xff\xff")
                halves.append(half)
            with message_socket(port) as client:
                assert client.receive_message() == "Message 1:"
                before = resident_kib(server.process.pid)
                for half in halves:
                    half.sendall(b"\x00")
                client.send_message("still served?")
                assert client.receive_message() == "Your message: STILL SERVED?"
                assert resident_kib(server.process.pid) - before < 4096
        finally:
            for half in halves:
                half.close()


@pytest.mark.parametrize("size", [1, 60])
def test_a_million_unread_messages_take_bounded_memory(tmp_path: Path, size: int) -> None:
    program = ("-m", "tests.programs.million", "unix:million.sock", str(size))
    with Server(
        tmp_path, command=(sys.executable, *program), environment={"PYTHONPATH": str(ROOT)}
    ) as server:
        server.wait_for("listening")
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(tmp_path / "million.sock"))
            assert int(server.wait_for(r"^\d+$")[0]) < 1024, "KiB"


@pytest.mark.parametrize(
    ("framing", "header"), [("decimal:10", "{:<10}"), ("decimal:4", "{:04}"), ("hex:4", "{:>4x}")]
)
@pytest.mark.parametrize("count", ["bytes", "characters"])
def test_a_blocking_script_with_length_headers_in_text_works(
    tmp_path: Path, framing: str, header: str, count: str
) -> None:
    with (
        messages(tmp_path, "--framing", framing, "--count", count) as server,
        connect(server.wait_for_port()) as client,
        client.makefile("rb" if count == "bytes" else "r", newline=None) as stream,
    ):
        for reply in ("Message 1:", "Your message: ПРИВЕТ", "Message 2:"):
            if reply.startswith("Your"):
                client.sendall(f"{header.format(12 if count == 'bytes' else 6)}привет".encode())
            size = int(stream.read(len(header.format(0))), 16 if "x" in header else 10)
            said = stream.read(size)
            assert (said if isinstance(said, str) else said.decode()) == reply


def test_our_client_works_in_a_pipe(tmp_path: Path) -> None:
    for framing in ("int32", "text", "decimal:10"):
        with messages(tmp_path, "--framing", framing) as server:
            port = str(server.wait_for_port())
            arguments = ("messages", "--quiet", "--framing", framing, "--port", port)
            end = run(*arguments, typed=b"a\nb\nexit\n")
            assert (end.returncode, end.stderr) == (0, b"")
            assert end.stdout.decode().splitlines() == [
                "Message 1:",
                "Your message: A",
                "Message 2:",
                "Your message: B",
                "Message 3:",
            ]


def test_our_client_refuses_an_overlong_line_in_a_pipe(tmp_path: Path) -> None:
    with messages(tmp_path) as server:
        port = str(server.wait_for_port())
        typed = b"x" * 70_000 + b"\nshort\n"
        end = run("messages", "--quiet", "--port", port, typed=typed)
    assert end.returncode == 1
    assert end.stderr == b"not sent: message of 70000 bytes is over the limit of 65536\n"
    assert b"Your message: SHORT\n" in end.stdout


def test_our_client_sends_exit_to_a_server_that_expects_it() -> None:
    """The lecture's server reads until a message `exit`, even past the end of the connection."""

    def script(connection: socket.socket) -> None:
        with MessageSocket(fileno=connection.detach()) as client:
            client.send_message("Message 1:")
            while client.receive_message() != "exit":
                pass

    with scripted_server(script) as port:
        terminal = client_at(port, "messages")
        terminal.see(">")
        terminal.type("hello\r")
        terminal.see("sent 9 bytes to .*")
        terminal.type("exit\r")
        assert terminal.end() == 0


def test_our_client_works_with_a_message_socket_server() -> None:
    def script(connection: socket.socket) -> None:
        with MessageSocket(fileno=connection.detach()) as client:
            for text in client.messages():
                client.send_message(f"{len(text)} characters")

    with scripted_server(script) as port:
        end = run("messages", "--quiet", "--port", str(port), typed="привет\nab\n".encode())
    assert end.stdout.decode() == "6 characters\n2 characters\n"
    assert end.returncode == 0


def test_messages_appear_above_the_input_line(tmp_path: Path) -> None:
    with broadcast(tmp_path) as server:
        port = server.wait_for_port()
        with connect(port) as other:
            assert receive(other, 8) == b"CONNECT\n"
            terminal = client_at(port, "broadcast")
            terminal.see("CONNECT")
            terminal.type("half a line")
            terminal.see("> half a line")
            other.sendall(b"hello\n")
            terminal.see(r"Message from client \('127.0.0.1', \d+\): HELLO")
            terminal.see("> half a line")
            terminal.type("\r")
            terminal.see(r"Message from client .*: HALF A LINE")
            terminal.type("exit\r")
            assert terminal.end() == 0


def test_netcat_works(tmp_path: Path) -> None:
    # As `nc` does: whole lines, then a half-close at the end of input.
    with (
        messages(tmp_path, "--framing", "text") as server,
        connect(server.wait_for_port()) as client,
    ):
        client.sendall(b"one\ntwo\n")
        client.shutdown(socket.SHUT_WR)
        assert receive_all(client).decode().splitlines() == [
            "Message 1:",
            "Your message: ONE",
            "Message 2:",
            "Your message: TWO",
            "Message 3:",
        ]
