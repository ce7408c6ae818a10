"""Each kind of raw client against each service, with the setting that it needs.

docs/protocols.md has the same table: "Which setting for which client".
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from typing import NamedTuple

import pytest

from tests.processes import Server, ports, receive_all


class Dialogue(NamedTuple):
    """The first messages of a service, and its answers to each text."""

    greeting: list[str]
    turns: list[tuple[str, list[str]]]


# NAME is the client's own name.
DIALOGUES = {
    "echo": Dialogue([], [("one", ["one"]), ("два", ["два"])]),
    "messages": Dialogue(
        ["Message 1:"],
        [
            ("one", ["Your message: ONE", "Message 2:"]),
            ("два", ["Your message: ДВА", "Message 3:"]),
            ("exit", []),
        ],
    ),
    "ident": Dialogue(["What's your name?"], [("NAME", ["Hello, NAME"])]),
    "auth": Dialogue(
        ["Name or token?"],
        [
            ("NAME", ["New name. Choose a password:"]),
            ("open sesame", ["Repeat the password:"]),
            ("open sesame", ["Hello, NAME", "Token: ..."]),
            ("exit", []),
        ],
    ),
    "broadcast": Dialogue(
        ["CONNECT"],
        [
            ("one", ["Message from client (HERE): ONE"]),
            ("два", ["Message from client (HERE): ДВА"]),
        ],
    ),
}
# Far more than the 50 ms that a client needs, so that a busy machine does not join two messages.
APART = ("--pace", "400")


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., dict[str, int]]]:
    """Start all services once for each setting; return their ports."""
    running: dict[tuple[str, ...], dict[str, int]] = {}
    with ExitStack() as stack:

        def started(*setting: str) -> dict[str, int]:
            if setting not in running:
                options = ("--base-port", "0", "--interface", "127.0.0.1", *setting)
                server = Server(
                    tmp_path_factory.mktemp("lab"), "netlab", "--messages-framing", "text", *options
                )
                running[setting] = ports(stack.enter_context(server))
            return running[setting]

        yield started


_hosts = (f"127.0.2.{number}" for number in count(1))


class Client:
    """A blocking socket of an address that no service knows, and its conversation."""

    def __init__(self, port: int, service: str, name: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 60, (next(_hosts), 0))
        self._end = "" if service == "echo" else "\n"
        self._here = str(self.socket.getsockname())[1:-1]
        self._name = name
        dialogue = DIALOGUES[service]
        self.greeting = self._filled(dialogue.greeting)
        self.turns = [(self._fill(text), self._filled(said)) for text, said in dialogue.turns]
        self.texts = [text for text, _ in self.turns]
        self.all = "".join([*self.greeting, *(line for _, said in self.turns for line in said)])

    def _fill(self, text: str) -> str:
        return text.replace("NAME", self._name).replace("HERE", self._here)

    def _filled(self, messages: list[str]) -> list[str]:
        return [self._fill(text) + self._end for text in messages]

    def send(self, text: str) -> None:
        self.socket.sendall(text.encode())

    def receive(self) -> str:
        """Return the text of one recv()."""
        return without_token(self.socket.recv(1024))

    def receive_all(self, size: int) -> str:
        """Receive until a text of this size has arrived."""
        data = b""
        while len(without_token(data)) < size and (piece := self.socket.recv(1024)):
            data += piece
        return without_token(data)


def without_token(data: bytes) -> str:
    return re.sub("Token: .*", "Token: ...", data.decode(errors="replace"))


def alternate(client: Client) -> None:
    """One recv() and one input() in turn."""
    for text, answers in [("", client.greeting), *client.turns]:
        client.send(text)
        if answers:
            assert client.receive() == "".join(answers)


def prompt_twice(client: Client) -> None:
    """A recv() for each message."""
    for text, answers in [("", client.greeting), *client.turns]:
        client.send(text)
        for answer in answers:
            assert client.receive() == answer


def paste(client: Client) -> None:
    """All lines at once, the last one without a newline."""
    client.send("\n".join(client.texts))
    assert client.receive_all(len(client.all)).replace("\n", "") == client.all.replace("\n", "")


def pipe(client: Client) -> None:
    """All lines at once, and the end of the input."""
    client.send("".join(f"{text}\n" for text in client.texts))
    client.socket.shutdown(socket.SHUT_WR)
    got = without_token(receive_all(client.socket))
    assert got.replace("\n", "") == client.all.replace("\n", "")


def type_characters(client: Client) -> None:
    """Each key alone, and Enter."""
    client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for text in client.texts:
        for key in (*text, "\r\n"):
            client.send(key)
            time.sleep(0.06)  # longer than the short silence: these pauses are the test
    got = client.receive_all(len(client.all))
    assert re.sub(r"[\r\n]", "", got) == client.all.replace("\n", "")


def send_once(client: Client) -> None:
    """One text, and recv() until the end."""
    client.send(client.texts[0])
    answers = [*client.greeting, *client.turns[0][1]]
    assert without_token(receive_all(client.socket)) == "".join(answers)


ALL = tuple(DIALOGUES)
KINDS: list[tuple[Callable[[Client], None], tuple[str, ...], tuple[str, ...]]] = [
    (alternate, ALL, ()),
    (prompt_twice, ALL, APART),
    (paste, ALL, ()),
    (pipe, ALL, ()),
    (type_characters, ALL, ()),
    (send_once, ("echo",), ("--echo-once",)),
    (send_once, ("ident",), ()),
]


@pytest.mark.xdist_group("client kinds")
@pytest.mark.parametrize(
    ("kind", "service", "setting"),
    [
        pytest.param(kind, service, setting, id=f"{kind.__name__}-{service}")
        for kind, services, setting in KINDS
        for service in services
    ],
)
def test_a_client_gets_the_whole_dialogue(
    start: Callable[..., dict[str, int]],
    kind: Callable[[Client], None],
    service: str,
    setting: tuple[str, ...],
) -> None:
    client = Client(start(*setting)[service], service, kind.__name__.replace("_", ""))
    with client.socket:
        kind(client)
