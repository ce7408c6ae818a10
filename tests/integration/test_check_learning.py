"""Learning the manners of real servers: its result, and its cost in starts."""

from __future__ import annotations

import struct
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_twisted

from tests.processes import ROOT
from tests.programs.checked import Program, bench_for
from twisted_lab.check.bench import Bench
from twisted_lab.check.outcomes import Failed, NotChecked
from twisted_lab.check.sandbox.sandbox import Sandbox
from twisted_lab.check.scenarios.authentication.logins import refuses_an_unknown_name
from twisted_lab.check.scenarios.authentication.storage import stores_no_plain_text
from twisted_lab.check.scenarios.echo_server import TASK
from twisted_lab.check.scenarios.length_header.messages import goes_both_ways
from twisted_lab.check.trials.learn_authentication import learn_authentication
from twisted_lab.check.trials.learn_identity import learn_identity
from twisted_lab.check.trials.learn_server import learn_server
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.trial import Trial

SERVERS = ROOT / "tests" / "checked" / "servers"
FEW = 9  # starts; common headers alone are eleven
# The kernel does not show how many bytes it is going to read.
SELECTS = """
import select, socket
listener = socket.create_server(("", 9090))
unread = {}
while True:
    for ready in select.select([listener, *unread], [], [])[0]:
        if ready is listener:
            unread[listener.accept()[0]] = b""
            continue
        data = ready.recv(4096)
        unread[ready] += data
        length = unread[ready][:10]
        if not data or not length.strip().isdigit():
            del unread[ready]
        elif len(unread[ready]) >= 10 + int(length):
            ready.sendall(unread.pop(ready))
            unread[ready] = b""
"""

SHOUTS = """
import socket
client = socket.create_server(("", 9090)).accept()[0]
while data := client.recv(1024):
    client.send({change})
"""

# Its exception leaves half a file, which the server cannot read when it starts again.
CRASHES = """
import json, os, socket
names = json.load(open("names.json")) if os.path.exists("names.json") else {}
server = socket.create_server(("", 9090))
while True:
    client, address = server.accept()
    client.send(b"What is your name?")
    names[address] = client.recv(1024).decode()
    json.dump(names, open("names.json", "w"))
    client.close()
"""

SERVES_ONE = """
import os, socket
server = socket.create_server(("", 9090))
client, address = server.accept()
client.sendall(b"Name:")
name = client.recv(1024)
client.sendall(b"Password:")
password = client.recv(1024)
known = open("users.txt", "rb") if os.path.exists("users.txt") else ()
users = dict(line.split() for line in known)
if users.get(name, password) != password:
    client.sendall(b"Wrong password")
else:
    open("users.txt", "ab").write(name + b" " + password + b"\\n")
    client.sendall(b"Welcome")
    client.sendall(client.recv(1024))
"""

LOOKS_UP = """
import socket
passwords = dict(line.strip().split(":") for line in open("passwords.txt"))
server = socket.create_server(("", 9090))
while True:
    client, address = server.accept()
    client.sendall(b"Login:")
    name = client.recv(1024).decode()
    client.sendall(b"Password:")
    if passwords[name] == client.recv(1024).decode():
        client.sendall(b"Welcome")
        client.sendall(client.recv(1024))
    else:
        client.sendall(b"Wrong password")
    client.close()
"""

# It understands the header, and fails at the answer.
CONCATENATES = """
import socket
server = socket.create_server(("", 9090))
while True:
    client, _ = server.accept()
    data = client.recv(int(client.recv(10)))
    client.sendall(str(len(data)).zfill(10) + data)
"""

# A client sends something else than it asks for: the exception names a part of it.
CALCULATES = """
import socket
server = socket.create_server(("", 9090))
while True:
    client, _ = server.accept()
    client.sendall(str(eval("_" + client.recv(1024).decode())).encode())
"""

# One recv() returns what is there, so a length of another byte order seems to be understood.
ONE_RECV = """
import socket, struct
server = socket.create_server(("", 9090))
while True:
    client, _ = server.accept()
    while header := client.recv(4):
        data = client.recv(struct.unpack("{reads}i", header)[0])
        client.sendall(struct.pack("<i", len(data)) + data)
"""


def counted(folder: Path, file: str) -> tuple[Bench, list[Path]]:
    """Return a bench for a server, and the folder once for each of its starts."""
    starts: list[Path] = []
    bench = bench_for(Program("", TASK, folder, (sys.executable, file)))

    def open_sandbox(folder: Path, command: Sequence[str]) -> Sandbox:
        starts.append(folder)
        return bench.open_sandbox(folder, command)

    return replace(bench, open_sandbox=open_sandbox), starts


@pytest_twisted.ensureDeferred
async def test_a_chat_of_which_one_client_hears_nothing_is_started_seldom() -> None:
    bench, starts = counted(SERVERS, "chat.py")
    assert not (await learn_server(bench)).is_echo
    assert len(starts) <= FEW


@pytest_twisted.ensureDeferred
async def test_a_header_is_found_though_the_kernel_does_not_show_it(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(SELECTS)
    bench, _ = counted(tmp_path, "server.py")
    manners = await learn_server(bench)
    assert manners.is_echo
    assert manners.framing.header(7) == b"0000000007"  # int() reads this one, too


@pytest_twisted.ensureDeferred
async def test_an_exception_that_ends_a_server_is_named(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(CRASHES)
    bench, _ = counted(tmp_path, "server.py")
    for learn in (learn_identity, learn_authentication):
        assert (crashed := (await learn(bench)).crashed)
        assert crashed.crash.startswith("TypeError: keys must be str")

    (tmp_path / "server.py").write_text(CONCATENATES)
    assert (await learn_server(bench)).crash.startswith("TypeError: can only concatenate str")


@pytest_twisted.ensureDeferred
async def test_a_server_that_ends_after_a_client_is_told(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(SERVES_ONE)
    bench, _ = counted(tmp_path, "server.py")
    manners = await learn_authentication(bench)
    assert manners.registers
    assert manners.behaviour[0] == "It ended after a client: status 0. The checker starts it again."


@pytest_twisted.ensureDeferred
async def test_a_user_of_a_file_is_known_and_an_unknown_one_ends_the_server(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(LOOKS_UP)
    (tmp_path / "passwords.txt").write_text("boris:qwerty\nanna:12345\n")
    bench, _ = counted(tmp_path, "server.py")
    manners = await learn_authentication(bench)
    assert manners.known
    assert manners.known.name == "boris"
    assert not manners.registers
    for scenario, seen in (
        (refuses_an_unknown_name, "KeyError"),
        (stores_no_plain_text, "plain text"),
    ):
        trial = Trial(bench, "AU")
        with pytest.raises(Failed, match=seen):
            await scenario(trial, manners)
        trial.close()


@pytest_twisted.ensureDeferred
async def test_upper_case_of_english_letters_alone_is_said(tmp_path: Path) -> None:
    line = "Only English letters become upper case"
    for change, is_said in ("data.upper()", True), ("data.decode().upper().encode()", False):
        (tmp_path / "server.py").write_text(SHOUTS.format(change=change))
        behaviour = (await learn_server(counted(tmp_path, "server.py")[0])).behaviour
        assert behaviour[0] == "It returns a text in upper case."
        assert any(each.startswith(line) for each in behaviour) == is_said


@pytest_twisted.ensureDeferred
async def test_an_exception_that_names_the_message_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(CALCULATES)
    bench, _ = counted(tmp_path, "server.py")
    manners = Manners(port=9090, crash="NameError: name '_abc' is not defined")
    trial = Trial(bench, "LN-2")
    with pytest.raises(NotChecked):
        await goes_both_ways(trial, manners)
    trial.close()


@pytest_twisted.ensureDeferred
async def test_what_recv_asks_for_shows_the_byte_order(tmp_path: Path) -> None:
    for reads in "<", ">":
        (tmp_path / "server.py").write_text(ONE_RECV.format(reads=reads))
        manners = await learn_server(counted(tmp_path, "server.py")[0])
        assert manners.framing.header(7) == struct.pack(f"{reads}i", 7)
        assert manners.reply.header(7) == struct.pack("<i", 7)


@pytest_twisted.ensureDeferred
async def test_a_header_is_padded_as_that_of_the_answers(tmp_path: Path) -> None:
    padded = (SERVERS.parent / "length_header" / "common.py").read_text()
    (tmp_path / "server.py").write_text(padded)
    manners = await learn_server(counted(tmp_path, "server.py")[0])
    assert manners.framing.header(7) == b"7         "
    assert manners.behaviour[0] == "It returns a text as it was."  # the header is no part of it
