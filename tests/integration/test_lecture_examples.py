"""The programs of examples/lecture, with each other, with our services and with our client."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients import run, scripted_server
from tests.processes import (
    DEADLINE,
    ENVIRONMENT,
    ROOT,
    Server,
    connect,
    line,
    receive,
    receive_all,
    send_until_full,
)

FOLDER = ROOT / "examples" / "lecture"
PAIRS = ("echo", "greeting", "messages", "broadcast")
SERVERS = ("server", "twisted")
SERVICES = {
    "echo": ("netlab-echo", "--upper"),
    "greeting": ("netlab-ident",),
    "messages": ("netlab-messages", "--framing", "text"),
    "broadcast": ("netlab-broadcast",),
}
TYPED = {
    "echo": "hello\nпривет, straße\n",
    "greeting": "Алекс\n",
    "messages": "text1 TEXT2\nпривет\nexit\n",
    "broadcast": "client 1\nпривет\n",
}
SHOWN = {
    "echo": "HELLO\nПРИВЕТ, STRASSE\n",
    "greeting": "What's your name?\nHello, Алекс\n",
    "messages": "Message 1:\nYour message: TEXT1 TEXT2\n"
    "Message 2:\nYour message: ПРИВЕТ\nMessage 3:\n",
    "broadcast": "CONNECT\nMessage from client ('127.0.0.1', PORT): CLIENT 1\n"
    "Message from client ('127.0.0.1', PORT): ПРИВЕТ\n",
}


def command(program: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, str(FOLDER / f"{program}.py"), *arguments)


def example_server(directory: Path, pair: str, kind: str) -> Server:
    return Server(directory, command=command(f"{pair}_{kind}", "127.0.0.1", "0"))


def program(
    name: str, *arguments: str, typed: str | bytes = ""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command(name, *arguments),
        input=typed.encode() if isinstance(typed, str) else typed,
        capture_output=True,
        env=ENVIRONMENT,
        timeout=DEADLINE,
        check=False,
    )


def client(pair: str, port: int, typed: str) -> str:
    """Run the client of a pair, and return what it shows, without the port of the sender."""
    end = program(f"{pair}_client", "127.0.0.1", str(port), typed=typed)
    assert (end.returncode, end.stderr) == (0, b"")
    return without_port(end.stdout.decode())


def without_port(text: str) -> str:
    head, comma, rest = text.partition("('127.0.0.1', ")
    return head + comma + rest.replace(rest.partition(")")[0], "PORT") if comma else text


every_server = pytest.mark.parametrize("kind", SERVERS)
every_pair = pytest.mark.parametrize("pair", PAIRS)


@every_pair
@every_server
def test_both_clients_with_each_server(tmp_path: Path, pair: str, kind: str) -> None:
    with example_server(tmp_path, pair, kind) as server:
        port = server.wait_for_port()
        assert client(pair, port, TYPED[pair]) == SHOWN[pair]

        service = {"greeting": "ident"}.get(pair, pair)
        framing = () if pair == "echo" else ("--framing", "text")
        ours = run(
            service,
            "--quiet",
            *("--host", "127.0.0.1", "--port", str(port)),
            *framing,
            typed=TYPED[pair].encode(),
        )
        assert (ours.returncode, ours.stderr) == (0, b"")
        assert without_port(ours.stdout.decode()) == SHOWN[pair]


@every_pair
def test_each_client_with_our_service(tmp_path: Path, pair: str) -> None:
    name, *options = SERVICES[pair]
    with Server(tmp_path, name, "--port", "0", "--interface", "127.0.0.1", *options) as server:
        port = server.wait_for_port()
        assert client(pair, port, TYPED[pair]) == SHOWN[pair]
        if pair == "greeting":  # It is known by now, and is not asked.
            assert client(pair, port, "") == "Hello, Алекс\n"


@every_server
def test_a_character_and_a_line_arrive_in_pieces(tmp_path: Path, kind: str) -> None:
    with example_server(tmp_path, "echo", kind) as server, connect(server.wait_for_port()) as peer:
        for byte in "да".encode():
            peer.sendall(bytes([byte]))
        assert receive(peer, 4).decode() == "ДА"
        peer.sendall("д".encode()[:1])
        peer.shutdown(socket.SHUT_WR)
        assert receive_all(peer).decode() == "\ufffd"
    with (
        example_server(tmp_path, "messages", kind) as server,
        connect(server.wait_for_port()) as peer,
    ):
        for byte in "да\r\n".encode():
            peer.sendall(bytes([byte]))
        assert [line(peer) for _ in range(3)] == [
            "Message 1:\n",
            "Your message: ДА\n",
            "Message 2:\n",
        ]
        peer.sendall(b"two\nlast")
        peer.shutdown(socket.SHUT_WR)
        answers = receive_all(peer).decode().splitlines()
        assert answers[0] == "Your message: TWO"
        assert answers[2] == "Your message: LAST"


@pytest.mark.parametrize("pair", ["greeting", "messages"])
@every_server
def test_the_last_answer_arrives_in_spite_of_further_input(
    tmp_path: Path, pair: str, kind: str
) -> None:
    with example_server(tmp_path, pair, kind) as server, connect(server.wait_for_port()) as peer:
        peer.sendall(b"one\nexit\n" + b"more\n" * 100_000)
        answers = receive_all(peer).decode().splitlines()
    last = {"greeting": "Hello, one", "messages": "Message 2:"}
    assert answers[-1] == last[pair]


@pytest.mark.parametrize("pair", ["echo", "messages", "broadcast"])
@every_server
def test_a_client_that_does_not_read_delays_no_other(tmp_path: Path, pair: str, kind: str) -> None:
    with example_server(tmp_path, pair, kind) as server:
        port = server.wait_for_port()
        with connect(port) as deaf:
            if pair != "broadcast":  # Its server drops this client when others say too much.
                send_until_full(deaf, b"line\n" * 10_000)
            assert client(pair, port, TYPED[pair]) == SHOWN[pair]


def test_a_broadcast_reaches_all_but_the_one_that_does_not_read(tmp_path: Path) -> None:
    said = "x" * 4000 + "\n"
    with example_server(tmp_path, "broadcast", "server") as server:
        port = server.wait_for_port()
        with connect(port) as deaf, connect(port) as first, connect(port) as second:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            assert (line(first), line(second)) == ("CONNECT\n", "CONNECT\n")
            with first.makefile() as heard, second.makefile() as heard_too:
                for _ in range(2500):  # 10 MB: more than the kernel takes for the deaf one
                    first.sendall(said.encode())
                    assert heard.readline() == heard_too.readline()
            server.wait_for(rf"does not read: .*{deaf.getsockname()[1]}")


@every_pair
@every_server
def test_a_server_ends_quietly(tmp_path: Path, pair: str, kind: str) -> None:
    with example_server(tmp_path, pair, kind) as server:
        port = server.wait_for_port()
        with connect(port) as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset
        busy = program(f"{pair}_{kind}", "127.0.0.1", str(port))
        assert busy.returncode == 1
        assert busy.stderr.startswith(f"127.0.0.1, port {port}: [Errno 98] Address".encode())
        assert busy.stderr.count(b"\n") == 1
        server.process.send_signal(signal.SIGINT)
        assert server.wait() == {"server": 130, "twisted": 0}[kind]
    assert not [text for text in server.lines if "Traceback" in text]


@every_pair
def test_a_clients_mistakes_are_one_line(pair: str, unused_port: int) -> None:
    name = f"{pair}_client"
    refused = program(name, "127.0.0.1", str(unused_port))
    assert refused.returncode == 1
    assert refused.stderr.endswith(b"Connection refused\n")
    for where in (("127.0.0.1", "70000"), ("192.168..5",)):
        end = program(name, *where)
        assert (end.returncode, end.stderr.count(b"\n")) == (1, 1)
    assert program(name, "localhost", "many").returncode == 2
    assert b"host" in program(name, "--help").stdout


def test_the_broadcast_client_ends_with_the_server_while_it_waits_for_the_keyboard() -> None:
    with scripted_server(lambda connection: connection.sendall(b"CONNECT\n\x1b[2Jbye\n")) as port:
        waiting = subprocess.Popen(
            command("broadcast_client", "127.0.0.1", str(port)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=ENVIRONMENT,
        )
        with waiting:
            assert waiting.stdout
            assert waiting.stdout.read().decode() == "CONNECT\n\ufffd[2Jbye\n"
            assert waiting.wait(DEADLINE) == 0


def test_the_echo_client_notices_that_the_server_has_closed() -> None:
    with scripted_server(lambda connection: None) as port:
        end = program("echo_client", "127.0.0.1", str(port), typed="hello\n")
    assert end.returncode == 1
    assert end.stderr.count(b"\n") == 1


@every_server
def test_a_line_after_a_long_one_stays_whole(tmp_path: Path, kind: str) -> None:
    with (
        example_server(tmp_path, "broadcast", kind) as server,
        connect(server.wait_for_port()) as peer,
    ):
        peer.sendall(b"x" * 4090 + b"\nhello, ")
        assert (line(peer), line(peer)[-4:]) == ("CONNECT\n", "XXX\n")
        peer.sendall(b"world\nlast")
        peer.shutdown(socket.SHUT_WR)
        answers = receive_all(peer).decode().splitlines()
        assert [answer.split(": ")[1] for answer in answers] == ["HELLO, WORLD", "LAST"]


@every_server
def test_a_piped_file_is_broadcast_whole(tmp_path: Path, kind: str) -> None:
    said = [f"line {number}" for number in range(20_000)]
    with example_server(tmp_path, "broadcast", kind) as server:
        port = str(server.wait_for_port())
        end = program("broadcast_client", "127.0.0.1", port, typed="\n".join(said))
    heard = end.stdout.decode().splitlines()[1:]
    assert [text.split(": ")[1].lower() for text in heard] == said


@every_server
def test_a_name_without_a_newline_is_greeted(tmp_path: Path, kind: str) -> None:
    with (
        example_server(tmp_path, "greeting", kind) as server,
        connect(server.wait_for_port()) as peer,
    ):
        peer.sendall(b"Alex")
        peer.shutdown(socket.SHUT_WR)
        assert receive_all(peer) == b"What's your name?\nHello, Alex\n"
