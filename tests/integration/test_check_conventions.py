"""What the checker says of servers that people judged otherwise, or otherwise each time."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
import pytest_twisted

from tests.processes import DEADLINE, ROOT
from tests.programs.checked import bench_for, correct
from twisted_lab.check.bench import Bench
from twisted_lab.check.outcomes import Failed
from twisted_lab.check.requirements import mistakes
from twisted_lab.check.scenarios.echo_server import ports
from twisted_lab.check.trials import start_server
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.trial import Trial

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

# It means to take another port, and tries the same one again and again.
_SAME_PORT = """import socket
server = socket.socket()
port = 9090
while True:
    try:
        server.bind(("", port))
        break
    except OSError:
        other = port + 1
server.listen()
"""

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

# Its console takes two words, which it does not tell.
_COMMANDS = """import socket
server = socket.socket()
server.bind(("", 9090))
while True:
    command = input("your command: ")
    if command == "off":
        break
    if command == "serve":
        server.listen()
    client, address = server.accept()
    while data := client.recv(1024):
        client.send(data)
"""

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

_TELLS_THE_LEAVING = (
    _LISTENS
    + """print("started", flush=True)
client, address = server.accept()
print("connected", address, flush=True)
while data := client.recv(1024):
    client.send(data)
print("disconnected", address, flush=True)
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
        pytest.param(_COMMANDS, "ES-11", "pass", "", id="commands"),
        pytest.param(_ONE_CLIENT, "ES-12", "not checked", "ES-11", id="does not go on"),
        pytest.param(_ONE_CLIENT, "ES-9", "not checked", "depends on ES-11", id="one client"),
        pytest.param(_NEEDS_A_WORD, "ES-2", "not offered", "nothing that sends", id="no echo"),
        pytest.param(
            _TELLS_THE_LEAVING,
            "ES-19",
            "weak",
            "only one line for them. The server does not report messages received and sent.",
            id="events are missing",
        ),
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


def impatient(folder: Path, source: str) -> Bench:
    """Return a bench that has no patience, as if the machine were busy."""
    (folder / "server.py").write_text(source)
    command = (sys.executable, "server.py")
    return replace(bench_for(next(iter(correct()))), command=command, folder=folder, patience=0.01)


@pytest.mark.long
@pytest_twisted.ensureDeferred
async def test_a_server_that_starts_slowly_is_waited_for(tmp_path: Path) -> None:
    trial = Trial(impatient(tmp_path, "import no_such_module\n"), "ES-1")
    with (
        closing(trial),
        patch.object(start_server, "_MOST_WAITS", 1000),
        pytest.raises(Failed) as caught,
    ):
        await ports.listens(trial, Manners())
    assert caught.value.mistake is mistakes.MISSING_MODULE


@pytest.mark.long
@pytest_twisted.ensureDeferred
async def test_a_server_that_tries_one_port_for_ever_fails_on_a_busy_machine(
    tmp_path: Path,
) -> None:
    bench = impatient(tmp_path, _SAME_PORT)
    trial = Trial(bench, "ES-17")
    bench.activity.lateness = 1.0
    with (
        closing(trial),
        patch.object(start_server, "START_SECONDS", 0.5),
        patch.object(start_server, "_MOST_WAITS", 1000),
        patch.object(ports, "START_SECONDS", 0.5),
        pytest.raises(Failed) as caught,
    ):
        await ports.takes_another_port(trial, Manners(port=9090))
    assert caught.value.note == "The server runs on and on, and opens no port."
    assert not bench.activity.is_late
