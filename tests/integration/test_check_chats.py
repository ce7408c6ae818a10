"""Chat servers, checked for real."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_twisted

from tests.checked.udp_chat import manifest
from tests.programs.checked import ONE_IN, Program, bench_for, broken, correct, prepare
from twisted_lab.check.bench import LEAST_PATIENCE, Bench
from twisted_lab.check.outcomes import Failed, Info, NotOffered, Outcome, Weak
from twisted_lab.check.requirements.requirement import Mistake
from twisted_lab.check.requirements.udp_chat import (
    EXIT_ENDS_CHAT,
    KEPT_TWICE,
    MIXED_ADDRESS,
    OWN_MISTAKE,
    SENDS_TO_ITSELF,
)
from twisted_lab.check.scenarios.udp_chat import TASK
from twisted_lab.check.trials.chat_manners import ChatManners
from twisted_lab.check.trials.learn_chat import learn_chat
from twisted_lab.check.trials.trial import Trial

# Each has a way of its own to join; `make check-repeat` checks all.
CHOSEN = ("a command to join", "asks for the name", "asyncio and TCP", "Node")
TO_ITSELF = """
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("", 9090))
clients = set()
while True:
    data, (host, _) = server.recvfrom(1024)
    clients.add(host)
    for client in clients:
        server.sendto(data, (client, 9090))
"""
# Each ends with what it does with a text.
LOOP = """
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("", 9090))
clients = {}
while True:
    data, address = server.recvfrom(1024)
    """
ANSWERED = "print(data); server.sendto(input('Answer: ').encode(), address)"
RETURNED = "server.sendto(data, address)"
ONE_OF_EACH = """if clients.setdefault(address[0], address) != address:
        server.sendto(b"Your address is in use.", address)
        continue
    for each in clients.values():
        if each != address:
            server.sendto(data, each)"""
SILENT = """if address in clients and data != b"exit":
        for each in clients.keys() - {address}:
            server.sendto(data, each)
    clients[address] = True"""
BY_ONE_ADDRESS_TOO_OFTEN = """
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("", 9090))
clients = []
while True:
    data, address = server.recvfrom(1024)
    clients.append(address)
    for client in clients:
        if client != address:
            server.sendto(data, client)
"""
RELAYED = """clients[address] = True
    for each in clients.keys() - {address}:
        server.sendto(data, each)"""
ASKED = """if address not in clients:
        clients[address] = b""
        server.sendto(b"What is your name?", address)
    elif not clients[address]:
        clients[address] = data
    else:
        for each in clients.keys() - {address}:
            server.sendto(data, each)"""
ENDS_WITH_A_CLIENT = LOOP + "if data == b'exit': break\n    " + RELAYED
BY_PORT = TO_ITSELF.replace("(host, _)", "(_, host)").replace("(client, 9090)", "client")
MIXED = """
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("", 9090))
names = {}
while True:
    data, (host, port) = server.recvfrom(1024)
    if host in names:
        data = names[host] + b": " + data
    names.setdefault(host, data)
    for client in names:
        server.sendto(data, (client, port))
"""
FIXED_PORT = MIXED.replace("(client, port))", "(client, 9191))")
BROKEN = [each for each in broken() if each.task is TASK][::ONE_IN]


def named(name: str) -> Program:
    """Return a correct program, or skip the test if this machine cannot run it."""
    found = [each for each in correct() if each.name == f"{TASK.name}: {name}"]
    if not found:
        pytest.skip(f"{name} is not installed")
    return found[0]


async def judge(program: Program, key: str, manners: ChatManners | None = None) -> None:
    """Judge one requirement, once; learn the manners of the program unless they are given."""
    bench = bench_for(program)
    await judge_one(bench, key, manners or await learn_chat(bench))


async def judge_one(bench: Bench, key: str, manners: ChatManners) -> None:
    """Judge one requirement, once."""
    trial = Trial(bench, key)
    try:
        await TASK.scenarios[key](trial, manners)
    finally:
        trial.close()


@pytest_twisted.ensureDeferred
async def test_three_clients_hear_each_other(tmp_path: Path) -> None:
    await judge(prepare(named("UDP"), tmp_path / "x"), "UC-3")


@pytest.mark.long
@pytest.mark.parametrize("name", CHOSEN)
@pytest_twisted.ensureDeferred
async def test_correct_chats_are_not_blamed(name: str, tmp_path: Path) -> None:
    await judge(prepare(named(name), tmp_path / "x"), "UC-3")


@pytest.mark.long
@pytest.mark.parametrize(
    ("server", "key", "outcome", "mistake"),
    [
        (TO_ITSELF, "UC-2", Failed, SENDS_TO_ITSELF),
        (BY_PORT, "UC-2", Failed, OWN_MISTAKE),
        (MIXED, "UC-2", Failed, MIXED_ADDRESS),
        (FIXED_PORT, "UC-2", NotOffered, MIXED_ADDRESS),  # its own clients may listen there
        (BY_ONE_ADDRESS_TOO_OFTEN, "UC-3", Weak, KEPT_TWICE),
        (ENDS_WITH_A_CLIENT, "UC-10", Failed, EXIT_ENDS_CHAT),
    ],
)
@pytest_twisted.ensureDeferred
async def test_mistakes_with_addresses_are_told(
    server: str, key: str, outcome: type[Outcome], mistake: Mistake, tmp_path: Path
) -> None:
    (tmp_path / "server.py").write_text(server)
    program = replace(named("UDP"), folder=tmp_path, command=(sys.executable, "server.py"))
    bench = replace(bench_for(program), patience=LEAST_PATIENCE)
    with pytest.raises(outcome) as caught:
        await judge_one(bench, key, ChatManners())
    assert caught.value.mistake is mistake, caught.value.note


@pytest.mark.long
@pytest.mark.parametrize(
    ("body", "key", "opening", "outcome", "note"),
    [
        (ANSWERED, "UC-2", "", NotOffered, "waits for input on its terminal"),
        (RETURNED, "UC-2", "", NotOffered, "returns them to the client that sent them"),
        (ONE_OF_EACH, "UC-18", "{name}", NotOffered, "perhaps it takes one client of each address"),
        (RELAYED, "UC-5", "{name}", Weak, "1,000 bytes arrives whole, and one of 1,200 bytes does"),
        (RELAYED, "UC-6", "{name}", Info, "One side must add it: your server, or your client"),
        (ASKED, "UC-6", "{name}", Weak, "Clients 1 and 2 have told the server their names"),
        (
            SILENT,
            "UC-14",
            "{name}",
            Info,
            "joins, the others receive nothing. When a client leaves, the ",
        ),
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_is_seen_of_other_servers_is_told(
    body: str, key: str, opening: str, outcome: type[Outcome], note: str, tmp_path: Path
) -> None:
    (tmp_path / "server.py").write_text(LOOP + body)
    program = replace(named("UDP"), folder=tmp_path, command=(sys.executable, "server.py"))
    bench = replace(bench_for(program), patience=LEAST_PATIENCE)
    with pytest.raises(outcome) as caught:
        await judge_one(bench, key, ChatManners(opening=opening))
    assert note in caught.value.note


@pytest_twisted.ensureDeferred
async def test_a_chat_of_somebody_else_is_checked(tmp_path: Path) -> None:
    program = prepare(named("UDP"), tmp_path / "x")
    with subprocess.Popen(
        program.command, cwd=program.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as started:
        assert started.stdin
        assert started.stdout
        try:
            started.stdin.write(b"0\n")
            started.stdin.flush()
            port = int(started.stdout.readline().split()[-1])
            bench = replace(bench_for(program), address=("127.0.0.1", port))
            manners = await learn_chat(bench)
            assert manners.is_chat
            assert "UC-1" not in TASK.need_a_start
            await judge_one(bench, "UC-2", manners)
        finally:
            started.kill()


@pytest.mark.long
@pytest_twisted.ensureDeferred
async def test_a_chat_that_repeats_lost_texts_is_not_blamed(tmp_path: Path) -> None:
    program = prepare(named("texts are acknowledged"), tmp_path / "x")
    await judge(program, "UC-17", ChatManners(passes_on=True))


@pytest.mark.long
@pytest.mark.parametrize("name", manifest.NOT_OFFERED)
@pytest_twisted.ensureDeferred
async def test_a_format_of_its_own_is_not_blamed(name: str, tmp_path: Path) -> None:
    with pytest.raises(NotOffered):
        await judge(prepare(named(name), tmp_path / "x"), "UC-2", ChatManners())


@pytest.mark.long
@pytest.mark.parametrize("program", BROKEN, ids=lambda each: each.fails)
@pytest_twisted.ensureDeferred
async def test_broken_chats_fail_what_they_break(program: Program, tmp_path: Path) -> None:
    with pytest.raises(Failed):
        await judge(prepare(program, tmp_path / "x"), program.fails, ChatManners(passes_on=True))
