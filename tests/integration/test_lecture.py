"""The lecture's clients and their transcripts, with `netlab --lecture`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import DEADLINE, ENVIRONMENT, NETLAB, Server, ports

CONNECT = """
import socket, sys
s = socket.socket()
s.connect(("127.0.0.1", int(sys.argv[1])))
"""

ECHO = """
s.send('hello, world!'.encode('utf-8'))
data = s.recv(1024)
s.close()
print(data)
"""

IDENT = """
str_recv = s.recv(1024)
print(str(str_recv))
str_send = input()
s.send(bytes(str_send, 'utf-8'))
str_recv = s.recv(1024)
print(str(str_recv))
s.close()
"""

MESSAGES = """
while True:
    str_recv = s.recv(1024)
    print(str(str_recv))
    str_send = input()
    s.send(bytes(str_send, 'utf-8'))
    if str_send == 'exit': break
    str_recv = s.recv(1024)
    print(str(str_recv))
s.close()
"""

# The lecture's client reads for ever; this one ends with its server.
BROADCAST = """
str_recv = s.recv(1024)
print(str(str_recv))
print('Сообщение для отправки клиентам: ')
str_send = input()
s.send(bytes(str_send, 'utf-8'))
while str_recv := s.recv(1024):
    print(str(str_recv))
s.close()
"""


class Client(subprocess.Popen[str]):
    """A client whose input is what the person has typed."""

    def __init__(self, program: str, port: int) -> None:
        super().__init__(
            [sys.executable, "-c", CONNECT + program, str(port)],
            env={**ENVIRONMENT, "PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def transcript(self, typed: str = "") -> list[str]:
        """Wait for its end, and return its output, which is without what was typed."""
        shown, _ = self.communicate(typed, DEADLINE)
        assert self.returncode == 0
        return shown.splitlines()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    # Messages far apart, so that each recv() returns one even on a busy machine.
    with Server(tmp_path, *NETLAB, "--lecture", "--pace", "300") as server:
        yield server


def test_the_echo(server: Server) -> None:
    assert Client(ECHO, ports(server)["echo"]).transcript() == ["b'HELLO, WORLD!'"]


def test_the_names_are_asked_for_each_time(server: Server, tmp_path: Path) -> None:
    port = ports(server)["ident"]
    for name in ("Alex", "Bob", "Anna"):
        assert Client(IDENT, port).transcript(f"{name}\n") == [
            """b"What's your name?\"""",
            f"""b"Hello, b'{name}'\"""",
        ]


def test_the_numbered_messages(server: Server) -> None:
    typed = "text1 TEXT2\nPython PyThOn\nText3 Text4\nexit\n"
    assert Client(MESSAGES, ports(server)["messages"]).transcript(typed) == [
        "b'Message 1:'",
        """b"Your messaget: B'TEXT1 TEXT2'\"""",
        "b'Message 2:'",
        """b"Your messaget: B'PYTHON PYTHON'\"""",
        "b'Message 3:'",
        """b"Your messaget: B'TEXT3 TEXT4'\"""",
        "b'Message 4:'",
    ]


def test_the_broadcast(server: Server) -> None:
    port = ports(server)["broadcast"]
    clients = [Client(BROADCAST, port) for _ in range(3)]
    said = []
    for number, client in enumerate(clients, 1):
        assert client.stdin is not None
        # The clients may connect in any order; their addresses show whose message it is.
        client.stdin.write(f"client {number}\n")
        client.stdin.flush()
        address = server.wait_for(r"received 8 bytes from 127\.0\.0\.1:(\d+)")[1]
        said.append(f"""b"Message from client ('127.0.0.1', {address}): B'CLIENT {number}'\"""")
    assert server.stop() == 0
    for number, client in enumerate(clients):
        expected = ["b'CONNECT'", "Сообщение для отправки клиентам: ", *said[number:]]
        assert client.transcript() == expected


def test_without_ident_s_database_nothing_is_stored(tmp_path: Path) -> None:
    only = ("--only", "echo,messages,ident,broadcast")
    with Server(tmp_path, *NETLAB, "--lecture", *only) as server:
        assert Client(IDENT, ports(server)["ident"]).transcript("Alex\n")[1:]
        assert server.stop() == 0
    assert not list(tmp_path.glob("netlab.sqlite3*"))
