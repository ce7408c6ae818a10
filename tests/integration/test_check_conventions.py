"""What the checker says of servers that people judged otherwise, or otherwise each time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import DEADLINE, ROOT

_LISTENS = """import socket
server = socket.socket()
server.bind(("", 9090))
server.listen()
"""

# It ends a while after it has listened, with a status of 0.
_ENDS_AT_ONCE = (
    _LISTENS
    + """sum(range(6_000_000))
"""
)

# It asks an unknown client twice, and does not expect that it has left.
_ASKS_TWICE = (
    _LISTENS
    + """while True:
    client, address = server.accept()
    try:
        client.send(b"Your name?")
        name = client.recv(1024).decode()
    except ConnectionResetError:
        continue
    client.send(b"Your town?")
    town = client.recv(1024).decode()
    client.send(b"Hello")
    while data := client.recv(1024):
        print(data.decode())
"""
)

_ONE_CLIENT = (
    _LISTENS
    + """client, address = server.accept()
while data := client.recv(1024):
    client.send(data)
"""
)

# Its file has addresses and texts alone, and reaches the disk at the end.
_NO_WORDS = (
    _LISTENS
    + """visits = open("visits.txt", "w")
while True:
    client, address = server.accept()
    visits.write(address[0] + "\\n")
    while data := client.recv(1024):
        visits.write(data.decode() + ";")
        client.send(data)
"""
)

# A client that leaves in order ends it; an exception does not.
_AFTER_ERRORS = (
    _LISTENS
    + """while True:
    client, address = server.accept()
    try:
        while data := client.recv(1024):
            client.send(data)
        break
    except OSError:
        client.close()
"""
)

_NEEDS_A_WORD = (
    _LISTENS
    + """while True:
    client, address = server.accept()
    text = client.recv(1024).decode()
    if text.startswith("name"):
        name = text[4:]
    print(name, text)
"""
)

# The length in a segment of its own: bytes are read, and characters are told.
_COUNTS_CHARACTERS = (
    _LISTENS
    + """def hear(client):
    header = client.recv(1024).decode()
    return client.recv(int(header)).decode() if header else ""

def say(client, text):
    client.send(str(len(text)).encode())
    client.send(text.encode())

while True:
    client, address = server.accept()
    say(client, "Hello")
    while text := hear(client):
        say(client, text)
"""
)


@pytest.mark.long
@pytest.mark.parametrize(
    ("source", "key", "verdict", "words"),
    [
        pytest.param(_ENDS_AT_ONCE, "ES-1", "fail", "it ended with status 0", id="ends at once"),
        pytest.param(_ASKS_TWICE, "ES-13", "fail", "BrokenPipeError", id="asks twice"),
        pytest.param(_NO_WORDS, "ES-27", "weak", "only after", id="log without words"),
        pytest.param(_NO_WORDS, "ES-26", "pass", "", id="late log without words"),
        pytest.param(_AFTER_ERRORS, "ES-12", "pass", "", id="goes on after errors"),
        pytest.param(_ONE_CLIENT, "ES-12", "not checked", "ES-11", id="does not go on"),
        pytest.param(_ONE_CLIENT, "ES-9", "not checked", "depends on ES-11", id="one client"),
        pytest.param(_NEEDS_A_WORD, "ES-2", "not offered", "nothing that sends", id="no echo"),
        pytest.param(
            _COUNTS_CHARACTERS, "ES-9", "fail", "it counts characters", id="counts characters"
        ),
    ],
)
def test_a_server_is_judged_by_the_conventions(
    source: str, key: str, verdict: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / "server.py").write_text(source)
    options = ("--only", key, "--json", "-", "--folder", str(tmp_path))
    command = (sys.executable, "-m", "twisted_lab.check", "echo-server", *options)
    ended = subprocess.run(
        [*command, "--", sys.executable, "server.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    finding = next(each for each in json.loads(ended.stdout)["findings"] if each["id"] == key)
    assert finding["verdict"] == verdict, finding
    assert words in finding["note"]
